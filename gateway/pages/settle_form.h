// What happens to the form in the thread's head, which settles the thread or opens it again, when
// it is sent without the page's script. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_SETTLE_FORM_H_
#define MARGINALIA_GATEWAY_PAGES_SETTLE_FORM_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/pages/invoice_page.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class SettleForm {
 public:
  // Neither is owned; both must outlive the calls.
  SettleForm(Upstream& upstream, InvoicePage& page) : upstream_(upstream), page_(page) {}

  // Each leads to the page that shows it; or shows the page again and says why it was not done, so
  // when somebody has written meanwhile.
  void Resolve(ApiCall call);
  void Reopen(ApiCall call);

 private:
  Upstream& upstream_;
  InvoicePage& page_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_SETTLE_FORM_H_
