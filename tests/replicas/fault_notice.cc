#include "tests/replicas/fault_notice.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace marginalia {

void FaultNotice::Begin(std::string what, bool database_gone) {
  const std::lock_guard lock(mutex_);
  what_ = std::move(what);
  going_on_ = true;
  database_gone_ = database_gone;
  since_ = std::chrono::steady_clock::now();
}

void FaultNotice::End() {
  {
    const std::lock_guard lock(mutex_);
    going_on_ = false;
    database_gone_ = false;
    since_ = std::chrono::steady_clock::now();
  }
  changed_.notify_all();
}

std::string FaultNotice::Describe() const {
  const std::lock_guard lock(mutex_);
  const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - since_);
  return absl::StrCat("[", what_, going_on_ ? ", for " : ", over for ", ago.count(), " ms]");
}

bool FaultNotice::AwaitDatabase(std::chrono::seconds limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return !database_gone_; });
}

}  // namespace marginalia
