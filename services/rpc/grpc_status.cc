#include "services/rpc/grpc_status.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "google/rpc/status.pb.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

constexpr char kErrorInfoType[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kInternalMessage[] = "internal error; quote the request id";
constexpr absl::Duration kRetryAfterUnreachable = absl::Milliseconds(100);

// The payloads in an order of their own: ErrorInfo first, then by name.
std::vector<std::pair<std::string, std::string>> DetailsOf(const absl::Status& status) {
  std::vector<std::pair<std::string, std::string>> details;
  status.ForEachPayload([&details](absl::string_view type, const absl::Cord& payload) {
    details.emplace_back(std::string(type), std::string(payload));
  });
  std::sort(details.begin(), details.end(), [](const auto& left, const auto& right) {
    const bool left_first = left.first == kErrorInfoType;
    const bool right_first = right.first == kErrorInfoType;
    return left_first != right_first ? left_first : left.first < right.first;
  });
  return details;
}

// What the transport itself says, in our vocabulary: its own messages name addresses.
absl::Status FromTransport(absl::StatusCode code, const std::string& message) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return Refusal(code, "UPSTREAM_UNAVAILABLE",
                     "a service that this one depends on cannot be reached; try again", {},
                     kRetryAfterUnreachable);
    case absl::StatusCode::kDeadlineExceeded:
      return Refusal(code, "DEADLINE_EXCEEDED", "the deadline passed before there was an answer");
    case absl::StatusCode::kCancelled:
      return Refusal(code, "CANCELLED", "the caller cancelled the call");
    default:
      return absl::Status(code, message);
  }
}

// Codes that mean the same whoever says them, so that they need no name to be shown.
bool EndsByItself(absl::StatusCode code) {
  return code == absl::StatusCode::kCancelled || code == absl::StatusCode::kDeadlineExceeded;
}

}  // namespace

bool IsForLogOnly(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return false;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return true;
    default:
      return ReasonOf(status).empty() && !EndsByItself(status.code());
  }
}

absl::Status PublicStatus(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  const bool shown_already = !reason.empty() && status.message() == kInternalMessage;
  if (IsForLogOnly(status) && !shown_already) {
    return Refusal(absl::StatusCode::kInternal, reason.empty() ? "INTERNAL" : reason,
                   kInternalMessage);
  }
  return status.ok() || !reason.empty() ? status : FromTransport(status.code(), "");
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const absl::Status shown = PublicStatus(status);
  google::rpc::Status rich;
  rich.set_code(static_cast<int>(shown.code()));
  rich.set_message(std::string(shown.message()));
  for (const auto& [type, payload] : DetailsOf(shown)) {
    google::protobuf::Any* detail = rich.add_details();
    detail->set_type_url(type);
    detail->set_value(payload);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(shown.code()), rich.message(),
                      rich.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  absl::Status result(code, status.error_message());
  google::rpc::Status rich;
  if (rich.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : rich.details()) {
      result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
    }
  }
  if (!ReasonOf(result).empty()) return result;
  return FromTransport(code == absl::StatusCode::kCancelled ? absl::StatusCode::kUnavailable : code,
                       status.error_message());
}

}  // namespace marginalia
