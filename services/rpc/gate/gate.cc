#include "services/rpc/gate/gate.h"

#include <google/protobuf/descriptor.h>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "marginalia/access/v1/access.pb.h"
#include "services/errors/errors.h"
#include "services/net/peer_name.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/rpc/gate/late_refusals.h"
#include "services/rpc/gate/request_id.h"
#include "services/rpc/grpc_time.h"
#include "services/rpc/library.h"
#include "services/rpc/server/server.h"
#include "services/rpc/shield/connection_guard.h"
#include "services/rpc/trace_metadata.h"
#include "services/telemetry/metrics.h"

namespace marginalia {
namespace {

namespace rules = access::v1;

constexpr absl::Duration kRetryAfterFull = absl::Milliseconds(100);
constexpr std::string_view kBearerScheme = "bearer ";

static_assert(static_cast<int>(Role::kViewer) == rules::ROLE_VIEWER);
static_assert(static_cast<int>(Role::kMember) == rules::ROLE_MEMBER);
static_assert(static_cast<int>(Role::kAdmin) == rules::ROLE_ADMIN);
static_assert(static_cast<int>(Role::kService) == rules::ROLE_SERVICE);

std::string_view ViewOf(grpc::string_ref text) { return {text.data(), text.size()}; }

std::string RequestIdOf(const grpc::CallbackServerContext& context) {
  const auto found = context.client_metadata().find("x-request-id");
  if (found == context.client_metadata().end() || !IsRequestId(ViewOf(found->second))) {
    return NewRequestId();
  }
  return std::string(ViewOf(found->second));
}

// What follows "Bearer " (in any case, RFC 9110), or "".
std::string_view BearerIn(std::string_view header) {
  const std::string_view scheme = header.substr(0, kBearerScheme.size());
  const bool is_bearer =
      std::equal(scheme.begin(), scheme.end(), kBearerScheme.begin(), kBearerScheme.end(),
                 [](char given, char wanted) {
                   return (given >= 'A' && given <= 'Z' ? given + 32 : given) == wanted;
                 });
  return is_bearer ? header.substr(kBearerScheme.size()) : std::string_view();
}

std::string_view NameOf(int role) {
  switch (role) {
    case rules::ROLE_VIEWER:
      return "viewer";
    case rules::ROLE_MEMBER:
      return "member";
    case rules::ROLE_ADMIN:
      return "admin";
    default:
      return "service";
  }
}

absl::Status RoleTooLow(const GatedMethod& method, Role role) {
  // 0 names the role "service", the only one that may then call.
  std::string message = "this call needs the role ";
  message += NameOf(method.least_role);
  message += "; the token has ";
  message += NameOf(static_cast<int>(role));
  return Refusal(absl::StatusCode::kPermissionDenied, "ROLE_TOO_LOW", message,
                 {{"needed_role", std::string(NameOf(method.least_role))}});
}

absl::Status CheckAccess(const GatedMethod& method, const Caller& caller) {
  if (caller.role != Role::kService) {
    const bool enough =
        method.least_role != 0 && static_cast<int>(caller.role) >= method.least_role;
    return enough ? absl::OkStatus() : RoleTooLow(method, caller.role);
  }
  if (method.service_access == rules::SERVICE_ACCESS_UNSPECIFIED) {
    return RoleTooLow(method, caller.role);
  }
  const bool for_all = caller.acts_for_all_tenants();
  if (method.service_access == rules::SERVICE_ACCESS_ONE_TENANT && for_all) {
    return Refusal(absl::StatusCode::kPermissionDenied, "ORG_REQUIRED",
                   "a service calls this for one tenant: its token must have a claim org");
  }
  if (method.service_access == rules::SERVICE_ACCESS_ALL_TENANTS && !for_all) {
    return Refusal(absl::StatusCode::kPermissionDenied, "ALL_TENANTS_REQUIRED",
                   "this is done for all tenants at once: the token of the service that calls it "
                   "must have no claim org");
  }
  return absl::OkStatus();
}

bool CarriesOneOf(const std::vector<std::string>& names, const grpc::AuthContext& connection) {
  if (!connection.IsPeerAuthenticated()) return false;
  for (const char* property : {GRPC_X509_SAN_PROPERTY_NAME, GRPC_X509_CN_PROPERTY_NAME}) {
    for (const grpc::string_ref& name : connection.FindPropertyValues(property)) {
      if (std::find(names.begin(), names.end(), ViewOf(name)) != names.end()) return true;
    }
  }
  return false;
}

[[noreturn]] void EndProcess(std::string_view method, std::string_view why) {
  Log(Severity::kError, "the contract and the code do not fit",
      {{"method", method}, {"error", why}});
  FlushLog();
  std::_Exit(1);
}

const google::protobuf::MethodDescriptor& DescriptorOf(std::string_view full_name) {
  std::string dotted(full_name);
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  const google::protobuf::MethodDescriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(dotted);
  if (descriptor == nullptr) EndProcess(full_name, "there is no such RPC");
  return *descriptor;
}

absl::Status MetadataTooLarge(std::size_t bytes) {
  return Refusal(absl::StatusCode::kResourceExhausted, "METADATA_TOO_LARGE",
                 absl::StrCat("the call's metadata is too large: send at most ", kMetadataBytesMax,
                              " bytes, names, values and 32 for each counted"),
                 {{"bytes", absl::StrCat(bytes)}});
}

// As HTTP/2 counts a list of headers (RFC 9113, 6.5.2).
absl::Status CheckMetadata(const grpc::CallbackServerContext& context) {
  constexpr std::size_t kPerField = 32;
  std::size_t bytes = 0;
  for (const auto& [name, value] : context.client_metadata()) {
    bytes += name.size() + value.size() + kPerField;
  }
  return bytes <= kMetadataBytesMax ? absl::OkStatus() : MetadataTooLarge(bytes);
}

}  // namespace

Gate::Gate(GateOptions options, TokenVerifier& tokens, Metrics& metrics)
    : options_(std::move(options)),
      tokens_(tokens),
      metrics_(metrics),
      rates_(options_.rates),
      caller_calls_(options_.caller_calls_in_flight_max),
      caller_streams_(options_.caller_streams_in_flight_max) {
  for (const char* reason :
       {"TOKEN_MISSING", "TOKEN_INVALID", "ROLE_TOO_LOW", "ORG_REQUIRED", "ALL_TENANTS_REQUIRED",
        "CLIENT_NOT_ALLOWED", "TOO_MANY_CALLS", "TOO_MANY_WATCHERS", "RATE_LIMITED",
        "METADATA_TOO_LARGE", "TOO_MANY_BAD_TOKENS"}) {
    refusals_[reason] =
        metrics.AddCounter("marginalia_refusals_total", "Calls that the gate refused, by reason.",
                           {{"reason", reason}});
  }
  const auto add_gauge = [&metrics](const char* kind, std::shared_ptr<std::atomic<int>> count,
                                    int most) {
    metrics.AddGauge("marginalia_calls_in_flight_max", "Calls beyond so many are refused, by kind.",
                     {{"kind", kind}}, [most] { return static_cast<double>(most); });
    metrics.AddGauge("marginalia_calls_in_flight", "Calls open now, by kind.", {{"kind", kind}},
                     [count = std::move(count)] { return static_cast<double>(count->load()); });
  };
  add_gauge("unary", calls_in_flight_, options_.calls_in_flight_max);
  add_gauge("stream", streams_in_flight_, options_.streams_in_flight_max);
  metrics.AddCounter("marginalia_grpc_errors_total",
                     "Errors that the gRPC library has told, of which the log has a sample.", {},
                     [] { return static_cast<double>(LibraryErrors()); });
  connection_guard_ = std::make_unique<ConnectionGuard>(*metrics.AddCounter(
      "marginalia_connections_ended_total",
      "Connections whose client floods the process with calls that it resets or "
      "never ends."));
}

Gate::~Gate() = default;

const GatedMethod& Gate::Method(std::string_view full_name) {
  const std::lock_guard lock(mutex_);
  if (const auto known = methods_.find(full_name); known != methods_.end()) return known->second;
  const google::protobuf::MethodDescriptor& descriptor = DescriptorOf(full_name);
  if (!descriptor.options().HasExtension(rules::access)) {
    EndProcess(full_name, "the RPC has no access rule (marginalia.access.v1.access)");
  }
  const rules::Access& rule = descriptor.options().GetExtension(rules::access);
  return Add(descriptor, rule.least_role(), rule.service());
}

const GatedMethod& Gate::ForeignMethod(std::string_view full_name, Role least_role) {
  const std::lock_guard lock(mutex_);
  if (const auto known = methods_.find(full_name); known != methods_.end()) return known->second;
  return Add(DescriptorOf(full_name), static_cast<int>(least_role),
             rules::SERVICE_ACCESS_ONE_OR_ALL_TENANTS);
}

const GatedMethod& Gate::Add(const google::protobuf::MethodDescriptor& descriptor, int least_role,
                             int service_access) {
  GatedMethod method;
  method.full_name = absl::StrCat(descriptor.service()->full_name(), "/", descriptor.name());
  method.least_role = least_role;
  method.service_access = service_access;
  method.streaming = descriptor.server_streaming() || descriptor.client_streaming();
  method.metrics = metrics_.AddCall(descriptor.service()->full_name(), descriptor.name(),
                                    method.streaming ? "server_stream" : "unary");
  return methods_.emplace(method.full_name, std::move(method)).first->second;
}

UnaryCall* Gate::Open(grpc::CallbackServerContext* context, const GatedMethod& method) {
  auto* call = new UnaryCall;
  call->context_ = context;
  const absl::Status decision = Check(context, method, call->call_);
  call->admitted_ = decision.ok();
  if (decision.ok()) return call;
  if (LateRefusals::ComesLate(decision)) {
    // Nobody is kept out while it waits to be told.
    call->call_.place_->fetch_sub(1, std::memory_order_relaxed);
    call->call_.place_ = nullptr;
  }
  LateRefusals::OfProcess().Tell(decision, [call, decision] { call->Answer(decision); });
  return call;
}

absl::StatusOr<AdmittedCall> Gate::Admit(grpc::CallbackServerContext* context,
                                         const GatedMethod& method) {
  AdmittedCall call;
  const absl::Status decision = Check(context, method, call);
  if (decision.ok()) return call;
  call.Ended(decision);
  return WithErrorMetadata(decision, "request_id", call.request_id());
}

absl::Status Gate::Check(grpc::CallbackServerContext* context, const GatedMethod& method,
                         AdmittedCall& call) {
  call.Begin(method, RequestIdOf(*context), FromGrpcTime(context->raw_deadline()));
  call.trace_ = TraceOf(*context, options_.tracer);
  absl::Status decision = TakePlace(method, call);
  if (decision.ok()) decision = CheckMetadata(*context);
  if (decision.ok()) decision = Identify(context, call);
  if (decision.ok()) decision = CheckClient(*context, call.caller());
  if (decision.ok()) decision = CheckAccess(method, call.caller());
  if (decision.ok()) decision = TakeCallersPlace(method, call);
  if (decision.ok()) decision = rates_.Take(call.caller());
  if (decision.ok()) return decision;
  refusals_.find(ReasonOf(decision))->second->Add();
  return decision;
}

// Before anything that costs: it is what holds against a flood of calls that are reset at once.
absl::Status Gate::TakePlace(const GatedMethod& method, AdmittedCall& call) {
  const auto& open = method.streaming ? streams_in_flight_ : calls_in_flight_;
  const int most = method.streaming ? options_.streams_in_flight_max : options_.calls_in_flight_max;
  if (open->fetch_add(1, std::memory_order_relaxed) < most) {
    call.place_ = open;
    return absl::OkStatus();
  }
  open->fetch_sub(1, std::memory_order_relaxed);
  return method.streaming
             ? Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS",
                       "too many streams are open; try again shortly", {}, kRetryAfterFull)
             : Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_CALLS",
                       "too many calls are in flight; try again shortly", {}, kRetryAfterFull);
}

