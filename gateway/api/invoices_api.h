// Reading invoices and their summaries. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_API_INVOICES_API_H_
#define MARGINALIA_GATEWAY_API_INVOICES_API_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class InvoicesApi {
 public:
  // Not owned; must outlive the calls.
  explicit InvoicesApi(Upstream& upstream) : upstream_(upstream) {}

  void Get(ApiCall call);
  void List(ApiCall call);

 private:
  Upstream& upstream_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_INVOICES_API_H_
