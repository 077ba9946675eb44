#include "services/errors/draining.h"

#include "absl/time/time.h"
#include "services/errors/errors.h"

namespace marginalia {

absl::Status Draining() {
  return Refusal(absl::StatusCode::kUnavailable, "DRAINING", "the server is going away: try again",
                 {}, absl::Seconds(1));
}

}  // namespace marginalia
