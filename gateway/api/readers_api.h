// Read marks, and the people who can be mentioned. Thread-safe.
#ifndef MARGINALIA_GATEWAY_API_READERS_API_H_
#define MARGINALIA_GATEWAY_API_READERS_API_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class ReadersApi {
 public:
  // Not owned.
  explicit ReadersApi(Upstream& upstream) : upstream_(upstream) {}

  void MarkRead(ApiCall call);
  void FindPeople(ApiCall call);

 private:
  Upstream& upstream_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_READERS_API_H_
