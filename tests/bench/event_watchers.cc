#include "tests/bench/event_watchers.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_callback.h>

#include <atomic>
#include <list>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "tests/bench/clock.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/need.h"

namespace marginalia::bench {
namespace {

using comments::v1::CommentsService;

struct Tally {
  std::atomic<std::int64_t> watching = 0;
  std::atomic<std::int64_t> events = 0;
  std::atomic<std::int64_t> ended = 0;
};

class Watch : public grpc::ClientReadReactor<comments::v1::WatchEventsResponse> {
 public:
  Watch(CommentsService::Stub& stub, const std::string& bearer, Tally& tally) : tally_(tally) {
    context_.AddMetadata("authorization", "Bearer " + bearer);
    stub.async()->WatchEvents(&context_, &request_, this);
    StartRead(&step_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (!seen_) ++tally_.watching;
    seen_ = true;
    tally_.events += step_.events_size();
    StartRead(&step_);
  }
  void OnDone(const grpc::Status&) override { ++tally_.ended; }

  Tally& tally_;
  grpc::ClientContext context_;
  comments::v1::WatchEventsRequest request_;
  comments::v1::WatchEventsResponse step_;
  bool seen_ = false;
};

}  // namespace

struct EventWatchers::State {
  Tally tally;
  std::vector<std::unique_ptr<CommentsService::Stub>> stubs;
  std::list<Watch> watches;
};

EventWatchers::EventWatchers(const std::string& address, const std::string& bearer, int count,
                             int connections)
    : state_(std::make_unique<State>()) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  for (int i = 0; i < connections; ++i) {
    state_->stubs.push_back(CommentsService::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
  for (int i = 0; i < count; ++i) {
    state_->watches.emplace_back(*state_->stubs[i % connections], bearer, state_->tally);
  }
}

EventWatchers::~EventWatchers() {
  for (Watch& watch : state_->watches) watch.Cancel();
  while (state_->tally.ended < static_cast<std::int64_t>(state_->watches.size())) {
    absl::SleepFor(absl::Milliseconds(10));
  }
}

void EventWatchers::WaitFor(std::int64_t events, absl::Duration longest) const {
  const Tally& tally = state_->tally;
  const std::int64_t until = NowNanos() + absl::ToInt64Nanoseconds(longest);
  const auto count = static_cast<std::int64_t>(state_->watches.size());
  while (tally.watching < count || tally.events < events) {
    Need(CheckInterrupt());
    if (tally.ended > 0) throw BarFailed(absl::StrCat(tally.ended.load(), " watches ended"));
    if (NowNanos() > until) {
      throw BarFailed(absl::StrCat(tally.watching.load(), " of ", count, " watch, and have seen ",
                                   tally.events.load(), " of ", events, " events"));
    }
    Pause(absl::Milliseconds(10));
  }
}

}  // namespace marginalia::bench
