// One verification of a tenant's record, step by step: each step is a bounded part, in a snapshot
// of its own, and what is kept between steps is bounded, too (ThreadFollower says how). Owned by
// AuditVerifier; used by one thread at a time.
//
// It first goes along the log, entry by entry, and compares each with the rows that it tells of:
// so everything that an entry says must be there. Then it goes along the rows: so there is nothing
// that no entry tells of (audit/README.md has the exception). While it goes, others write: each
// step first catches up with what has been appended since, so that what it then compares is of one
// moment.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_VERIFICATION_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_VERIFICATION_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/audit/audit_log.h"
#include "comments-service/verification/event_check.h"
#include "comments-service/verification/finding.h"
#include "comments-service/verification/log_rows.h"
#include "comments-service/verification/thread_follower.h"
#include "comments-service/verification/thread_rows.h"
#include "comments-service/verification/tree_check.h"

namespace marginalia {

// Rows that a step looks at, each with a text or an event of up to 10,000 characters; of a
// comment's revisions all, so that they may be more than these when there are many of one.
inline constexpr std::int64_t kVerifyStepRows = 256;
// Rows of a step that looks at no texts.
inline constexpr std::int64_t kVerifyStepKeys = 2000;

struct AuditVerdict {
  std::int64_t entry_count = 0;
  std::string head_hash;
  // 0: the log is intact.
  std::int64_t first_broken_position = 0;
  // What is wrong there.
  Finding broken;
};

class Verification {
 public:
  // `invoice_id`: of the thread whose contents are compared; empty: of all. Entries, their chain
  // and their tree are always checked whole: only that shows that none of the thread is missing.
  // `round_changes`: how many changes, and how many threads, are kept in memory at a time.
  Verification(std::string org_id, std::string invoice_id,
               std::int64_t round_changes = kChangesARoundMax);

  // Throws what SOCI throws.
  void Step(Connection& connection);
  bool done() const { return stage_ == Stage::kDone; }
  AuditVerdict verdict() const;

  const std::string& invoice_id() const { return invoice_id_; }
  // How far it is, for people.
  std::string_view stage() const;
  std::int64_t entries_checked() const { return checked_; }
  std::int64_t entries_expected() const { return head_.entry_count; }

 private:
  enum class Stage { kEntries, kPlaces, kThreads, kIds, kDone };
  // Comments as one side counts them and adds up their positions: when one is missing on the other,
  // the difference is where.
  struct Tally {
    std::int64_t count = 0;
    std::int64_t positions = 0;
    void Add(std::int64_t position) {
      ++count;
      positions += position;
    }
  };

  // Each returns whether there is nothing more of it in this snapshot.
  bool CatchUp(Connection& connection);
  bool CatchUpRound(Connection& connection);
  bool StepPlaces(Connection& connection);
  bool StepThreads(Connection& connection);
  bool StepIds(Connection& connection);

  void CheckEntry(Connection& connection, const StoredEntry& stored);
  // What belongs to a run of entries, which stand after `after` and up to `last`: compares it, or
  // follows the threads of this round with it, or both.
  struct Pass {
    bool compares = false;
    bool follows = false;
  };
  void CheckContents(Connection& connection, const std::vector<StoredEntry>& entries,
                     const std::vector<StoredContent>& contents, std::int64_t after,
                     std::int64_t last, Pass pass);
  // As many of the entries as a step has room for, with what belongs to them.
  static std::size_t CountThatFit(const std::vector<StoredEntry>& entries,
                                  const std::vector<StoredContent>& contents);
  std::vector<StoredContent> ContentsOf(Connection& connection,
                                        const std::vector<StoredEntry>& entries, std::int64_t after,
                                        std::int64_t last);
  void CheckAdded(Connection& connection, const StoredEntry& stored, const StoredContent& comment,
                  const StoredEvent* event, Pass pass);
  void CheckChange(Connection& connection, const StoredEntry& stored, const StoredEvent* event,
                   Pass pass);
  void CheckEvent(Connection& connection, const StoredEvent* event, const EventTruth& truth,
                  Pass pass);
  // Whether this pass follows the thread that the entry is of.
  bool Follows(const AuditEntry& entry, Pass pass) const {
    return pass.follows && follower_.Follows(entry.invoice_id);
  }
  void BoundFollowed();
  void CheckEnd(Connection& connection);
  void CheckThread(const StoredThread& row);
  bool CheckUnseenThreads(Connection& connection);
  void Compare(Connection& connection, const Tally& expected, const Tally& counted,
               std::string_view what);

  // Whether an entry may stand there of those that the walks along the rows are compared with.
  bool IsInLog(std::int64_t position) const { return position > 0 && position <= bound_; }
  bool Covers(const AuditEntry& entry) const {
    return invoice_id_.empty() || entry.invoice_id == invoice_id_;
  }
  // Where what is wrong at the log's end is said to be: 0 would be nowhere.
  std::int64_t End() const { return std::max<std::int64_t>(head_.position, 1); }
  // Keeps the first of what was found. What stands before the log's beginning is said to be at its
  // end.
  void Broken(Finding finding);
  void Broken(const AuditEntry& entry, std::string_view what);
  void Broken(std::int64_t position, std::string_view what, std::string_view comment_id = "");

  const std::string org_id_;
  const std::string invoice_id_;
  const std::int64_t round_changes_;
  Stage stage_ = Stage::kEntries;
  Finding broken_;
  AuditHead head_;
  EventLogEnds events_;

  // Along the log.
  std::int64_t position_ = 0;
  std::int64_t checked_ = 0;
  std::int64_t changes_ = 0;
  std::string hash_;
  bool begun_ = false;
  // Entries that a step reads: fewer where their comments have many revisions.
  std::int64_t step_rows_ = kVerifyStepRows;
  TreeCheck tree_;

  // Along the rows: up to where there were entries when that began.
  std::int64_t bound_ = 0;
  Tally added_;
  Tally threads_begun_;
  Tally places_;
  Tally thread_rows_;
  Tally ids_;
  // The last row of the walk at hand or, until that has begun, the key that it begins at.
  StoredPlace place_;
  StoredId id_;
  std::string thread_;
  bool walk_begun_ = false;

  std::int64_t round_ = 0;
  std::int64_t rounds_ = 1;
  // How far this round has followed the log; in the first one that is position_.
  std::int64_t followed_ = 0;
  ThreadFollower follower_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_VERIFICATION_H_
