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

void AnsweringThread::Give(std::vector<Answer> answers) {
  {
    const std::lock_guard lock(mutex_);
    std::move(answers.begin(), answers.end(), std::back_inserter(answers_));
  }
  changed_.notify_one();
}

void AnsweringThread::Work() {
  std::vector<Answer> answers;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !answers_.empty(); });
      if (answers_.empty()) return;
      answers.swap(answers_);
    }
    for (Answer& answer : answers) {
      answer.done(answer.status);
      given_.fetch_add(1, std::memory_order_relaxed);
    }
    answers.clear();
  }
}

}  // namespace marginalia
