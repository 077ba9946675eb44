// How a thread that works every now and then rests in between. Thread-safe.
#ifndef MARGINALIA_SERVICES_PROCESS_PAUSE_H_
#define MARGINALIA_SERVICES_PROCESS_PAUSE_H_

#include <stop_token>

#include "absl/time/time.h"

namespace marginalia {

// Waits for `time`, or until it is to stop. False: it is.
bool Pause(absl::Duration time, const std::stop_token& stop);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_PAUSE_H_
