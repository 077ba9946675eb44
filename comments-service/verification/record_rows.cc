#include "comments-service/verification/record_rows.h"

#include <unordered_map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "comments-service/audit/short_entry.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/comment_store.h"

namespace marginalia {
namespace {

struct SelectEntries {
  explicit SelectEntries(Connection& connection)
      : statement((connection.sql().prepare << SelectEntriesAfter(connection.kind()),
                   soci::use(org_id), soci::use(after), soci::use(limit),
                   soci::into(entry.position), soci::into(entry.actor_id),
                   soci::into(entry.actor_name), soci::into(entry.action),
                   soci::into(entry.invoice_id), soci::into(entry.comment_id),
                   soci::into(entry.request_id), soci::into(create_time), soci::into(entry.hash),
                   soci::into(format), soci::into(entry.number), soci::into(name_salt),
                   soci::into(name_commitment), soci::into(entry.revision),
                   soci::into(content_commitment), soci::into(entry.reason))) {}

  StoredEntry Row(const Connection& connection) {
    entry.org_id = org_id;
    entry.format = static_cast<int>(format);
    entry.name_commitment = absl::BytesToHexString(connection.FromColumn(name_commitment));
    entry.content_commitment = absl::BytesToHexString(connection.FromColumn(content_commitment));
    entry.create_time = absl::FromUnixMicros(create_time);
    StoredEntry stored{.entry = entry, .name_salt = connection.FromColumn(name_salt)};
    CompleteEntry(stored.entry, stored.name_salt);
    return stored;
  }

  std::string org_id;
  std::int64_t after = 0;
  std::int64_t limit = 0;
  AuditEntry entry;
  std::int64_t create_time = 0;
  std::int64_t format = 0;
  std::string name_salt;
  std::string name_commitment;
  std::string content_commitment;
  soci::statement statement;
};

struct SelectContents {
  explicit SelectContents(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT position, comment_id, invoice_id, author_id, author_name, body,"
                          " body_salt, create_time, sequence, revision, edit_time, removal_time,"
                          " remover_id, remover_name, removal_reason, erased, change_position"
                          " FROM comments WHERE org_id = :org_id AND position > :after"
                          " AND position <= :last ORDER BY position LIMIT :limit",
                   soci::use(org_id), soci::use(after), soci::use(last), soci::use(limit),
                   soci::into(row.position), soci::into(row.comment_id), soci::into(row.invoice_id),
                   soci::into(row.author_id), soci::into(row.author_name), soci::into(row.body),
                   soci::into(body_salt), soci::into(row.create_time), soci::into(row.sequence),
                   soci::into(row.revision), soci::into(row.edit_time),
                   soci::into(row.removal_time), soci::into(row.remover_id),
                   soci::into(row.remover_name), soci::into(row.removal_reason),
                   soci::into(row.erased), soci::into(row.change_position))) {}

  std::string org_id;
  std::int64_t after = 0;
  std::int64_t last = 0;
  std::int64_t limit = 0;
  StoredContent row;
  std::string body_salt;
  soci::statement statement;
};

struct SelectIdPosition {
  explicit SelectIdPosition(Connection& connection)
      : statement(
            (connection.sql().prepare << "SELECT position FROM comment_ids WHERE org_id = :org_id"
                                         " AND id_high = :high AND id_low = :low",
             soci::use(org_id), soci::use(id.high), soci::use(id.low), soci::into(position))) {}

  std::string org_id;
  UuidHalves id;
  std::int64_t position = 0;
  soci::statement statement;
};

struct SelectRevisions {
  explicit SelectRevisions(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT revision, body, body_salt, editor_id, editor_name, revision_time,"
                          " event_position, erased FROM comment_revisions WHERE org_id = :org_id"
                          " AND position = :position AND revision > :after ORDER BY revision"
                          " LIMIT :limit",
                   soci::use(org_id), soci::use(position), soci::use(after), soci::use(limit),
                   soci::into(row.revision), soci::into(row.body), soci::into(body_salt),
                   soci::into(row.editor_id), soci::into(row.editor_name), soci::into(row.time),
                   soci::into(row.event_position), soci::into(row.erased))) {}

