// A comment and the rules it must keep. Pure: no storage, no transport, no state. The message of a
// failed rule completes the sentence "<field> …"; the use case says which field it was.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
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
inline constexpr std::size_t kImportCommentsMax = 500;
inline constexpr std::size_t kReasonCharactersMax = 500;
inline constexpr std::size_t kMentionsMax = 20;

struct Author {
  std::string user_id;
  std::string display_name;

  friend bool operator==(const Author&, const Author&) = default;
};

// Who took a comment away, when and why.
struct Removal {
  // To the microsecond.
  absl::Time time;
  Author actor;
  std::string reason;

  friend bool operator==(const Removal&, const Removal&) = default;
};

struct Comment {
  std::string comment_id;
  std::string invoice_id;
  Author author;
  // Empty once it is removed.
  std::string body;
  // To the microsecond.
  absl::Time create_time;
  // 1, 2, 3 … within the thread.
  std::int64_t sequence = 0;
  // 1, 2, 3 …: one more with each edit.
  std::int64_t revision = 1;
  // Of the newest revision; of the first only when it had been edited before it was imported.
  std::optional<absl::Time> edit_time = std::nullopt;
  std::optional<Removal> removal = std::nullopt;
  // Removed, and its texts exist nowhere any more.
  bool erased = false;
  // The user_ids that it mentions, each in a line of its own: an id has no line's end in it.
  std::string mentions = {};

  friend bool operator==(const Comment&, const Comment&) = default;
};

// 1 to kBodyCharactersMax characters of valid UTF-8 without NUL, and something to see among them
// (services/text/utf8.h).
absl::Status CheckBody(std::string_view body);

// An id as services/text/path_id.h has it, of at most kInvoiceIdCharactersMax characters.
absl::Status CheckInvoiceId(std::string_view invoice_id);

// Names as services/text/shown_name.h has them: people see the id of whoever has no name.
absl::Status CheckUserId(std::string_view user_id);
absl::Status CheckDisplayName(std::string_view display_name);

// Of a removal or an erasure: at most kReasonCharactersMax characters of valid UTF-8 without NUL,
// and none at all rather than some that show nothing.
absl::Status CheckReason(std::string_view reason);

// The UUID (RFC 9562) in lower case, or why it is none.
absl::StatusOr<std::string> CanonicalCommentId(std::string_view comment_id);

// The same of an id that a caller chooses for a comment or a change that is new: neither the nil
// nor the max UUID. What is stored under one of these can still be named.
absl::StatusOr<std::string> CanonicalNewId(std::string_view id);

// Whom a comment of this caller shows as its author.
Author AuthorOf(const Caller& caller);

// The time of a comment accepted at `now` behind one of `previous`: to the microsecond, and always
// after the comment in front of it, whatever the clock does. While `previous` lies in the future,
// because a clock was ahead or ours was set back, each comment comes one microsecond after the one
// in front: the times of a thread stay in order, no two are the same, and they follow the clock
// again as soon as it has caught up. They cannot tell which of two clocks is wrong.
absl::Time CreateTimeAfter(absl::Time previous, absl::Time now);

// An imported comment brings its own time: not before the one in front of it, not in the future.
absl::Status CheckImportTime(absl::Time previous, absl::Time time, absl::Time now);

// The time of its edit, of its removal, or of its thread's closing: not before `earliest`, which is
// what it follows, not in the future, and after 1970 began, which stands for never.
absl::Status CheckImportedChangeTime(absl::Time earliest, absl::Time time, absl::Time now);

// Changes with every change of a comment, and is the same for the same state.
std::string CommentEtag(std::int64_t revision, bool removed, bool erased);
inline std::string EtagOf(const Comment& comment) {
  return CommentEtag(comment.revision, comment.removal.has_value(), comment.erased);
}

// Whether adding `again` repeats what was stored as `stored`, whose body and mentions are those of
// its first revision: the same invoice, author, body and mentions under the same id. An erased one
// is repeated by any: nobody knows any more what it said, and nothing is written either way.
bool IsReplay(const Comment& stored, const Comment& again);

// The same of an import, which brings the author's name and the time itself: they are part of what
// was stored, so with another name or time it is no repetition.
bool IsReplayOfImport(const Comment& stored, const Comment& again);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_H_
