// Changing what a thread says: editing and removing its comments, settling it and opening it again.
// Called on the io thread.
#ifndef MARGINALIA_GATEWAY_API_THREAD_API_H_
#define MARGINALIA_GATEWAY_API_THREAD_API_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class ThreadApi {
 public:
  // Not owned; must outlive the calls.
  explicit ThreadApi(Upstream& upstream) : upstream_(upstream) {}

  void Edit(ApiCall call);
  void Remove(ApiCall call);
  void ListRevisions(ApiCall call);
  void Resolve(ApiCall call);
  void Reopen(ApiCall call);

 private:
  Upstream& upstream_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_THREAD_API_H_
