#include "comments-service/verification/thread_rows.h"

#include <unordered_map>
#include <utility>

#include "comments-service/thread/comment.h"
#include "comments-service/thread/store/comment_store.h"
#include "services/storage/connection/selected_rows.h"
#include "services/storage/connection/statement.h"

namespace marginalia {

namespace {

struct SelectContents {
  explicit SelectContents(Connection& connection)
      : statement(connection,
                  "SELECT position, comment_id, invoice_id, author_id, author_name, body,"
                  " body_salt, create_time, sequence, revision, edit_time, removal_time,"
                  " remover_id, remover_name, removal_reason, erased, change_position"
                  " FROM comments WHERE org_id = :org_id AND position > :after"
                  " AND position <= :last ORDER BY position LIMIT :limit",
                  soci::into(row.position), soci::into(row.comment_id), soci::into(row.invoice_id),
                  soci::into(row.author_id), soci::into(row.author_name), soci::into(row.body),
                  soci::into(body_salt), soci::into(row.create_time), soci::into(row.sequence),
                  soci::into(row.revision), soci::into(row.edit_time), soci::into(row.removal_time),
                  soci::into(row.remover_id), soci::into(row.remover_name),
                  soci::into(row.removal_reason), soci::into(row.erased),
                  soci::into(row.change_position)) {}

  StoredContent row;
  std::string body_salt;
  StatementWith<std::string, std::int64_t, std::int64_t, std::int64_t> statement;
};

struct SelectIdPosition {
  explicit SelectIdPosition(Connection& connection)
      : statement(connection,
                  "SELECT position FROM comment_ids WHERE org_id = :org_id"
                  " AND id_high = :high AND id_low = :low",
                  soci::into(position)) {}

  std::int64_t position = 0;
  StatementWith<std::string, std::int64_t, std::int64_t> statement;
};

struct SelectRevisions {
  explicit SelectRevisions(Connection& connection)
      : statement(connection,
                  "SELECT revision, body, body_salt, editor_id, editor_name, revision_time,"
                  " event_position, erased FROM comment_revisions WHERE org_id = :org_id"
                  " AND position = :position AND revision >= :first ORDER BY revision"
                  " LIMIT :limit",
                  soci::into(row.revision), soci::into(row.body), soci::into(body_salt),
                  soci::into(row.editor_id), soci::into(row.editor_name), soci::into(row.time),
                  soci::into(row.event_position), soci::into(row.erased)) {}

  StoredRevision row;
  std::string body_salt;
  StatementWith<std::string, std::int64_t, std::int64_t, std::int64_t> statement;
};

struct SelectForgedRevision {
  explicit SelectForgedRevision(Connection& connection)
      : statement(connection,
                  "SELECT coalesce(min(r.position), 0) FROM comment_revisions r"
                  " LEFT JOIN comments c ON c.org_id = r.org_id"
                  " AND c.position = r.position"
                  " AND (c.change_position > 0 OR c.removal_time <> 0)"
                  " WHERE r.org_id = :org_id AND r.position > :after"
                  " AND r.position <= :last AND c.position IS NULL",
                  soci::into(first)) {}

  std::int64_t first = 0;
  StatementWith<std::string, std::int64_t, std::int64_t> statement;
};

// Whose comment stands at a position.
struct StoredHead {
  std::int64_t position = 0;
  std::string comment_id;
  std::string invoice_id;
  std::int64_t sequence = 0;
  std::int64_t create_time = 0;
  std::string author_name;
};

struct SelectHeads {
  explicit SelectHeads(Connection& connection)
      : statement(connection,
                  (connection.kind() == DatabaseKind::kPostgres
                       ? "SELECT position, comment_id, invoice_id, sequence, create_time,"
                         " author_name FROM comments WHERE org_id = :org_id"
                         " AND position = ANY(CAST(:positions AS BIGINT[]))"
                       : "SELECT position, comment_id, invoice_id, sequence, create_time,"
                         " author_name FROM comments WHERE org_id = :org_id"
                         " AND position IN (SELECT value FROM json_each(:positions))"),
                  soci::into(row.position), soci::into(row.comment_id), soci::into(row.invoice_id),
                  soci::into(row.sequence), soci::into(row.create_time),
                  soci::into(row.author_name)) {}