  std::string org_id;
  std::int64_t position = 0;
  std::int64_t after = 0;
  std::int64_t limit = 0;
  StoredRevision row;
  std::string body_salt;
  soci::statement statement;
};

struct SelectForgedRevision {
  explicit SelectForgedRevision(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT coalesce(min(r.position), 0) FROM comment_revisions r"
                          " LEFT JOIN comments c ON c.org_id = r.org_id"
                          " AND c.position = r.position"
                          " AND (c.change_position > 0 OR c.removal_time <> 0)"
                          " WHERE r.org_id = :org_id AND r.position > :after"
                          " AND r.position <= :last AND c.position IS NULL",
                   soci::use(org_id), soci::use(after), soci::use(last), soci::into(first))) {}

  std::string org_id;
  std::int64_t after = 0;
  std::int64_t last = 0;
  std::int64_t first = 0;
  soci::statement statement;
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

// The positions are one parameter: an array on PostgreSQL, a list in JSON on SQLite.
std::string PositionsFor(const Connection& connection, const std::vector<std::int64_t>& positions) {
  const bool array = connection.kind() == DatabaseKind::kPostgres;
  return absl::StrCat(array ? "{" : "[", absl::StrJoin(positions, ","), array ? "}" : "]");
}

struct SelectHeads {
  explicit SelectHeads(Connection& connection)
      : statement((connection.sql().prepare
                       << (connection.kind() == DatabaseKind::kPostgres
                               ? "SELECT position, comment_id, invoice_id, sequence, create_time,"
                                 " author_name FROM comments WHERE org_id = :org_id"
                                 " AND position = ANY(CAST(:positions AS BIGINT[]))"
                               : "SELECT position, comment_id, invoice_id, sequence, create_time,"
                                 " author_name FROM comments WHERE org_id = :org_id"
                                 " AND position IN (SELECT value FROM json_each(:positions))"),
                   soci::use(org_id), soci::use(positions), soci::into(row.position),
                   soci::into(row.comment_id), soci::into(row.invoice_id), soci::into(row.sequence),
                   soci::into(row.create_time), soci::into(row.author_name))) {}

  std::string org_id;
  std::string positions;
  StoredHead row;
  soci::statement statement;
};

struct SelectEvents {
  explicit SelectEvents(Connection& connection)
      : statement((connection.sql().prepare
                       << (connection.kind() == DatabaseKind::kPostgres
                               ? "SELECT position, subject, payload FROM events"
                                 " WHERE position = ANY(CAST(:positions AS BIGINT[]))"
                                 " AND org_id = :org_id ORDER BY position"
                               : "SELECT position, subject, payload FROM events"
                                 " WHERE position IN (SELECT value FROM json_each(:positions))"
                                 " AND org_id = :org_id ORDER BY position"),
                   soci::use(positions), soci::use(org_id), soci::into(row.position),
                   soci::into(row.subject), soci::into(payload))) {}

  std::string positions;
  std::string org_id;
  StoredEvent row;
  std::string payload;
  soci::statement statement;
};

struct SelectEnds {
  explicit SelectEnds(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT head, compacted, coalesce((SELECT min(position)"
                          " FROM events WHERE org_id = :org_id"
                          " AND position > event_log.head), 0) FROM event_log",
                   soci::use(org_id), soci::into(ends.head), soci::into(ends.compacted),
                   soci::into(ends.behind_head))) {}

  std::string org_id;
  EventLogEnds ends;
  soci::statement statement;
};

struct SelectPlaces {
  explicit SelectPlaces(Connection& connection)
      : statement((
            connection.sql().prepare << "SELECT invoice_id, sequence, position FROM thread_comments"
                                        " WHERE org_id = :org_id"
                                        " AND (invoice_id, sequence) > (:invoice_id, :sequence)"
                                        " ORDER BY invoice_id, sequence LIMIT :limit",
            soci::use(org_id), soci::use(invoice_id), soci::use(sequence), soci::use(limit),
            soci::into(row.invoice_id), soci::into(row.sequence), soci::into(row.position))) {}

