// The comments of a stretch of the log as rows, with the salts that their commitments were made
// with: what VerifyAuditLog compares with the entries.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_CONTENTS_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_CONTENTS_STORE_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "comments-service/audit/audit_store.h"

namespace marginalia {

// Rows in memory at a time, each with a body of up to 10,000 characters.
inline constexpr std::size_t kContentRowsMax = 128;

// What the entry of a comment's newest change says; of no action when there is no such entry.
struct ChangeEntry {
  std::string action;
  std::string comment_id;
  std::string actor_id;
  std::string name_salt;
  std::string name_commitment;
  std::int64_t revision = 0;
  std::string content_commitment;
  std::string reason;
  std::int64_t create_time = 0;
};

// Salts and commitments are bytes, times microseconds since 1970.
struct StoredContent {
  std::int64_t position = 0;
  std::string comment_id;
  std::string invoice_id;
  std::string author_id;
  std::string author_name;
  // Of the entry that added it.
  std::string name_salt;
  std::string body;
  std::string body_salt;
  std::int64_t sequence = 0;
  // Of the comment before it in its thread; 0 when there is none.
  std::int64_t previous_position = 0;
  std::int64_t create_time = 0;
  std::int64_t revision = 0;
  std::int64_t edit_time = 0;
  std::int64_t removal_time = 0;
  std::string remover_id;
  std::string remover_name;
  std::string removal_reason;
  std::int64_t erased = 0;
  // 0: it never changed.
  std::int64_t change_position = 0;
  ChangeEntry change;
};

// Calls `visit` for each comment of the stretch that has an entry, in order, until it returns
// false. Throws what SOCI throws.
void ForEachContent(Connection& connection, const AuditStretch& stretch,
                    absl::FunctionRef<bool(const StoredContent&)> visit);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_CONTENTS_STORE_H_
