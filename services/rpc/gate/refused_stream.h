// The reactor of a stream that is refused before it begins: it says so, late where that is due
// (late_refusals.h). Owned by gRPC: it deletes itself when done.
#ifndef MARGINALIA_SERVICES_RPC_GATE_REFUSED_STREAM_H_
#define MARGINALIA_SERVICES_RPC_GATE_REFUSED_STREAM_H_

#include "absl/status/status.h"
#include "services/rpc/gate/late_refusals.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {

// Reactor is what gRPC wants of the method.
template <class Reactor>
class RefusedStream : public Reactor {
 public:
  explicit RefusedStream(const absl::Status& refused) {
    LateRefusals::OfProcess().Tell(refused, [this, refused] { this->Finish(ToGrpc(refused)); });
  }
  void OnDone() override { delete this; }
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GATE_REFUSED_STREAM_H_
