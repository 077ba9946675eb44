// How long to wait before trying again: twice as long each time, with jitter, so that many clients
// of a server that comes back do not come all at once. Used by one thread.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_BACKOFF_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_BACKOFF_H_

#include <algorithm>

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace marginalia {

class Backoff {
 public:
  Backoff(absl::Duration least, absl::Duration most) : least_(least), most_(most), next_(least) {}

  // Between half of what is due and all of it.
  absl::Duration Next() {
    const absl::Duration due = next_;
    next_ = std::min(2 * next_, most_);
    return due * absl::Uniform(random_, 0.5, 1.0);
  }
  void Reset() { next_ = least_; }

 private:
  const absl::Duration least_;
  const absl::Duration most_;
  absl::Duration next_;
  absl::BitGen random_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_BACKOFF_H_
