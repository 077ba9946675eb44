// The error vocabulary of every service: an absl::Status that carries the details of the richer
// error model (google.rpc.ErrorInfo, BadRequest, RetryInfo) as payloads. Free of gRPC, so that use
// cases may speak it. Messages are for people, reasons for programs; SQL, paths and stack traces
// are for the log.
#ifndef MARGINALIA_SERVICES_ERRORS_ERRORS_H_
#define MARGINALIA_SERVICES_ERRORS_ERRORS_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace marginalia {

inline constexpr std::string_view kErrorDomain = "marginalia.dev";

using ErrorMetadata = std::vector<std::pair<std::string, std::string>>;

// A failure with a reason in UPPER_SNAKE_CASE. A positive `retry_after` adds RetryInfo.
absl::Status Refusal(absl::StatusCode code, std::string_view reason, std::string_view message,
                     ErrorMetadata metadata = {},
                     absl::Duration retry_after = absl::ZeroDuration());

// INVALID_ARGUMENT about one request field, as ErrorInfo and BadRequest. `field` is a path such as
// "comments[3].body"; `description` completes the sentence "<field> …".
absl::Status InvalidField(std::string_view field, std::string_view description,
                          std::string_view reason = "INVALID_FIELD");

// The same about several fields at once.
struct FieldViolation {
  std::string field;
  std::string description;
};
absl::Status InvalidFields(const std::vector<FieldViolation>& violations);

// OK stays OK; a failed `rule` becomes InvalidField(field, rule.message()).
absl::Status InField(std::string_view field, const absl::Status& rule);

// The status with one value more in the metadata of its ErrorInfo; unchanged when it carries none.
absl::Status WithErrorMetadata(absl::Status status, std::string_view key, std::string_view value);

// The status with the fields of its BadRequest renamed; its message stays.
absl::Status WithFieldNames(absl::Status status, std::string_view (*renamed)(std::string_view));

// The ErrorInfo reason of `status`, or "" when it carries none.
std::string ReasonOf(const absl::Status& status);
// One ErrorInfo metadata value, or "".
std::string ErrorMetadataOf(const absl::Status& status, std::string_view key);
// The RetryInfo delay, or zero when there is none.
absl::Duration RetryAfterOf(const absl::Status& status);
// The BadRequest violations, or none.
std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_ERRORS_ERRORS_H_
