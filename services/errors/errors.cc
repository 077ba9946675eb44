#include "services/errors/errors.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"

namespace marginalia {
namespace {

constexpr char kErrorInfoType[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequestType[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kRetryInfoType[] = "type.googleapis.com/google.rpc.RetryInfo";
// An error goes out as trailers, of which gRPC's clients take 8 KiB and else tell their callers
// nothing of it. Violations stand in them thrice, of which twice in base64.
constexpr std::size_t kViolationBytesMax = 1536;

// The same detail is always the same bytes: the order in which a map is written else goes by
// chance, and two refusals that differ in nothing could be told apart.
template <typename Message>
void SetDetail(absl::Status& status, const char* type, const Message& detail) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    detail.SerializeToCodedStream(&out);
  }
  status.SetPayload(type, absl::Cord(bytes));
}

template <typename Message>
std::optional<Message> DetailOf(const absl::Status& status, const char* type) {
  const auto payload = status.GetPayload(type);
  Message detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

std::optional<google::rpc::ErrorInfo> ErrorInfoOf(const absl::Status& status) {
  return DetailOf<google::rpc::ErrorInfo>(status, kErrorInfoType);
}

}  // namespace

absl::Status Refusal(absl::StatusCode code, std::string_view reason, std::string_view message,
                     ErrorMetadata metadata, absl::Duration retry_after) {
  absl::Status status(code, absl::string_view(message.data(), message.size()));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(kErrorDomain));
  for (auto& [key, value] : metadata) (*info.mutable_metadata())[key] = std::move(value);
  SetDetail(status, kErrorInfoType, info);
  if (retry_after > absl::ZeroDuration()) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(
        absl::IDivDuration(retry_after, absl::Seconds(1), &retry_after));
    retry.mutable_retry_delay()->set_nanos(
        static_cast<std::int32_t>(absl::ToInt64Nanoseconds(retry_after)));
    SetDetail(status, kRetryInfoType, retry);
  }
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view description,
                          std::string_view reason) {
  std::string message(field);
  message += ' ';
  message += description;
  absl::Status status = Refusal(absl::StatusCode::kInvalidArgument, reason, message);
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
  SetDetail(status, kBadRequestType, bad);
  return status;
}

absl::Status InvalidFields(const std::vector<FieldViolation>& violations) {
  std::string message;
  google::rpc::BadRequest bad;
  for (const FieldViolation& each : violations) {
    const std::size_t bytes = each.field.size() + each.description.size();
    if (!message.empty() && message.size() + bytes > kViolationBytesMax) {
      const std::size_t told = static_cast<std::size_t>(bad.field_violations_size());
      message += "; and " + std::to_string(violations.size() - told) + " more";
      break;
    }
    if (!message.empty()) message += "; ";
    message += each.field + ' ' + each.description;
    auto* violation = bad.add_field_violations();
    violation->set_field(each.field);
    violation->set_description(each.description);
  }
  absl::Status status = Refusal(absl::StatusCode::kInvalidArgument, "INVALID_FIELD", message);
  SetDetail(status, kBadRequestType, bad);
  return status;
}

absl::Status InField(std::string_view field, const absl::Status& rule) {
  if (rule.ok()) return rule;
  return InvalidField(field, std::string(rule.message()));
}

absl::Status WithErrorMetadata(absl::Status status, std::string_view key, std::string_view value) {
  auto info = ErrorInfoOf(status);
  if (!info) return status;
  (*info->mutable_metadata())[std::string(key)] = std::string(value);
  SetDetail(status, kErrorInfoType, *info);
  return status;
}

absl::Status WithFieldNames(absl::Status status, std::string_view (*renamed)(std::string_view)) {
  auto bad = DetailOf<google::rpc::BadRequest>(status, kBadRequestType);
  if (!bad) return status;
  for (auto& each : *bad->mutable_field_violations()) {
    each.set_field(std::string(renamed(each.field())));
  }
  SetDetail(status, kBadRequestType, *bad);
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  return info ? info->reason() : "";
}

std::string ErrorMetadataOf(const absl::Status& status, std::string_view key) {
  const auto info = ErrorInfoOf(status);
  if (!info) return "";
  const auto found = info->metadata().find(std::string(key));
  return found == info->metadata().end() ? "" : found->second;
}

absl::Duration RetryAfterOf(const absl::Status& status) {
  const auto retry = DetailOf<google::rpc::RetryInfo>(status, kRetryInfoType);
  if (!retry) return absl::ZeroDuration();
  return absl::Seconds(retry->retry_delay().seconds()) +
         absl::Nanoseconds(retry->retry_delay().nanos());
}

std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  const auto bad = DetailOf<google::rpc::BadRequest>(status, kBadRequestType);
  if (!bad) return violations;
  for (const auto& each : bad->field_violations()) {
    violations.push_back({each.field(), each.description()});
  }
  return violations;
}

}  // namespace marginalia
