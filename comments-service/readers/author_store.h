// Who has written in a tenant, as rows: one for each author, and one for each key that finds him.
// Each function throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_READERS_AUTHOR_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_READERS_AUTHOR_STORE_H_

#include <string_view>
#include <vector>

#include "comments-service/thread/comment.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// Of different user_ids. Writes nothing of those who are known by this name already. On PostgreSQL
// it takes a few statements, however many they are.
void StoreAuthors(Connection& connection, std::string_view org_id,
                  const std::vector<Author>& authors);

// Up to `limit` authors with a key that begins with `prefix`, which is in lower case, in the order
// of the keys.
std::vector<Author> FindAuthors(Connection& connection, std::string_view org_id,
                                std::string_view prefix, int limit);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_READERS_AUTHOR_STORE_H_
