#include "services/rpc/server/health.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/net/peer_name.h"

namespace marginalia {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

}  // namespace

// One watcher. All of it is guarded by the service's mutex and not by one of its own, because it
// may be gone as soon as Finish is called.
class HealthWatch : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  HealthWatch(HealthService& owner, std::string service, std::string host)
      : owner_(owner), service_(std::move(service)), host_(std::move(host)) {}

  const std::string& host() const { return host_; }

  // The rest with the owner's mutex held.
  void Step() {
    if (writing_ || finished_) return;
    const auto status = owner_.StatusOf(service_);
    if (sent_ != status && !cancelled_) {
      sent_ = status;
      writing_ = true;
      response_.set_status(status);
      StartWrite(&response_);
    } else if (owner_.ended_ || cancelled_) {
      End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is stopping"));
    }
  }

  void End(const grpc::Status& status) {
    finished_ = true;
    Finish(status);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(owner_.mutex_);
    writing_ = false;
    cancelled_ = cancelled_ || !ok;
    Step();
  }

  void OnCancel() override {
    const std::lock_guard lock(owner_.mutex_);
    cancelled_ = true;
    Step();
  }

  void OnDone() override {
    {
      const std::lock_guard lock(owner_.mutex_);
      owner_.watches_.erase(this);
    }
    delete this;
  }

 private:
  HealthService& owner_;
  const std::string service_;
  const std::string host_;
  HealthCheckResponse response_;
  int sent_ = -1;
  bool writing_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
};

void HealthService::SetServing(const std::string& service, bool serving) {
  const std::lock_guard lock(mutex_);
  statuses_[service] = serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
  for (HealthWatch* watch : watches_) watch->Step();
}

void HealthService::EndWatches() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  for (HealthWatch* watch : watches_) watch->Step();
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  const std::lock_guard lock(mutex_);
  const Status status = StatusOf(request->service());
  response->set_status(status);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(status == HealthCheckResponse::SERVICE_UNKNOWN
                      ? grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no such service")
                      : grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext* context, const HealthCheckRequest* request) {
  // Nobody needs a token to watch, so what is kept of it is little.
  const bool too_long = request->service().size() > kHealthServiceBytesMax;
  auto* watch = new HealthWatch(*this, too_long ? "" : request->service(), HostOf(context->peer()));
  const std::lock_guard lock(mutex_);
  if (too_long) {
    watch->End(
        grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                     absl::StrCat("service: is longer than ", kHealthServiceBytesMax, " bytes")));
    return watch;
  }
  if (!HasPlaceFor(watch->host())) {
    watch->End(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many health watchers"));
    return watch;
  }
  watches_.insert(watch);
  watch->Step();
  return watch;
}

bool HealthService::HasPlaceFor(const std::string& host) const {
  const auto of_host =
      std::count_if(watches_.begin(), watches_.end(),
                    [&host](const HealthWatch* watch) { return watch->host() == host; });
  return watches_.size() < kHealthWatchersMax &&
         static_cast<std::size_t>(of_host) < kHealthWatchersPerHostMax;
}

HealthService::Status HealthService::StatusOf(const std::string& service) const {
  const auto found = statuses_.find(service);
  return found == statuses_.end() ? HealthCheckResponse::SERVICE_UNKNOWN : found->second;
}

}  // namespace marginalia
