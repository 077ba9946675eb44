// Whether the process lives, whether it is of use, and how to call the API and the services: what
// anyone may ask. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_API_HEALTH_API_H_
#define MARGINALIA_GATEWAY_API_HEALTH_API_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/live/event_stream.h"

namespace marginalia {

class HealthApi {
 public:
  // Not owned; must outlive the calls.
  explicit HealthApi(const EventStream& events) : events_(events) {}

  // 200 while the process can answer at all.
  void Live(ApiCall call);
  // 200 while comments-service is heard from and the process is to stay; else 503 with the reason.
  void Ready(ApiCall call);
  // The OpenAPI document.
  void Describe(ApiCall call);
  // The gRPC service config for clients of the services.
  void DescribeClients(ApiCall call);

  // From now on the process is not ready. On the io thread.
  void StartDraining() { draining_ = true; }

 private:
  const EventStream& events_;
  bool draining_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_HEALTH_API_H_
