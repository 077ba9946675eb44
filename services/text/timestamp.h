// google.protobuf.Timestamp and absl::Time. Pure, thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_TIMESTAMP_H_
#define MARGINALIA_SERVICES_TEXT_TIMESTAMP_H_

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>

#include "absl/time/time.h"

namespace marginalia {

// Of a valid timestamp: the years 1 to 9999.
inline absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

inline void SetTime(google::protobuf::Timestamp& timestamp, absl::Time time) {
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_TIMESTAMP_H_
