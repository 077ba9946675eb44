// Finds who has written in a tenant by how a name begins. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_READERS_AUTHOR_SEARCH_H_
#define MARGINALIA_COMMENTS_SERVICE_READERS_AUTHOR_SEARCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "comments-service/call_context.h"
#include "comments-service/thread/comment.h"
#include "services/storage/database.h"

namespace marginalia {

inline constexpr int kFoundAuthorsDefault = 10;
inline constexpr int kFoundAuthorsMax = 20;

class AuthorSearch {
 public:
  // Not owned.
  explicit AuthorSearch(Database& database) : database_(database) {}

  // The name begins with `prefix` in letters of either case. page_size 0: kFoundAuthorsDefault.
  void Find(const CallContext& call, const std::string& prefix, std::int32_t page_size,
            Answer<std::vector<Author>> answer);

 private:
  Database& database_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_READERS_AUTHOR_SEARCH_H_
