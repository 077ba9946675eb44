// The audit log: one hash chain for each tenant, written in the transaction of what it records.
// Owned by main; takes part in every group, so Append is called on the writer thread only.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_LOG_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_LOG_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "absl/status/status.h"
#include "comments-service/record/audit_entry.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

// Where a tenant's chain ends; all zero while it has no entry.
struct AuditHead {
  // Also the number of the newest entry.
  std::int64_t entry_count = 0;
  // Of them, those that added no comment.
  std::int64_t change_count = 0;
  std::int64_t position = 0;
  std::string hash;
};

// The end of the tenant's chain as the connection's snapshot has it.
AuditHead ReadAuditHead(Connection& connection, std::string_view org_id);

// DATA_LOSS when the event log has a head and no entry is there, where each of its transactions
// leaves one and nothing ever removes it: the database is a copy that lacks rows.
absl::Status CheckAuditReachesHead(Database& database);

// What an entry's writer was told of it; nothing when there is none at `position`.
struct AuditMark {
  std::int64_t number = 0;
  std::string hash;
};
AuditMark ReadAuditMark(Connection& connection, std::string_view org_id, std::int64_t position);

class AuditLog : public GroupParticipant {
 public:
  // Chains the entry to its tenant's log in format 2, inside a write: sets its format, number and
  // hash, and the commitment to `name` (the author's of a comment, else the actor's). Positions
  // rise from call to call. `is_short`: it is stored as such (short_entry.h). `reason_salt`: of the
  // name that its reason commits to; empty when there is none.
  void Append(Connection& connection, AuditEntry& entry, std::string_view name, bool is_short,
              std::string_view reason_salt = {});

  // A write of the group is going to append to this tenant's log.
  void Expect(std::string_view org_id);

  void Begin(Connection& connection) override;
  void BeforeCommit(Connection& connection) override;
  void Committed() override;
  void RolledBack() override;

  // The position of the newest entry that this process has committed; 0 before the first. From any
  // thread.
  std::int64_t head() const { return head_.load(std::memory_order_relaxed); }

 private:
  // Of the tenants that the group writes to. Read anew by each group: on PostgreSQL another replica
  // may have written in between.
  struct GroupHead {
    AuditHead head;
    bool appended_to = false;
  };
  std::unordered_map<std::string, GroupHead> heads_;
  std::atomic<std::int64_t> head_ = 0;
  std::unordered_set<std::string> expected_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_LOG_H_