  std::string org_id;
  std::string invoice_id;
  std::int64_t sequence = 0;
  std::int64_t limit = 0;
  StoredPlace row;
  soci::statement statement;
};

struct SelectThreads {
  explicit SelectThreads(Connection& connection)
      : statement(
            (connection.sql().prepare
                 << "SELECT t.invoice_id, t.change_count, t.removed_count, t.resolved,"
                    " t.state_time, t.state_actor_id, t.state_actor_name, coalesce(p.position, 0)"
                    " FROM threads t LEFT JOIN thread_comments p ON p.org_id = t.org_id"
                    " AND p.invoice_id = t.invoice_id AND p.sequence = 1"
                    " WHERE t.org_id = :org_id AND t.invoice_id >= :invoice_id"
                    " ORDER BY t.invoice_id LIMIT :limit",
             soci::use(org_id), soci::use(invoice_id), soci::use(limit), soci::into(row.invoice_id),
             soci::into(row.change_count), soci::into(row.removed_count), soci::into(row.resolved),
             soci::into(row.state_time), soci::into(row.state_actor_id),
             soci::into(row.state_actor_name), soci::into(row.first_position))) {}

  std::string org_id;
  std::string invoice_id;
  std::int64_t limit = 0;
  StoredThread row;
  soci::statement statement;
};

struct SelectIds {
  explicit SelectIds(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT id_high, id_low, position FROM comment_ids"
                          " WHERE org_id = :org_id AND (id_high, id_low) > (:high, :low)"
                          " ORDER BY id_high, id_low LIMIT :limit",
                   soci::use(org_id), soci::use(high), soci::use(low), soci::use(limit),
                   soci::into(row.high), soci::into(row.low), soci::into(row.position))) {}

  std::string org_id;
  std::int64_t high = 0;
  std::int64_t low = 0;
  std::int64_t limit = 0;
  StoredId row;
  soci::statement statement;
};

struct SelectNodeCount {
  explicit SelectNodeCount(Connection& connection)
      : statement((connection.sql().prepare << "SELECT count(*) FROM audit_tree_nodes"
                                               " WHERE org_id = :org_id",
                   soci::use(org_id), soci::into(count))) {}

  std::string org_id;
  std::int64_t count = 0;
  soci::statement statement;
};

// All rows of a statement, each as `row` makes it.
template <class Row, class Select, class Make>
std::vector<Row> RowsOf(Select& select, Make make) {
  std::vector<Row> rows;
  for (bool more = select.statement.execute(true); more; more = select.statement.fetch()) {
    rows.push_back(make(select));
  }
  return rows;
}

template <class Row, class Select>
std::vector<Row> RowsOf(Select& select) {
  return RowsOf<Row>(select, [](const Select& each) { return each.row; });
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
  select.org_id = org_id;
  select.positions = PositionsFor(connection, positions);
  for (StoredHead& head : RowsOf<StoredHead>(select)) {
    const std::int64_t position = head.position;
    heads.emplace(position, std::move(head));
  }
  return heads;
}

template <class Row>
std::optional<Row> OnlyOf(std::vector<Row> rows) {
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

}  // namespace

std::vector<StoredEntry> ReadStoredEntries(Connection& connection, std::string_view org_id,
                                           std::int64_t after, std::int64_t limit) {
  auto& select = connection.Prepared<SelectEntries>();
  select.org_id = org_id;
  select.after = after;
  select.limit = limit;
  return RowsOf<StoredEntry>(select,
                             [&connection](SelectEntries& each) { return each.Row(connection); });
}

std::optional<StoredEntry> FindStoredEntry(Connection& connection, std::string_view org_id,
                                           std::int64_t position) {
  std::optional<StoredEntry> found = OnlyOf(ReadStoredEntries(connection, org_id, position - 1, 1));
  if (found.has_value() && found->entry.position != position) return std::nullopt;
  return found;
}

std::vector<StoredContent> ReadContents(Connection& connection, std::string_view org_id,
                                        std::int64_t after, std::int64_t last, std::int64_t limit) {
  auto& select = connection.Prepared<SelectContents>();
  select.org_id = org_id;
  select.after = after;
  select.last = last;
  select.limit = limit;
  return RowsOf<StoredContent>(select, [&connection](SelectContents& each) {
    each.row.body_salt = connection.FromColumn(each.body_salt);
    return each.row;
  });
}

