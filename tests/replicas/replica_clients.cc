#include "tests/replicas/replica_clients.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/rpc/library.h"

namespace marginalia {
namespace {

constexpr std::chrono::seconds kAttemptMax{10};
// When it was the database that was restarted, callers wait so long for it before they retry.
constexpr std::chrono::seconds kDatabaseBackMax{10};

constexpr int kReconnectFirstMs = 50;
constexpr int kReconnectMaxMs = 1'000;

// One replica's, which retries nothing by itself: the tests count the attempts.
std::shared_ptr<grpc::Channel> PlainChannel(const std::string& address) {
  PrepareLibraryOnce();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// A call that reaches a server which is shutting down may be answered CANCELLED by gRPC itself.
bool MayRetry(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         (status.error_code() == grpc::StatusCode::CANCELLED && status.error_details().empty());
}

// 0: the connection was refused or cut.
bool MayRetry(const HttpAnswer& answer) { return answer.status == 0 || answer.status == 503; }

std::string Describe(const grpc::Status& status) {
  return absl::StrCat(static_cast<int>(status.error_code()), " ", status.error_message());
}

std::string Describe(const HttpAnswer& answer) {
  return absl::StrCat(answer.status, " ", answer.body);
}

class Stopwatch {
 public:
  std::string Elapsed() const {
    return absl::StrCat(std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::steady_clock::now() - begun_)
                            .count(),
                        " ms");
  }

 private:
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace

void PrepareFor(grpc::ClientContext& context, const std::string& token,
                std::chrono::milliseconds limit, bool wait_for_ready) {
  context.AddMetadata("authorization", "Bearer " + token);
  context.set_deadline(std::chrono::system_clock::now() + limit);
  context.set_wait_for_ready(wait_for_ready);
}

ReplicaClients::ReplicaClients(ReplicaSet& replicas, const FaultNotice& notice) : notice_(notice) {
  for (const auto& replica : replicas.comments()) {
    comments_.push_back(comments::v1::CommentsService::NewStub(PlainChannel(replica->address())));
  }
  for (const auto& replica : replicas.invoices()) {
    invoices_.push_back(invoices::v1::InvoicesService::NewStub(PlainChannel(replica->address())));
  }
  for (const auto& replica : replicas.gateways()) gateways_.push_back(replica->address());
}

bool ReplicaClients::Attempt(std::string_view what, std::size_t replica, const std::string& token,
                             const Call& call) const {
  const Stopwatch first_watch;
  grpc::ClientContext first_context;
  PrepareFor(first_context, token, kAttemptMax, /*wait_for_ready=*/false);
  const grpc::Status first = call(replica, first_context);
  if (first.ok()) return true;
  const std::string first_took = absl::StrCat(first_watch.Elapsed(), " ", notice_.Describe());
  if (MayRetry(first) && notice_.AwaitDatabase(kDatabaseBackMax)) {
    const Stopwatch watch;
    grpc::ClientContext context;
    PrepareFor(context, token, kAttemptMax, /*wait_for_ready=*/true);
    const grpc::Status second = call(replica + 1, context);
    if (second.ok()) return true;
    ADD_FAILURE() << what << " failed twice, at " << replica << ": " << Describe(first) << " after "
                  << first_took << "; then: " << Describe(second) << " after " << watch.Elapsed()
                  << " " << notice_.Describe();
    return false;
  }
  ADD_FAILURE() << what << " failed at " << replica << ": " << Describe(first) << " after "
                << first_took;
  return false;
}

HttpAnswer ReplicaClients::CallGateway(std::string_view what, std::size_t gateway,
                                       std::vector<std::unique_ptr<HttpClient>>& clients,
                                       const Ask& ask) const {
  const Stopwatch first_watch;
  const HttpAnswer first = ask(*clients[gateway % clients.size()]);
  if (first.status / 100 == 2) return first;
  const std::string first_took = absl::StrCat(first_watch.Elapsed(), " ", notice_.Describe());
  if (MayRetry(first) && notice_.AwaitDatabase(kDatabaseBackMax)) {
    const Stopwatch watch;
    HttpAnswer second = ask(*clients[(gateway + 1) % clients.size()]);
    if (second.status / 100 == 2) return second;
    ADD_FAILURE() << what << " failed twice, at gateway " << gateway << ": " << Describe(first)
                  << " after " << first_took << "; then: " << Describe(second) << " after "
                  << watch.Elapsed() << " " << notice_.Describe();
    return {};
  }
  ADD_FAILURE() << what << " failed at gateway " << gateway << ": " << Describe(first) << " after "
                << first_took;
  return {};
}

std::vector<std::unique_ptr<HttpClient>> ReplicaClients::HttpClients() const {
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (const std::string& address : gateways_) {
    clients.push_back(std::make_unique<HttpClient>(address));
  }
  return clients;
}

}  // namespace marginalia
