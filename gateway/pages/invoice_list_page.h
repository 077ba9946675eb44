// The list of the tenant's invoices. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_INVOICE_LIST_PAGE_H_
#define MARGINALIA_GATEWAY_PAGES_INVOICE_LIST_PAGE_H_

#include <memory>
#include <string>

#include "gateway/http/gate/api_call.h"
#include "gateway/pages/frame/template.h"
#include "gateway/pages/views/activity.h"
#include "gateway/upstream/invoice_list_query.h"
#include "gateway/upstream/unread.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class InvoiceListPage {
 public:
  // Not owned; must outlive the calls.
  explicit InvoiceListPage(Upstream& upstream) : upstream_(upstream) {}

  void Show(ApiCall call);
  // The site's front door leads here, and so does the address of the form that signs out.
  void ShowFromRoot(ApiCall call);

 private:
  struct Asked {
    InvoiceListQuery query;
    invoices::v1::ListInvoiceSummariesRequest request;
    std::string_view wanted_activity;
    // Why nothing can be searched for by that, for the person who wrote it; empty: it can.
    std::string search_fault;
  };

  // Asks for a page, again while there is nothing on it and there may be more.
  void Look(ApiCall call, std::unique_ptr<Asked> asked, int looks);
  void Render(ApiCall call, const Asked& asked,
              const invoices::v1::ListInvoiceSummariesResponse& found,
              const ReadStatesOfInvoices& read_states, const Activity& activity);

  Upstream& upstream_;
  const Template page_{"invoice_list_page"};
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_INVOICE_LIST_PAGE_H_
