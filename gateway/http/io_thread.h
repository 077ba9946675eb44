// The one thread on which all connections and streams of the gateway live, so that they need no
// locks. A second one would cost more than it gives: the upstream calls have threads of their own.
// Thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_IO_THREAD_H_
#define MARGINALIA_GATEWAY_HTTP_IO_THREAD_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace boost::asio {
class io_context;
}

namespace marginalia {

// Work that repeats until this is destroyed, which happens on the io thread.
class Repeating {
 public:
  virtual ~Repeating() = default;
};

class IoThread {
 public:
  // Starts the thread.
  IoThread();
  // Stops it. What is still posted by then is dropped.
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Runs `work` on the thread, after all that was posted before.
  void Post(absl::AnyInvocable<void()> work);

  // Runs `work` on the thread and returns when it is done. Never call it on the thread itself.
  void Run(absl::AnyInvocable<void()> work);

  // Runs `work` every `interval`. Called on the thread.
  std::unique_ptr<Repeating> Every(absl::Duration interval, absl::AnyInvocable<void()> work);

  boost::asio::io_context& context();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_IO_THREAD_H_
