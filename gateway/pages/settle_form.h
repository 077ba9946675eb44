// What happens to the form in the thread's head, which settles the thread or opens it again, when
// it is sent without the page's script. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_SETTLE_FORM_H_
#define MARGINALIA_GATEWAY_PAGES_SETTLE_FORM_H_

#include "gateway/http/api_call.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class SettleForm {
 public:
  // Not owned; must outlive the calls.
  explicit SettleForm(Upstream& upstream) : upstream_(upstream) {}

  // Each leads to the page that shows it.
  void Resolve(ApiCall call);
  void Reopen(ApiCall call);
  // Whoever asks for the form's address is led to the page that has the form.
  void ShowPage(ApiCall call);

 private:
  Upstream& upstream_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_SETTLE_FORM_H_