  StoredHead row;
  StatementWith<std::string, std::string> statement;
};

struct SelectPlaces {
  explicit SelectPlaces(Connection& connection)
      : statement(connection,
                  "SELECT invoice_id, sequence, position FROM thread_comments"
                  " WHERE org_id = :org_id"
                  " AND (invoice_id, sequence) >= (:invoice_id, :sequence)"
                  " ORDER BY invoice_id, sequence LIMIT :limit",
                  soci::into(row.invoice_id), soci::into(row.sequence), soci::into(row.position)) {}

  StoredPlace row;
  StatementWith<std::string, std::string, std::int64_t, std::int64_t> statement;
};

struct SelectThreads {
  explicit SelectThreads(Connection& connection)
      : statement(connection,
                  "SELECT t.invoice_id, t.change_count, t.removed_count, t.resolved,"
                  " t.state_time, t.state_actor_id, t.state_actor_name, coalesce(p.position, 0)"
                  " FROM threads t LEFT JOIN thread_comments p ON p.org_id = t.org_id"
                  " AND p.invoice_id = t.invoice_id AND p.sequence = 1"
                  " WHERE t.org_id = :org_id AND t.invoice_id >= :invoice_id"
                  " ORDER BY t.invoice_id LIMIT :limit",
                  soci::into(row.invoice_id), soci::into(row.change_count),
                  soci::into(row.removed_count), soci::into(row.resolved),
                  soci::into(row.state_time), soci::into(row.state_actor_id),
                  soci::into(row.state_actor_name), soci::into(row.first_position)) {}

  StoredThread row;
  StatementWith<std::string, std::string, std::int64_t> statement;
};

struct SelectIds {
  explicit SelectIds(Connection& connection)
      : statement(connection,
                  "SELECT id_high, id_low, position FROM comment_ids"
                  " WHERE org_id = :org_id AND (id_high, id_low) >= (:high, :low)"
                  " ORDER BY id_high, id_low LIMIT :limit",
                  soci::into(row.high), soci::into(row.low), soci::into(row.position)) {}

