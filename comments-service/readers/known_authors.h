// Whom the writer knows to be stored as an author: so that adding a comment costs nothing more for
// those who have written before. Owned by CommentWriter; writer thread only.
#ifndef MARGINALIA_COMMENTS_SERVICE_READERS_KNOWN_AUTHORS_H_
#define MARGINALIA_COMMENTS_SERVICE_READERS_KNOWN_AUTHORS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "comments-service/thread/comment.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// About 3 MiB.
inline constexpr std::size_t kKnownAuthorsMax = 10'000;

class KnownAuthors {
 public:
  // Stores the authors unless they are known by these names; of several names of one of them the
  // last stays.
  void Learn(Connection& connection, std::string_view org_id,
             const std::vector<const Author*>& authors);
  void Learn(Connection& connection, std::string_view org_id, const Author& author);
  // What was stored since may not have come to stay.
  void Forget() { names_.clear(); }

 private:
  bool Knows(std::string_view org_id, const Author& author) const;

  // By tenant and user.
  std::unordered_map<std::string, std::string> names_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_READERS_KNOWN_AUTHORS_H_
