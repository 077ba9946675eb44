// A comment and the rules it must keep. Pure: no storage, no transport, no state. The message of a
// failed rule completes the sentence "<field> …"; the use case says which field it was.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/identity/caller.h"

namespace marginalia {

inline constexpr std::size_t kBodyCharactersMax = 10'000;
inline constexpr std::size_t kInvoiceIdCharactersMax = 64;
inline constexpr std::size_t kUserIdBytesMax = 128;
inline constexpr std::size_t kDisplayNameCharactersMax = 200;
inline constexpr std::size_t kImportCommentsMax = 500;

struct Author {
  std::string user_id;
  std::string display_name;

  friend bool operator==(const Author&, const Author&) = default;
};

struct Comment {
  std::string comment_id;
  std::string invoice_id;
  Author author;
  std::string body;
  // To the microsecond.
  absl::Time create_time;
  // 1, 2, 3 … within the thread.
  std::int64_t sequence = 0;

  friend bool operator==(const Comment&, const Comment&) = default;
};

// 1 to kBodyCharactersMax characters of valid UTF-8 without NUL, not only white space (Unicode's
// White_Space).
absl::Status CheckBody(std::string_view body);

// 1 to kInvoiceIdCharactersMax characters of [A-Za-z0-9._:-].
absl::Status CheckInvoiceId(std::string_view invoice_id);

absl::Status CheckUserId(std::string_view user_id);
absl::Status CheckDisplayName(std::string_view display_name);

// The UUID (RFC 9562, any version) in lower case, or why it is none.
absl::StatusOr<std::string> CanonicalCommentId(std::string_view comment_id);

// A fresh UUIDv7: ids made one after the other land on neighbouring pages of the index.
std::string NewCommentId(absl::Time now);

// Whom a comment of this caller shows as its author.
Author AuthorOf(const Caller& caller);

// The time of a comment accepted at `now` behind one of `previous`: to the microsecond, and never
// before the comment in front of it, whatever the clock does.
absl::Time CreateTimeAfter(absl::Time previous, absl::Time now);

// An imported comment brings its own time: not before the one in front of it, not in the future.
absl::Status CheckImportTime(absl::Time previous, absl::Time time, absl::Time now);

// Whether adding `again` repeats what was stored as `stored`: the same invoice, author and body
// under the same id.
bool IsReplay(const Comment& stored, const Comment& again);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_H_