  StoredId row;
  StatementWith<std::string, std::int64_t, std::int64_t, std::int64_t> statement;
};

// A row whose salt stands in a column.
auto WithSalt(const Connection& connection) {
  return [&connection](auto& each) {
    each.row.body_salt = connection.FromColumn(each.body_salt);
    return each.row;
  };
}

// The comments at the rows' positions, those that are there. Not by a join: how PostgreSQL would
// plan it hangs on what it knows of the tables.
template <class Row>
std::unordered_map<std::int64_t, StoredHead> HeadsAt(Connection& connection,
                                                     std::string_view org_id,
                                                     const std::vector<Row>& rows) {
  std::unordered_map<std::int64_t, StoredHead> heads;
  if (rows.empty()) return heads;
  std::vector<std::int64_t> positions;
  positions.reserve(rows.size());
  for (const Row& row : rows) positions.push_back(row.position);
  auto& select = connection.Prepared<SelectHeads>();
  for (StoredHead& head : RowsOf<StoredHead>(select, org_id, PositionsFor(connection, positions))) {
    const std::int64_t position = head.position;
    heads.emplace(position, std::move(head));
  }
  return heads;
}

}  // namespace

std::vector<StoredContent> ReadContents(Connection& connection, std::string_view org_id,
                                        std::int64_t after, std::int64_t last, std::int64_t limit) {
  return RowsOf<StoredContent>(connection.Prepared<SelectContents>(), WithSalt(connection), org_id,
                               after, last, limit);
}

std::optional<StoredContent> FindContent(Connection& connection, std::string_view org_id,
                                         std::string_view comment_id) {
  if (!CanonicalCommentId(comment_id).ok()) return std::nullopt;
  auto& select = connection.Prepared<SelectIdPosition>();
  const UuidHalves id = HalvesOf(comment_id);
  if (!select.statement.Run(org_id, id.high, id.low)) return std::nullopt;
  const std::int64_t position = select.position;
  return OnlyOf(ReadContents(connection, org_id, position - 1, position, 1));
}

std::vector<StoredRevision> ReadStoredRevisions(Connection& connection, std::string_view org_id,
                                                std::int64_t position, std::int64_t first,
                                                std::int64_t limit) {
  return RowsOf<StoredRevision>(connection.Prepared<SelectRevisions>(), WithSalt(connection),
                                org_id, position, first, limit);
}

std::optional<StoredRevision> FindStoredRevision(Connection& connection, std::string_view org_id,
                                                 std::int64_t position, std::int64_t revision) {
  std::optional<StoredRevision> found =
      OnlyOf(ReadStoredRevisions(connection, org_id, position, revision, 1));
  if (found.has_value() && found->revision != revision) return std::nullopt;
  return found;
}

std::int64_t FirstForgedRevision(Connection& connection, std::string_view org_id,
                                 std::int64_t after, std::int64_t last) {
  auto& select = connection.Prepared<SelectForgedRevision>();
  select.statement.Run(org_id, after, last);
  return select.first;
}

std::vector<StoredPlace> ReadPlaces(Connection& connection, std::string_view org_id,
                                    std::string_view invoice_id, std::int64_t sequence, bool after,
                                    std::int64_t limit) {
  auto& select = connection.Prepared<SelectPlaces>();
  std::vector<StoredPlace> places =
      RowsOf<StoredPlace>(select, org_id, invoice_id, sequence, after ? limit + 1 : limit);
  if (after && !places.empty() && places.front().invoice_id == invoice_id &&
      places.front().sequence == sequence) {
    places.erase(places.begin());
  }
  const auto heads = HeadsAt(connection, org_id, places);
  for (StoredPlace& place : places) {
    const auto head = heads.find(place.position);
    if (head == heads.end()) continue;
    place.comment_id = head->second.comment_id;
    place.comment_invoice_id = head->second.invoice_id;
    place.comment_sequence = head->second.sequence;
    place.create_time = head->second.create_time;
    place.author_name = head->second.author_name;
  }
  return places;
}

std::vector<StoredThread> ReadStoredThreads(Connection& connection, std::string_view org_id,
                                            std::string_view invoice_id, bool after,
                                            std::int64_t limit) {
  auto& select = connection.Prepared<SelectThreads>();
  std::vector<StoredThread> threads =
      RowsOf<StoredThread>(select, org_id, invoice_id, after ? limit + 1 : limit);
  if (after && !threads.empty() && threads.front().invoice_id == invoice_id) {
    threads.erase(threads.begin());
  }
  return threads;
}

std::vector<StoredId> ReadStoredIds(Connection& connection, std::string_view org_id,
                                    std::int64_t high, std::int64_t low, bool after,
                                    std::int64_t limit) {
  auto& select = connection.Prepared<SelectIds>();
  std::vector<StoredId> ids =
      RowsOf<StoredId>(select, org_id, high, low, after ? limit + 1 : limit);
  if (after && !ids.empty() && ids.front().high == high && ids.front().low == low) {
    ids.erase(ids.begin());
  }
  const auto heads = HeadsAt(connection, org_id, ids);
  for (StoredId& id : ids) {
    const auto head = heads.find(id.position);
    if (head != heads.end()) id.comment_id = head->second.comment_id;
  }
  return ids;
}

}  // namespace marginalia
