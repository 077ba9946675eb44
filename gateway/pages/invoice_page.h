// The page of one invoice: its summary from one service beside its thread from the other. Either is
// shown without the other when the other cannot be had. With ?comment=ID it shows the part of the
// thread around that comment and marks it. Handlers are called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_INVOICE_PAGE_H_
#define MARGINALIA_GATEWAY_PAGES_INVOICE_PAGE_H_

#include <memory>
#include <string>

#include "gateway/http/gate/api_call.h"
#include "gateway/pages/forms/comment_draft.h"
#include "gateway/pages/frame/template.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

struct InvoicePageParts;

class InvoicePage {
 public:
  // Not owned; must outlive the calls.
  explicit InvoicePage(Upstream& upstream) : upstream_(upstream) {}

  void Show(ApiCall call);
  // Whoever asks for the address of one of its forms is led to the page.
  void ShowFromForm(ApiCall call);
  // The page again, from any thread, because a comment was not posted: under that status, with the
  // draft and its error in the form.
  void ShowAgain(ApiCall call, int status, CommentDraft draft);
  // The same because the thread was not settled or opened again: `error` says why.
  void ShowUnsettled(ApiCall call, int status, std::string error);
  // The summary alone, for the page's script.
  void ShowSummary(ApiCall call);

 private:
  // What a form on the page said before it is shown again.
  static std::unique_ptr<InvoicePageParts> PartsAgain(const ApiCall& call, int status);
  void LoadThread(ApiCall call, std::unique_ptr<InvoicePageParts> parts);
  void LoadInvoice(ApiCall call, std::unique_ptr<InvoicePageParts> parts);
  // To the invoice's own address, with all that was asked for.
  static void LeadOn(ApiCall call, const std::string& path);
  void LoadNextComment(ApiCall call, std::unique_ptr<InvoicePageParts> parts);
  void LoadReadState(ApiCall call, std::unique_ptr<InvoicePageParts> parts);
  void LoadSidebar(ApiCall call, std::unique_ptr<InvoicePageParts> parts);
  void Render(ApiCall call, const InvoicePageParts& parts);

  Upstream& upstream_;
  const Template page_{"invoice_page"};
  const Template fragment_{"summary_fragment"};
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_INVOICE_PAGE_H_
