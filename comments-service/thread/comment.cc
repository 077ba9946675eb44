#include "comments-service/thread/comment.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "services/text/path_id.h"
#include "services/text/shown_name.h"
#include "services/text/utf8.h"
#include "services/text/uuid.h"

namespace marginalia {
namespace {

// A rule of services/text as a status.
absl::Status CheckedBy(const std::string& fault) {
  return fault.empty() ? absl::OkStatus() : absl::InvalidArgumentError(fault);
}

// What people write in their own lines.
absl::Status CheckText(std::string_view text, std::size_t characters_max, const char* too_long) {
  // A character has at most four bytes, so this much needs no counting.
  if (text.size() > 4 * characters_max ||
      CountCharacters(text, characters_max + 1) > characters_max) {
    return absl::InvalidArgumentError(too_long);
  }
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("must be valid UTF-8");
  if (text.find('\0') != text.npos) return absl::InvalidArgumentError("must not contain NUL");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckBody(std::string_view body) {
  absl::Status checked = CheckText(body, kBodyCharactersMax, "must be at most 10,000 characters");
  if (checked.ok() && IsBlank(body)) checked = absl::InvalidArgumentError("must not be blank");
  return checked;
}

absl::Status CheckInvoiceId(std::string_view invoice_id) {
  return CheckedBy(FaultOfPathId(invoice_id, kInvoiceIdCharactersMax));
}

absl::Status CheckUserId(std::string_view user_id) {
  if (user_id.empty()) return absl::InvalidArgumentError("is required");
  if (user_id.size() > kUserIdBytesMax) {
    return absl::InvalidArgumentError("must be at most 128 bytes");
  }
  return CheckedBy(FaultOfName(user_id, kUserIdBytesMax));
}

absl::Status CheckDisplayName(std::string_view display_name) {
  if (display_name.empty()) return absl::OkStatus();
  return CheckedBy(FaultOfName(display_name, kDisplayNameCharactersMax));
}

absl::Status CheckReason(std::string_view reason) {
  absl::Status checked = CheckText(reason, kReasonCharactersMax, "must be at most 500 characters");
  if (checked.ok() && !reason.empty() && IsBlank(reason)) {
    checked = absl::InvalidArgumentError("must show something, or be left out");
  }
  return checked;
}

absl::StatusOr<std::string> CanonicalCommentId(std::string_view comment_id) {
  if (comment_id.empty()) return absl::InvalidArgumentError("is required");
  if (std::optional<std::string> canonical = CanonicalUuid(comment_id))
    return *std::move(canonical);
  return absl::InvalidArgumentError("must be a UUID such as 018f4e2a-9c3b-7d10-8a55-0242ac120002");
}

absl::StatusOr<std::string> CanonicalNewId(std::string_view id) {
  absl::StatusOr<std::string> canonical = CanonicalCommentId(id);
  if (canonical.ok() && IsNilOrMaxUuid(*canonical)) {
    return absl::InvalidArgumentError(
        "must not be the nil or the max UUID, which anybody could have sent");
  }
  return canonical;
}

Author AuthorOf(const Caller& caller) { return Author{caller.user_id, caller.display_name}; }

absl::Time CreateTimeAfter(absl::Time previous, absl::Time now) {
  return std::max(previous + absl::Microseconds(1), absl::FromUnixMicros(absl::ToUnixMicros(now)));
}

absl::Status CheckImportTime(absl::Time previous, absl::Time time, absl::Time now) {
  if (time > now) return absl::InvalidArgumentError("must not be in the future");
  if (time < previous) {
    return absl::InvalidArgumentError("must not be before that of the comment in front of it");
  }
  return absl::OkStatus();
}

absl::Status CheckImportedChangeTime(absl::Time earliest, absl::Time time, absl::Time now) {
  if (time > now) return absl::InvalidArgumentError("must not be in the future");
  if (time < earliest) {
    return absl::InvalidArgumentError(
        "must not be before what it comes after: writing, last edit, removal, in that order");
  }
  if (time <= absl::UnixEpoch()) {
    return absl::InvalidArgumentError("must be after 1970-01-01T00:00:00Z");
  }
  return absl::OkStatus();
}

std::string CommentEtag(std::int64_t revision, bool removed, bool erased) {
  return absl::StrCat("c", revision, erased ? "e" : removed ? "r" : "");
}

bool IsReplay(const Comment& stored, const Comment& again) {
  return stored.invoice_id == again.invoice_id && stored.author.user_id == again.author.user_id &&
         (stored.erased || (stored.body == again.body && stored.mentions == again.mentions));
}

bool IsReplayOfImport(const Comment& stored, const Comment& again) {
  return IsReplay(stored, again) && stored.author == again.author &&
         stored.create_time == again.create_time;
}

}  // namespace marginalia
