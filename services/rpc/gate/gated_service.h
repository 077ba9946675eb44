// What a service of raw methods (raw_message.h) is made from: each passes the gate, then its
// request is parsed, then it is served. RawService is the generated class with all methods raw.
#ifndef MARGINALIA_SERVICES_RPC_GATE_GATED_SERVICE_H_
#define MARGINALIA_SERVICES_RPC_GATE_GATED_SERVICE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "services/rpc/gate/gate.h"
#include "services/rpc/raw_message.h"
#include "services/rpc/shield/received_bytes.h"

namespace marginalia {

template <class Contract, class RawService>
class GatedService : public RawService {
 protected:
  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;
  using Reactor = grpc::ServerUnaryReactor;

  // The gate must outlive the service.
  explicit GatedService(Gate& gate) : gate_(gate) {}

  const GatedMethod& MethodOf(std::string_view name) const {
    return gate_.Method(std::string(Contract::service_full_name()).append("/").append(name));
  }

  // Passes the gate and parses, then lets `serve` answer the call.
  template <class Request, class Serve>
  UnaryCall* Handle(Context* context, const GatedMethod& method, const Bytes& bytes, Serve serve) {
    if (const std::size_t length = bytes.Length(); length >= kLargeMessageBytes) {
      LargeMessageCame(context->peer(), length);
    }
    UnaryCall* call = gate_.Open(context, method);
    if (!call->admitted()) return call;
    Request request;
    if (absl::Status parsed = ParseRequest(bytes, request); !parsed.ok()) {
      call->Answer(parsed);
    } else {
      serve(call, request);
    }
    return call;
  }

  Gate& gate() const { return gate_; }

 private:
  Gate& gate_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GATE_GATED_SERVICE_H_
