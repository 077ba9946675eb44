// The newest comments of all the tenant's invoices. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_API_ACTIVITY_API_H_
#define MARGINALIA_GATEWAY_API_ACTIVITY_API_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class ActivityApi {
 public:
  // Not owned; must outlive the calls.
  explicit ActivityApi(Upstream& upstream) : upstream_(upstream) {}

  void List(ApiCall call);

 private:
  Upstream& upstream_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_ACTIVITY_API_H_
