// A call upstream that no waiting request carries: in whose name it goes, and as part of what.
// Stands where an ApiCall does otherwise. Move-only; used by one thread at a time.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_ERRAND_H_
#define MARGINALIA_GATEWAY_UPSTREAM_ERRAND_H_

#include <string>
#include <string_view>
#include <utility>

#include "services/telemetry/trace.h"

namespace marginalia {

class Errand {
 public:
  // `bearer` is the token to forward.
  Errand(std::string bearer, std::string request_id, Trace trace)
      : bearer_(std::move(bearer)), request_id_(std::move(request_id)), trace_(std::move(trace)) {}
  Errand(Errand&&) noexcept = default;
  Errand& operator=(Errand&&) noexcept = default;

  std::string_view bearer() const { return bearer_; }
  const std::string& request_id() const { return request_id_; }
  const Trace& trace() const { return trace_; }

 private:
  std::string bearer_;
  std::string request_id_;
  Trace trace_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_ERRAND_H_
