// The gate that every RPC passes: admission, identity, role, request id, metrics and the request
// log. A function and not an interceptor, because a gRPC C++ server interceptor cannot veto a call.
// Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_GATE_GATE_H_
#define MARGINALIA_SERVICES_RPC_GATE_GATE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/identity/caller.h"
#include "services/identity/token_verifier.h"
#include "services/net/host_budget.h"
#include "services/process/stopwatch.h"
#include "services/rpc/gate/caller_places.h"
#include "services/rpc/gate/rate_limits.h"
#include "services/telemetry/trace.h"

namespace google::protobuf {
class MethodDescriptor;
}  // namespace google::protobuf

namespace marginalia {

// services/telemetry/metrics.h
class CallMetrics;
class Counter;
class Metrics;
// services/rpc/shield/connection_guard.h
class ConnectionGuard;

struct GateOptions {
  // Open unary calls beyond this are refused with RESOURCE_EXHAUSTED, reason TOO_MANY_CALLS.
  int calls_in_flight_max = 4096;
  // Open streams beyond this are refused with RESOURCE_EXHAUSTED, reason TOO_MANY_WATCHERS.
  int streams_in_flight_max = 4096;
  // The same for each caller: a person of a tenant, or a machine; metadata limit = caller.
  int caller_calls_in_flight_max = 1024;
  int caller_streams_in_flight_max = 1024;
  // Calls of a tenant or a person beyond this are refused with RESOURCE_EXHAUSTED, RATE_LIMITED.
  RateLimitOptions rates;
  // Not empty: a caller with the role service must come over a connection whose verified
  // certificate carries one of these names, as a subject alternative name or as its common name.
  // Others are refused with PERMISSION_DENIED, reason CLIENT_NOT_ALLOWED.
  std::vector<std::string> service_client_names;
  // Where the spans of calls go; null: none are recorded. Must outlive the gate and its calls.
  Tracer* tracer = nullptr;
};

// One RPC as the gate sees it, resolved once from the contract.
struct GatedMethod {
  std::string full_name;   // "marginalia.comments.v1.CommentsService/AddComment"
  int least_role = 0;      // marginalia.access.v1.Role; 0: no person
  int service_access = 0;  // marginalia.access.v1.ServiceAccess
  bool streaming = false;
  CallMetrics* metrics = nullptr;
};

// A call that passed the gate. Its end frees the admission slot and writes the request log line.
// Move-only; used by one thread at a time.
class AdmittedCall {
 public:
  AdmittedCall() = default;
  AdmittedCall(AdmittedCall&& other) noexcept;
  AdmittedCall& operator=(AdmittedCall&& other) noexcept;
  ~AdmittedCall();

  const Caller& caller() const { return token_->caller; }
  // When the caller's token expires: a stream must not outlive it.
  absl::Time token_expires() const { return token_->expires; }
  // 1 to 64 characters of [A-Za-z0-9._-]: the caller's x-request-id, or one made here.
  const std::string& request_id() const { return request_id_; }
  // What calls to other processes are a part of; see PartOf.
  const Trace& trace() const { return trace_; }
  // The raw bearer token, to forward the caller's own identity upstream. Never log it.
  std::string_view bearer() const { return bearer_; }
  // The call's deadline; SteadyTime::Never() when it has none.
  SteadyTime deadline() const { return deadline_; }

  // Records how the call ended; the destructor logs it. Without it the code is CANCELLED. Returns
  // what to answer: the status with the request id in its details and without what only the log may
  // know.
  grpc::Status Ended(const absl::Status& status);

 private:
  friend class Gate;
  friend class UnaryCall;
  void Begin(const GatedMethod& method, std::string request_id, SteadyTime deadline);
  void End();
  void WriteLogLine(std::int64_t took_nanos) const;

