// What happens to the form of the invoice page when it is sent without the page's script. Called on
// the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_COMMENT_FORM_H_
#define MARGINALIA_GATEWAY_PAGES_COMMENT_FORM_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/pages/invoice_page.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class CommentForm {
 public:
  // Neither is owned; both must outlive the calls.
  CommentForm(Upstream& upstream, InvoicePage& page) : upstream_(upstream), page_(page) {}

  // Adds the comment and leads to the page that shows it and counts it; or shows the page again,
  // with what was typed and why it was not taken.
  void Post(ApiCall call);

 private:
  Upstream& upstream_;
  InvoicePage& page_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_COMMENT_FORM_H_
