#include "tests/rpc/counted_replica.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"

namespace marginalia {

namespace api = comments::v1;

class CountedReplica::Service : public api::CommentsService::CallbackService {
 public:
  explicit Service(Answer answer) : answer_(std::move(answer)) {}

  grpc::ServerUnaryReactor* GetComment(grpc::CallbackServerContext* context,
                                       const api::GetCommentRequest*,
                                       api::GetCommentResponse*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const std::lock_guard lock(mutex_);
    ++calls_;
    connections_.insert(context->peer());
    if (holding_) {
      held_.push_back(reactor);
    } else {
      reactor->Finish(answer_(calls_));
    }
    return reactor;
  }

  void Hold() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }
  void Release(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    holding_ = false;
    for (grpc::ServerUnaryReactor* reactor : held_) reactor->Finish(status);
    held_.clear();
  }
  std::size_t held() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  int calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::size_t connections() {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

 private:
  const Answer answer_;
  std::mutex mutex_;
  int calls_ = 0;
  bool holding_ = false;
  std::set<std::string> connections_;
  std::vector<grpc::ServerUnaryReactor*> held_;
};

CountedReplica::CountedReplica(Answer answer, RpcServerOptions options)
    : options_(std::move(options)), service_(std::make_unique<Service>(std::move(answer))) {
  StartAgain();
}

CountedReplica::~CountedReplica() {
  Release();
  server_.reset();
}

int CountedReplica::calls() const { return service_->calls(); }
std::size_t CountedReplica::connections() const { return service_->connections(); }
void CountedReplica::Hold() { service_->Hold(); }
void CountedReplica::Release() { service_->Release(grpc::Status::OK); }
std::size_t CountedReplica::held() const { return service_->held(); }

void CountedReplica::Kill() {
  front_.Cut();
  // The server waits for its calls. Should this answer get through, it says what the cut says.
  service_->Release(grpc::Status(grpc::StatusCode::UNAVAILABLE, "killed"));
  server_.reset();
}

void CountedReplica::StartAgain() {
  auto started = RpcServer::Start(options_, {service_.get()});
  ASSERT_TRUE(started.ok()) << started.status();
  server_ = *std::move(started);
  front_.LeadTo(server_->address());
}

grpc::Status Get(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  PrepareCall(context, "", "", SteadyTime::Now() + absl::Seconds(30));
  api::GetCommentResponse response;
  return api::CommentsService::NewStub(channel)->GetComment(&context, {}, &response);
}

}  // namespace marginalia
