// Keeps the stored inner nodes of all tenants' trees close behind their logs, and takes in the
// entries that are older than trees, both in bounded steps: what a step reads, it reads beside the
// writer, and the writer only inserts a few rows. Several processes may do so on one database. Owns
// a thread; main owns it.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_TREE_KEEPER_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_TREE_KEEPER_H_

#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "comments-service/audit/record_damage.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

inline constexpr absl::Duration kTreeKeeperInterval = absl::Seconds(1);

class TreeKeeper {
 public:
  // Looks at once, and then every `interval`, for trees that lack 256 leaves or more. What
  // of them is damaged is told once, by `damage`. All three must outlive it. Ends after the step
  // at hand.
  TreeKeeper(Database& database, GroupCommit& writes, RecordDamage& damage,
             absl::Duration interval = kTreeKeeperInterval);
  TreeKeeper(const TreeKeeper&) = delete;
  TreeKeeper& operator=(const TreeKeeper&) = delete;

 private:
  void Work(absl::Duration interval, const std::stop_token& stop);
  absl::Status KeepAll(const std::stop_token& stop);
  absl::Status Keep(const std::string& org_id, const std::stop_token& stop);
  // Whether there may be more to take in.
  absl::StatusOr<bool> Step(const std::string& org_id);

  Database& database_;
  GroupCommit& writes_;
  RecordDamage& damage_;
  // The tenants whose trees cannot grow. Of its thread.
  std::set<std::string> damaged_;
  std::jthread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_TREE_KEEPER_H_
