// Server reflection (grpc.reflection.v1 and v1alpha), by which grpcurl and buf learn the contract,
// for whoever has a token. Of our own, because gRPC's keeps a thread for each stream, asks nobody
// who he is and lets a stream say nothing for ever. Owned by main; thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_REFLECTION_REFLECTION_H_
#define MARGINALIA_SERVICES_RPC_REFLECTION_REFLECTION_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace marginalia {

class Gate;

// Of both versions together; further ones are refused with RESOURCE_EXHAUSTED, reason
// TOO_MANY_REFLECTION_STREAMS.
inline constexpr std::size_t kReflectionStreamsMax = 64;
// Of them one caller has at most so many; metadata `limit` = `caller` says that this is why.
inline constexpr std::ptrdiff_t kReflectionStreamsPerCallerMax = 8;
// A stream on which nobody asks for so long is ended.
inline constexpr absl::Duration kReflectionIdleMax = absl::Seconds(30);
// A question is a name.
inline constexpr std::size_t kReflectionNameBytesMax = 1024;

class Reflection {
 public:
  // `gate` must outlive it, and it the server. `service_names`: what is listed; health and
  // reflection are, too.
  Reflection(Gate& gate, std::vector<std::string> service_names,
             absl::Duration idle_max = kReflectionIdleMax);
  ~Reflection();

  // To be registered with the server.
  std::vector<grpc::Service*> services();

  // Ends all streams and refuses further ones: UNAVAILABLE, reason DRAINING.
  void End();

  std::size_t streams() const;

 private:
  class Streams;
  template <class Version>
  class Service;
  std::unique_ptr<Streams> streams_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_REFLECTION_REFLECTION_H_
