// Read marks as rows, and what follows from them. Each function runs one prepared statement on the
// connection that it is given; it throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_READERS_READ_MARK_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_READERS_READ_MARK_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/readers/read_state.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// One state for each id, in their order, in one statement.
std::vector<ReadState> ReadReadStates(Connection& connection, std::string_view org_id,
                                      std::string_view user_id,
                                      const std::vector<std::string>& invoice_ids);

// Moves the mark forward; one that is there or further on already stays.
void RaiseReadMark(Connection& connection, std::string_view org_id, std::string_view user_id,
                   std::string_view invoice_id, std::int64_t sequence);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_READERS_READ_MARK_STORE_H_
