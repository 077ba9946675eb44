// Writes a comment with all that belongs to it: its row and id, its audit entry, its event. The one
// way into the tables, so that they exist together or not at all. Owned by main; takes part in
// every group, behind the event log and the audit log. Writer thread only.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_WRITER_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "comments-service/audit/audit_log.h"
#include "comments-service/readers/known_authors.h"
#include "comments-service/record/imported_reason.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/provenance.h"
#include "comments-service/thread/store/comment_store.h"
#include "comments-service/thread/thread.h"
#include "comments-service/thread/thread_pages.h"
#include "comments-service/thread/wire/comment_wire.h"
#include "services/events/log/event_log.h"

namespace marginalia {

// How many threads the writer remembers the state of: about 4 MiB.
inline constexpr std::size_t kThreadHeadsMax = 10'000;

// Where a write stands in the logs.
struct Receipt {
  std::int64_t position = 0;
  // Within the tenant.
  std::int64_t number = 0;
  std::string audit_hash;
};

// What the entry of an imported comment says of it. `remover_name`: of a removed one, as the entry
// has it.
ImportedOrigin OriginOf(const Comment& imported, RecordedName remover_name);

// How a thread had been closed before it was imported.
struct Closing {
  absl::Time time;
  Author actor;
};

class CommentWriter : public GroupParticipant {
 public:
  // None is owned; all must outlive the writer.
  CommentWriter(EventLog& events, AuditLog& audit, ThreadPages& pages)
      : events_(events), audit_(audit), pages_(pages) {}

  // A write of the group is going to add this comment; see GroupCommit::Expect.
  void Expect(std::string_view org_id, std::string_view invoice_id, std::string_view comment_id);

  // Whether the id is known to be free; on PostgreSQL only, of ids that were expected.
  bool IsFree(std::string_view org_id, std::string_view comment_id) const;

  // The thread as the group has left it so far. Valid until the next call.
  const Thread& ThreadOf(Connection& connection, std::string_view org_id,
                         std::string_view invoice_id);

  // Adds the comment to its thread and sets its sequence. Nothing, with nothing written, when the
  // tenant has a comment of this id already.
  std::optional<Receipt> Add(Connection& connection, const Provenance& provenance,
                             Comment& comment);

  // Adds comments of one thread as they were elsewhere: edited ones in revision 1 with their
  // edit_time, removed ones with `body` as their revision, or erased when that is empty. With
  // `closing` the thread is closed behind them. All ids are free. Returns the position of the
  // newest of what it wrote; 0: nothing.
  std::int64_t Import(Connection& connection, const Provenance& provenance,
                      std::string_view invoice_id, const std::vector<const Comment*>& comments,
                      const std::optional<Closing>& closing);

  // A write of the group is going to change this thread or a comment of it.
  void ExpectChange(std::string_view org_id, std::string_view invoice_id);

  // Each changes the stored comment, and `comment` with it: to say `body` and mention others from
  // now on, or nothing any more. A change_id that is not empty is free. The caller has checked that
  // it may be.
  Receipt Edit(Connection& connection, const Provenance& provenance, StoredComment& comment,
               std::string_view body, std::string_view mentions, std::string_view change_id);
  Receipt Remove(Connection& connection, const Provenance& provenance, StoredComment& comment,
                 std::string_view reason, std::string_view change_id);

  // Makes nothing of what the comment ever said be left: in its row, its revisions, and the events
  // that told of them. One that is not removed yet is removed by it. A change_id as above.
  Receipt Erase(Connection& connection, const Provenance& provenance, StoredComment& comment,
                std::string_view reason, std::string_view change_id);

  // Changes the thread's state; `comment_position` is of what was said with that, or 0.
  Receipt Settle(Connection& connection, const Provenance& provenance, std::string_view invoice_id,
                 bool resolved, std::string_view change_id, std::int64_t comment_position);

  void Begin(Connection& connection) override;
  void BeforeCommit(Connection& connection) override {}
  void Committed() override {}
  void RolledBack() override;

 private:
  void AskForExpected(Connection& connection);
  // What is recorded of a change: its audit entry and its event, in that order in both logs.
  struct LoggedChange {
    // Its tenant, actor and request are those of the provenance.
    AuditEntry entry;
    std::string_view name;  // that the entry commits to
    EventKind kind;
    const CommentView* comment = nullptr;  // of the kinds that carry one
    std::string_view reason_salt = {};     // of the name that the reason commits to
  };
  static bool IsInItsRow(const AuditEntry& entry, const LoggedChange& change);
  Receipt Record(Connection& connection, const Provenance& provenance, LoggedChange change,
                 const Thread& thread);
  // Counts a change of the thread and stores its row.
  const Thread& StoreChanged(Connection& connection, const Provenance& provenance,
                             std::string_view invoice_id, std::int64_t removed);
  // Stores the comment at the next position, which its id has been claimed for, and its place.
  void Place(Connection& connection, const Provenance& provenance, Comment& comment,
             std::string_view body_salt);
  std::int64_t ImportOne(Connection& connection, const Provenance& provenance, Comment comment);
  std::int64_t ImportClosing(Connection& connection, const Provenance& provenance,
                             std::string_view invoice_id, const Closing& closing);
  // Makes the comment mention these from now on, instead of those before; its row is stored apart.
  void Mention(Connection& connection, const Provenance& provenance, StoredComment& stored,
               std::string_view mentions);
  // False, with nothing written, when the tenant has a comment of this id already.
  bool Claim(Connection& connection, std::string_view org_id, std::string_view comment_id);

  Thread& MutableThread(Connection& connection, std::string_view org_id,
                        std::string_view invoice_id);

  EventLog& events_;
  AuditLog& audit_;
  ThreadPages& pages_;
  KnownAuthors authors_;
  // Of the threads written to lately. On PostgreSQL only of those that the group writes to: another
  // replica may have written in between.
  std::unordered_map<std::string, Thread> threads_;
  // What the group is going to read, and of its ids those that are free and those that are not:
  // known on PostgreSQL only, where the head row's lock keeps other replicas from changing it.
  std::vector<TenantThread> expected_threads_;
  std::vector<TenantCommentId> expected_ids_;
  std::unordered_set<std::string> free_ids_;
  std::unordered_set<std::string> taken_ids_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_WRITER_H_
