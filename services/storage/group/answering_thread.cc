#include "services/storage/group/answering_thread.h"

#include <iterator>
#include <utility>

namespace marginalia {

AnsweringThread::AnsweringThread() : thread_([this] { Work(); }) {}

AnsweringThread::~AnsweringThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void AnsweringThread::Give(std::vector<Completion> completions) {
  {
    const std::lock_guard lock(mutex_);
    std::move(completions.begin(), completions.end(), std::back_inserter(completions_));
  }
  changed_.notify_one();
}

void AnsweringThread::Work() {
  std::vector<Completion> completions;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !completions_.empty(); });
      if (completions_.empty()) return;
      completions.swap(completions_);
    }
    for (Completion& completion : completions) {
      completion.done(completion.status);
      given_.fetch_add(1, std::memory_order_relaxed);
    }
    completions.clear();
  }
}

}  // namespace marginalia
