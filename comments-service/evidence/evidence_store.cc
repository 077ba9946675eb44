#include "comments-service/evidence/evidence_store.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "comments-service/audit/short_entry.h"
#include "services/storage/connection/selected_rows.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

// Entries that add a comment are found by the thread's places, the others by their own index, whose
// conditions stand here word for word so that both databases take it.
struct SelectEntries {
  explicit SelectEntries(Connection& connection)
      : statement(
            connection,
            absl::StrCat(
                SelectEntryColumns(connection.kind()), ", coalesce((SELECT ",
                EntryHashOf(connection.kind(), "b"),
                " FROM audit_entries b WHERE b.org_id = a.org_id"
                " AND b.position < a.position ORDER BY b.position DESC LIMIT 1), '')"
                " FROM (SELECT position FROM thread_comments"
                " WHERE org_id = :org_id AND invoice_id = :invoice_id"
                " UNION ALL SELECT position FROM audit_entries"
                " WHERE org_id = :org_id2 AND invoice_id = :invoice_id2"
                " AND action <> 'comment.added' AND action <> 'comment.imported') AS places"
                " JOIN audit_entries a ON a.org_id = :org_id3 AND a.position = places.position ",
                EntryComment(connection.kind()), " ORDER BY a.position LIMIT :limit"),
            [this](soci::statement& to) { row.BindTo(to); }, soci::into(previous_hash)) {}

  EntryColumns row;
  std::string previous_hash;
  StatementWith<std::string, std::string, std::string, std::string, std::string, std::int64_t>
      statement;
};

struct SelectComments {
  explicit SelectComments(Connection& connection)
      : statement(connection,
                  "SELECT c.position, c.comment_id, c.sequence, c.author_id,"
                  " c.author_name, c.body, c.body_salt, c.create_time, c.edit_time,"
                  " c.removal_time, c.remover_id, c.remover_name, c.removal_reason, c.erased"
                  " FROM thread_comments t JOIN comments c ON c.org_id = t.org_id"
                  " AND c.position = t.position"
                  " WHERE t.org_id = :org_id AND t.invoice_id = :invoice_id"
                  " ORDER BY t.sequence",
                  soci::into(position), soci::into(comment.comment_id),
                  soci::into(comment.sequence), soci::into(author.user_id),
                  soci::into(author.display_name), soci::into(body), soci::into(body_salt),
                  soci::into(create_time), soci::into(edit_time), soci::into(removal_time),
                  soci::into(remover.user_id), soci::into(remover.display_name),
                  soci::into(removal_reason), soci::into(erased)) {}

  StoredEvidenceComment Read(Connection& connection) {
    StoredEvidenceComment stored{.position = position, .comment = comment};
    stored.comment.create_time = absl::FromUnixMicros(create_time);
    if (removal_time != 0) {
      stored.comment.removal = EvidenceRemoval{
          .time = absl::FromUnixMicros(removal_time), .actor = remover, .reason = removal_reason};
    }
    stored.comment.revisions.push_back(
        {.revision = 1,
         .body = body,
         .salt = connection.FromColumn(std::string(body_salt)),
         .editor = author,
         .time = edit_time == 0 ? stored.comment.create_time : absl::FromUnixMicros(edit_time),
         .erased = erased != 0});
    return stored;
  }

  std::int64_t position = 0;
  EvidenceComment comment;
  EvidencePerson author;
  std::string body;
  std::string body_salt;
  std::int64_t create_time = 0;
  std::int64_t edit_time = 0;
  std::int64_t removal_time = 0;
  EvidencePerson remover;
  std::string removal_reason;
  std::int64_t erased = 0;
  StatementWith<std::string, std::string> statement;
};

struct SelectRevisions {
  explicit SelectRevisions(Connection& connection)
      : statement(connection,
                  "SELECT r.position, r.revision, r.body, r.body_salt, r.editor_id,"
                  " r.editor_name, r.revision_time, r.erased"
                  " FROM thread_comments t JOIN comment_revisions r"
                  " ON r.org_id = t.org_id AND r.position = t.position"
                  " WHERE t.org_id = :org_id AND t.invoice_id = :invoice_id"
                  " ORDER BY t.sequence, r.revision",
                  soci::into(position), soci::into(revision), soci::into(body),
                  soci::into(body_salt), soci::into(editor.user_id),
                  soci::into(editor.display_name), soci::into(time), soci::into(erased)) {}

  StoredEvidenceRevision Read(Connection& connection) {
    return {.position = position,
            .revision = {.revision = revision,
                         .body = body,
                         .salt = connection.FromColumn(std::string(body_salt)),
                         .editor = editor,
                         .time = absl::FromUnixMicros(time),
                         .erased = erased != 0}};
  }

  std::int64_t position = 0;
  std::int64_t revision = 0;
  std::string body;
  std::string body_salt;
  EvidencePerson editor;
  std::int64_t time = 0;
  std::int64_t erased = 0;
  StatementWith<std::string, std::string> statement;
};

// The rows of a statement that each bring a text.
template <class Select, class Row>
std::vector<Row> ReadTexts(Connection& connection, const ThreadName& thread,
                           std::int64_t& bytes_max) {
  auto& select = connection.Prepared<Select>();
  std::vector<Row> rows;
  // To its end in any case: a statement that is left in the middle keeps its snapshot.
  for (bool more = select.statement.Run(thread.org_id, thread.invoice_id); more;
       more = select.statement.Fetch()) {
    bytes_max -= static_cast<std::int64_t>(select.body.size());
    if (bytes_max >= 0) rows.push_back(select.Read(connection));
  }
  return rows;
}

}  // namespace

std::vector<StoredEvidenceEntry> ReadEntriesOfThread(Connection& connection,
                                                     const ThreadName& thread, std::int64_t limit) {
  const auto& [org_id, invoice_id] = thread;
  return RowsOf<StoredEvidenceEntry>(
      connection.Prepared<SelectEntries>(),
      [&](const SelectEntries& each) {
        StoredEvidenceEntry stored{each.row.Read(connection, thread.org_id), each.previous_hash};
        stored.entry.invoice_id = thread.invoice_id;
        return stored;
      },
      org_id, invoice_id, org_id, invoice_id, org_id, limit);
}

std::vector<StoredEvidenceComment> ReadCommentsOfThread(Connection& connection,
                                                        const ThreadName& thread,
                                                        std::int64_t& bytes_max) {
  return ReadTexts<SelectComments, StoredEvidenceComment>(connection, thread, bytes_max);
}

std::vector<StoredEvidenceRevision> ReadRevisionsOfThread(Connection& connection,
                                                          const ThreadName& thread,
                                                          std::int64_t& bytes_max) {
  return ReadTexts<SelectRevisions, StoredEvidenceRevision>(connection, thread, bytes_max);
}

}  // namespace marginalia
