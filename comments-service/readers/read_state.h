// How far somebody has read a thread. A plain value.
#ifndef MARGINALIA_COMMENTS_SERVICE_READERS_READ_STATE_H_
#define MARGINALIA_COMMENTS_SERVICE_READERS_READ_STATE_H_

#include <cstdint>
#include <string>

namespace marginalia {

// Of how many of a thread's newest places it is told whether they are unread: so no thread is gone
// through, however long it is and however long ago it was read.
inline constexpr std::int64_t kUnreadPlacesMax = 100;

struct ReadState {
  std::string invoice_id;
  std::int64_t read_sequence = 0;
  std::int64_t newest_sequence = 0;
  // Among the newest kUnreadPlacesMax places: above the mark, of another author, not removed.
  std::int64_t unread_count = 0;
  // Whether a comment above the mark mentions him.
  bool mentioned = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_READERS_READ_STATE_H_