  const GatedMethod* method_ = nullptr;
  // The counter of open calls that this call has a place in; null when it was refused.
  std::shared_ptr<std::atomic<int>> place_;
  // That of its caller's; null until the caller has one. The gate's.
  std::atomic<int>* caller_place_ = nullptr;
  std::shared_ptr<const VerifiedToken> token_;
  std::string request_id_;
  Trace trace_;
  std::string_view bearer_;
  SteadyTime deadline_ = SteadyTime::Never();
  std::int64_t start_nanos_ = 0;
  absl::StatusCode code_ = absl::StatusCode::kCancelled;
  std::string reason_;
};

// The reactor of a unary call behind the gate. Owned by gRPC: it deletes itself when done.
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  // False: the gate has already answered; return the reactor and do nothing.
  bool admitted() const { return admitted_; }
  const AdmittedCall& call() const { return call_; }
  const Caller& caller() const { return call_.caller(); }
  // Whether the client has given the call up, its connection has ended or its deadline has passed.
  // It must be answered all the same. Valid until it is.
  const std::atomic<bool>& cancelled() const { return cancelled_; }
  // Answers. Call exactly once, from any thread.
  void Answer(const absl::Status& status);

 private:
  friend class Gate;
  void OnDone() override { delete this; }
  void OnCancel() override { cancelled_ = true; }
  // What OnDone does is short and never waits, so it runs where the call ends: gRPC would hand it
  // to another thread, which costs more than all of it.
  bool InternalInlineable() override { return true; }
  grpc::CallbackServerContext* context_ = nullptr;
  AdmittedCall call_;
  std::atomic<bool> cancelled_ = false;
  bool admitted_ = false;
};

class Gate {
 public:
  // Neither is owned; both must outlive the gate, and the gate its calls.
  Gate(GateOptions options, TokenVerifier& tokens, Metrics& metrics);
  ~Gate();

  // Reads the access rule from the contract. Ends the process with a clear message when the method
  // does not exist or has no rule. `full_name` is "package.Service/Method".
  const GatedMethod& Method(std::string_view full_name);
  // The same for a method of somebody else's contract, which has no rule of ours: for whoever has a
  // token, people from `least_role` on.
  const GatedMethod& ForeignMethod(std::string_view full_name, Role least_role);

  // Opens a unary call: never null. See UnaryCall::admitted.
  UnaryCall* Open(grpc::CallbackServerContext* context, const GatedMethod& method);

  // The same for a stream, whose reactor is the service's own. A refusal has been logged; answer it
  // with a RefusedStream.
  absl::StatusOr<AdmittedCall> Admit(grpc::CallbackServerContext* context,
                                     const GatedMethod& method);

  int calls_in_flight() const { return calls_in_flight_->load(std::memory_order_relaxed); }

 private:
  // Fills `call` in and decides.
  absl::Status Check(grpc::CallbackServerContext* context, const GatedMethod& method,
                     AdmittedCall& call);
  // With mutex_ held.
  const GatedMethod& Add(const google::protobuf::MethodDescriptor& descriptor, int least_role,
                         int service_access);
  absl::Status TakePlace(const GatedMethod& method, AdmittedCall& call);
  absl::Status Identify(grpc::CallbackServerContext* context, AdmittedCall& call);
  absl::StatusOr<std::shared_ptr<const VerifiedToken>> Verify(
      const grpc::CallbackServerContext& context, std::string_view bearer);
  absl::Status TakeCallersPlace(const GatedMethod& method, AdmittedCall& call);
  absl::Status CheckClient(const grpc::CallbackServerContext& context, const Caller& caller) const;

  GateOptions options_;
  TokenVerifier& tokens_;
  HostBudget token_failures_{kTokenFailuresPerSecond};
  Metrics& metrics_;
  RateLimits rates_;
  CallerPlaces caller_calls_;
  CallerPlaces caller_streams_;
  // Shared with the gauges, which outlive the gate.
  std::shared_ptr<std::atomic<int>> calls_in_flight_ = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::atomic<int>> streams_in_flight_ = std::make_shared<std::atomic<int>>(0);
  // By reason; filled by the constructor and only read after it.
  std::map<std::string, Counter*, std::less<>> refusals_;
  std::mutex mutex_;
  // A map: what Method returns must stay where it is.
  std::map<std::string, GatedMethod, std::less<>> methods_;
  // Of the calls that the gate cannot hold back, since gRPC makes them before it asks.
  std::unique_ptr<ConnectionGuard> connection_guard_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GATE_GATE_H_
