// Whom comments mention, as rows by the mentioned: what finds "mentioning me". Written with the
// comment, inside its transaction. Throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_READERS_MENTION_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_READERS_MENTION_STORE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "services/storage/connection/connection.h"

namespace marginalia {

// Where a comment stands.
struct MentioningComment {
  std::string_view org_id;
  std::int64_t position = 0;
  std::string_view invoice_id;
  std::int64_t sequence = 0;
};

void InsertMentions(Connection& connection, const MentioningComment& comment,
                    const std::vector<std::string_view>& user_ids);
void DeleteMentions(Connection& connection, const MentioningComment& comment,
                    const std::vector<std::string_view>& user_ids);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_READERS_MENTION_STORE_H_