// Only once it is known who calls: nobody can take another's places.
absl::Status Gate::TakeCallersPlace(const GatedMethod& method, AdmittedCall& call) {
  call.caller_place_ = (method.streaming ? caller_streams_ : caller_calls_).Take(call.caller());
  if (call.caller_place_ != nullptr) return absl::OkStatus();
  return Refusal(absl::StatusCode::kResourceExhausted,
                 method.streaming ? "TOO_MANY_WATCHERS" : "TOO_MANY_CALLS",
                 method.streaming
                     ? "you have too many streams open; close one, or try again shortly"
                     : "you have too many calls in flight; try again shortly",
                 {{"limit", "caller"}}, kRetryAfterFull);
}

absl::Status Gate::Identify(grpc::CallbackServerContext* context, AdmittedCall& call) {
  const auto [first, last] = context->client_metadata().equal_range("authorization");
  const std::string_view bearer = first == last ? "" : BearerIn(ViewOf(first->second));
  if (bearer.empty() && tokens_.needs_token()) {
    return Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING",
                   "no bearer token; send metadata \"authorization: Bearer <token>\"");
  }
  if (first != last && std::next(first) != last) {
    return Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID",
                   "there is more than one \"authorization\"; send one");
  }
  auto token = Verify(*context, bearer);
  if (!token.ok()) return token.status();
  call.bearer_ = bearer;
  call.token_ = *std::move(token);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const VerifiedToken>> Gate::Verify(
    const grpc::CallbackServerContext& context, std::string_view bearer) {
  if (auto known = tokens_.Known(bearer); known.has_value()) return *std::move(known);
  const std::string peer = context.peer();
  const std::string host = HostOf(peer);
  if (const absl::Duration wait = token_failures_.Wait(host); wait > absl::ZeroDuration()) {
    return Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_BAD_TOKENS",
                   "too many tokens that are none came from this address: try again", {},
                   std::max(wait, kRetryAfterFull));
  }
  auto token = tokens_.Verify(bearer);
  if (!token.ok()) token_failures_.Spend(host);
  return token;
}

// A service's token alone is not enough where certificates are checked: it may have been stolen.
absl::Status Gate::CheckClient(const grpc::CallbackServerContext& context,
                               const Caller& caller) const {
  const std::vector<std::string>& names = options_.service_client_names;
  if (names.empty() || caller.role != Role::kService) return absl::OkStatus();
  if (CarriesOneOf(names, *context.auth_context())) return absl::OkStatus();
  return Refusal(absl::StatusCode::kPermissionDenied, "CLIENT_NOT_ALLOWED",
                 "the certificate of this connection is not that of a service known here");
}

}  // namespace marginalia
