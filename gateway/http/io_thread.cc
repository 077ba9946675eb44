#include "gateway/http/io_thread.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <future>
#include <thread>
#include <utility>

namespace marginalia {
namespace {

namespace asio = boost::asio;

// Shared with its own timer handler, which may be queued when the owner lets go.
struct Repetition : std::enable_shared_from_this<Repetition> {
  Repetition(asio::io_context& context, absl::Duration interval, absl::AnyInvocable<void()> work)
      : timer(context), interval(absl::ToChronoNanoseconds(interval)), work(std::move(work)) {}

  void Schedule() {
    timer.expires_after(interval);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || self->ended) return;
      self->work();
      if (!self->ended) self->Schedule();
    });
  }

  asio::steady_timer timer;
  const std::chrono::nanoseconds interval;
  absl::AnyInvocable<void()> work;
  bool ended = false;
};

class RepeatingOnTimer : public Repeating {
 public:
  explicit RepeatingOnTimer(std::shared_ptr<Repetition> repetition)
      : repetition_(std::move(repetition)) {
    repetition_->Schedule();
  }
  ~RepeatingOnTimer() override {
    repetition_->ended = true;
    repetition_->timer.cancel();
  }

 private:
  std::shared_ptr<Repetition> repetition_;
};

}  // namespace

struct IoThread::State {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  std::thread thread;
};

IoThread::IoThread() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

IoThread::~IoThread() {
  state_->context.stop();
  state_->thread.join();
}

void IoThread::Post(absl::AnyInvocable<void()> work) {
  asio::post(state_->context, [work = std::move(work)]() mutable { work(); });
}

void IoThread::Run(absl::AnyInvocable<void()> work) {
  std::promise<void> done;
  Post([&work, &done] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

std::unique_ptr<Repeating> IoThread::Every(absl::Duration interval,
                                           absl::AnyInvocable<void()> work) {
  return std::make_unique<RepeatingOnTimer>(
      std::make_shared<Repetition>(state_->context, interval, std::move(work)));
}

asio::io_context& IoThread::context() { return state_->context; }

}  // namespace marginalia
