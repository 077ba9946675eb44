// What the entries say that the threads have become: follows their changes in the order of the log,
// and compares with the threads' rows in the end. Threads that never changed take no memory; those
// that did, or have a comment that was imported as removed, are followed in several rounds when
// they are many, a part of them in each. Used by one verification.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_THREAD_FOLLOWER_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_THREAD_FOLLOWER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "comments-service/record/audit_entry.h"
#include "comments-service/record/imported_reason.h"
#include "comments-service/verification/log_rows.h"
#include "comments-service/verification/thread_rows.h"

namespace marginalia {

// Changes that one round keeps in memory: about 50 MiB when each is another thread's.
inline constexpr std::int64_t kChangesARoundMax = 200'000;

// What the changes of a thread have made of it.
struct FollowedThread {
  std::int64_t change_count = 0;
  std::int64_t removed_count = 0;
  std::int64_t resolved = 0;
  // 0: it was never resolved or reopened.
  std::int64_t state_time = 0;
  std::string state_actor_id;
  RecordedName state_actor_name;
  // Of the newest change.
  std::int64_t position = 0;
  std::int64_t number = 0;
};

class ThreadFollower {
 public:
  // Round `round` of `rounds`, from 0 on.
  ThreadFollower(std::int64_t round, std::int64_t rounds) : round_(round), rounds_(rounds) {}

  // Whether the thread is one of this round's.
  bool Follows(std::string_view invoice_id) const {
    return static_cast<std::int64_t>(std::hash<std::string_view>()(invoice_id) %
                                     static_cast<std::size_t>(rounds_)) == round_;
  }

  // The entry of a change of a thread of this round. `comment_position` is of the comment that it
  // changed, or 0; `was_shown`: that comment was not imported as removed. Returns whether the entry
  // took away what had been shown until then.
  bool Apply(const StoredEntry& stored, std::int64_t comment_position, bool was_shown);

  // The entry of a comment that was imported as removed, into a thread of this round.
  void ApplyImportedRemoval(const AuditEntry& entry);

  // How many threads it keeps in memory.
  std::size_t size() const { return threads_.size(); }

  // Leaves half of this round's threads to a later one. Rounds before this one have followed
  // theirs, and will follow a half of them again.
  void Halve();

  // As the entries so far have left it. Of a thread of this round.
  FollowedThread ThreadOf(const std::string& invoice_id) const;

  // The row of a thread of this round, and the thread that it is the row of: what differs, to
  // complete the sentence "the entry …"; empty when nothing does.
  std::string_view RowDiffers(const StoredThread& row);

  // The threads that changed whose rows were not compared: up to `limit`.
  std::vector<std::string> Unseen(std::size_t limit) const;

  // One of them has no row to be compared.
  void LacksRow(const std::string& invoice_id) { threads_[invoice_id].seen = true; }

 private:
  struct Followed {
    FollowedThread thread;
    bool seen = false;
  };
  std::int64_t round_;
  std::int64_t rounds_;
  std::unordered_map<std::string, Followed> threads_;
  // Comments that were removed here, and not erased since.
  std::unordered_set<std::int64_t> removed_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_THREAD_FOLLOWER_H_