std::optional<StoredContent> FindContent(Connection& connection, std::string_view org_id,
                                         std::string_view comment_id) {
  if (!CanonicalCommentId(comment_id).ok()) return std::nullopt;
  auto& select = connection.Prepared<SelectIdPosition>();
  select.org_id = org_id;
  select.id = HalvesOf(comment_id);
  if (!select.statement.execute(true)) return std::nullopt;
  const std::int64_t position = select.position;
  return OnlyOf(ReadContents(connection, org_id, position - 1, position, 1));
}

std::vector<StoredRevision> ReadStoredRevisions(Connection& connection, std::string_view org_id,
                                                std::int64_t position, std::int64_t revision,
                                                std::int64_t limit) {
  auto& select = connection.Prepared<SelectRevisions>();
  select.org_id = org_id;
  select.position = position;
  select.after = revision;
  select.limit = limit;
  return RowsOf<StoredRevision>(select, [&connection](SelectRevisions& each) {
    each.row.body_salt = connection.FromColumn(each.body_salt);
    return each.row;
  });
}

std::optional<StoredRevision> FindStoredRevision(Connection& connection, std::string_view org_id,
                                                 std::int64_t position, std::int64_t revision) {
  std::optional<StoredRevision> found =
      OnlyOf(ReadStoredRevisions(connection, org_id, position, revision - 1, 1));
  if (found.has_value() && found->revision != revision) return std::nullopt;
  return found;
}

std::int64_t FirstForgedRevision(Connection& connection, std::string_view org_id,
                                 std::int64_t after, std::int64_t last) {
  auto& select = connection.Prepared<SelectForgedRevision>();
  select.org_id = org_id;
  select.after = after;
  select.last = last;
  select.statement.execute(true);
  return select.first;
}

std::vector<StoredEvent> ReadEventsAt(Connection& connection, std::string_view org_id,
                                      const std::vector<std::int64_t>& positions) {
  if (positions.empty()) return {};
  auto& select = connection.Prepared<SelectEvents>();
  select.positions = PositionsFor(connection, positions);
  select.org_id = org_id;
  return RowsOf<StoredEvent>(select, [&connection](SelectEvents& each) {
    each.row.payload = connection.FromColumn(each.payload);
    return each.row;
  });
}

EventLogEnds ReadEventLogEnds(Connection& connection, std::string_view org_id) {
  auto& select = connection.Prepared<SelectEnds>();
  select.org_id = org_id;
  return select.statement.execute(true) ? select.ends : EventLogEnds{};
}

std::vector<StoredPlace> ReadPlaces(Connection& connection, std::string_view org_id,
                                    std::string_view invoice_id, std::int64_t sequence,
                                    std::int64_t limit) {
  auto& select = connection.Prepared<SelectPlaces>();
  select.org_id = org_id;
  select.invoice_id = invoice_id;
  select.sequence = sequence;
  select.limit = limit;
  std::vector<StoredPlace> places = RowsOf<StoredPlace>(select);
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
  select.org_id = org_id;
  select.invoice_id = invoice_id;
  select.limit = after ? limit + 1 : limit;
  std::vector<StoredThread> threads = RowsOf<StoredThread>(select);
  if (after && !threads.empty() && threads.front().invoice_id == invoice_id) {
    threads.erase(threads.begin());
  }
  return threads;
}

std::vector<StoredId> ReadStoredIds(Connection& connection, std::string_view org_id,
                                    std::int64_t high, std::int64_t low, std::int64_t limit) {
  auto& select = connection.Prepared<SelectIds>();
  select.org_id = org_id;
  select.high = high;
  select.low = low;
  select.limit = limit;
  std::vector<StoredId> ids = RowsOf<StoredId>(select);
  const auto heads = HeadsAt(connection, org_id, ids);
  for (StoredId& id : ids) {
    const auto head = heads.find(id.position);
    if (head != heads.end()) id.comment_id = head->second.comment_id;
  }
  return ids;
}

std::int64_t CountNodes(Connection& connection, std::string_view org_id) {
  auto& select = connection.Prepared<SelectNodeCount>();
  select.org_id = org_id;
  select.statement.execute(true);
  return select.count;
}

}  // namespace marginalia
