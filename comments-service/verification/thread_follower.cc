#include "comments-service/verification/thread_follower.h"

#include <optional>

namespace marginalia {

void ThreadFollower::ApplyImportedRemoval(const AuditEntry& entry) {
  FollowedThread& thread = threads_[entry.invoice_id].thread;
  ++thread.removed_count;
  thread.position = entry.position;
  thread.number = entry.number;
}

void ThreadFollower::Halve() {
  rounds_ *= 2;
  std::erase_if(threads_, [this](const auto& each) { return !Follows(each.first); });
}

bool ThreadFollower::Apply(const StoredEntry& stored, std::int64_t comment_position,
                           bool was_shown) {
  const AuditEntry& entry = stored.entry;
  FollowedThread& thread = threads_[entry.invoice_id].thread;
  ++thread.change_count;
  thread.position = entry.position;
  thread.number = entry.number;
  bool took_away = false;
  if (entry.action == kActionRemoved) {
    took_away = removed_.insert(comment_position).second;
  } else if (entry.action == kActionErased) {
    took_away = removed_.erase(comment_position) == 0 && was_shown;
  } else if (SettlesThread(entry)) {
    thread.resolved = entry.action == kActionResolved ? 1 : 0;
    const std::optional<ImportedClosing> closing = ImportedClosingOf(entry, stored.salts.reason);
    thread.state_time = absl::ToUnixMicros(closing ? closing->time : entry.create_time);
    thread.state_actor_id = closing ? closing->actor_id : entry.actor_id;
    thread.state_actor_name =
        closing ? closing->actor_name : RecordedName{.clear = entry.actor_name};
  }
  if (took_away) ++thread.removed_count;
  return took_away;
}

FollowedThread ThreadFollower::ThreadOf(const std::string& invoice_id) const {
  const auto found = threads_.find(invoice_id);
  return found == threads_.end() ? FollowedThread{} : found->second.thread;
}

std::string_view ThreadFollower::RowDiffers(const StoredThread& row) {
  const auto found = threads_.find(row.invoice_id);
  if (found != threads_.end()) found->second.seen = true;
  const FollowedThread thread = found == threads_.end() ? FollowedThread{} : found->second.thread;
  if (row.first_position == 0 && thread.change_count == 0) {
    return "is the log's end, and there is a thread that no entry tells of";
  }
  if (row.resolved != thread.resolved || row.state_time != thread.state_time ||
      row.state_actor_id != thread.state_actor_id ||
      !thread.state_actor_name.Is(row.state_actor_name)) {
    return "is of a thread whose state, or who settled it when, is not what the entries say";
  }
  if (row.change_count != thread.change_count || row.removed_count != thread.removed_count) {
    return "is of a thread that counts other changes or removals than the entries";
  }
  return "";
}

std::vector<std::string> ThreadFollower::Unseen(std::size_t limit) const {
  std::vector<std::string> unseen;
  for (const auto& [invoice_id, followed] : threads_) {
    if (unseen.size() == limit) break;
    if (!followed.seen) unseen.push_back(invoice_id);
  }
  return unseen;
}

}  // namespace marginalia
