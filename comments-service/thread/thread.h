// The state of a thread, as its rows have it. A plain value.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "comments-service/thread/comment.h"

namespace marginalia {

// Of a thread that nobody has written to all is as it begins.
struct Thread {
  // The sequence of the newest comment: removed ones keep their places.
  std::int64_t place_count = 0;
  // Of edits, removals, erasures, resolutions and reopenings: all but comments, whatever these were
  // imported as.
  std::int64_t change_count = 0;
  std::int64_t removed_count = 0;
  // Of the newest comment; InfinitePast while there is none.
  absl::Time last_comment_time = absl::InfinitePast();
  std::string last_author_name;
  bool resolved = false;
  // When it was last resolved or reopened, and by whom; InfinitePast while it never was.
  absl::Time state_time = absl::InfinitePast();
  Author state_actor;

  std::int64_t comment_count() const { return place_count - removed_count; }
  // Both numbers only grow and each change raises one of them: so adding a comment need not write
  // to the thread's row.
  std::int64_t revision() const { return place_count + change_count; }
  std::string etag() const { return absl::StrCat("t", revision()); }
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_H_
