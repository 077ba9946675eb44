#include "comments-service/thread/store/comment_store.h"

#include <charconv>
#include <utility>

#include "absl/time/time.h"
#include "comments-service/thread/wire/comment_wire.h"
#include "services/storage/connection/pipeline.h"
#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/statement.h"
#include "services/storage/connection/text_array.h"

namespace marginalia {
namespace {

std::int64_t HexValue(const std::string& digits, std::size_t from) {
  std::uint64_t value = 0;
  std::from_chars(digits.data() + from, digits.data() + from + 16, value, 16);
  return static_cast<std::int64_t>(value);
}

// A thread's columns, its row's and its newest comment's.
struct ThreadColumns {
  Thread ToThread() const {
    Thread thread{.place_count = sequence,
                  .change_count = change_count,
                  .removed_count = removed_count,
                  .last_author_name = author_name,
                  .resolved = resolved != 0};
    if (sequence > 0) thread.last_comment_time = absl::FromUnixMicros(create_time);
    if (state_time == 0) return thread;
    thread.state_time = absl::FromUnixMicros(state_time);
    thread.state_actor = {state_actor_id, state_actor_name};
    return thread;
  }

  std::int64_t sequence = 0;
  std::int64_t create_time = 0;
  std::string author_name;
  std::int64_t change_count = 0;
  std::int64_t removed_count = 0;
  std::int64_t resolved = 0;
  std::int64_t state_time = 0;
  std::string state_actor_id;
  std::string state_actor_name;
};

// Positions are asked for in statements of their own, so that a comment is always found by its
// whole key: of a join, PostgreSQL would rather go over the tenant's comments as long as it takes
// them for few.
struct SelectThread {
  explicit SelectThread(Connection& connection)
      : statement(connection,
                  "SELECT coalesce(c.sequence, 0), coalesce(c.create_time, 0),"
                  " coalesce(c.author_name, ''), t.change_count, t.removed_count,"
                  " t.resolved, t.state_time, t.state_actor_id, t.state_actor_name"
                  " FROM threads t LEFT JOIN comments c ON c.org_id = t.org_id"
                  " AND c.position = (SELECT position FROM thread_comments"
                  " WHERE org_id = :org_id AND invoice_id = :invoice_id"
                  " ORDER BY sequence DESC LIMIT 1)"
                  " WHERE t.org_id = :same_org AND t.invoice_id = :same_invoice",
                  soci::into(row.sequence), soci::into(row.create_time),
                  soci::into(row.author_name), soci::into(row.change_count),
                  soci::into(row.removed_count), soci::into(row.resolved),
                  soci::into(row.state_time), soci::into(row.state_actor_id),
                  soci::into(row.state_actor_name)) {}

  ThreadColumns row;
  StatementWith<std::string, std::string, std::string, std::string> statement;
};

struct SelectComment {
  explicit SelectComment(Connection& connection)
      : statement(connection,
                  "SELECT invoice_id, sequence, author_id, author_name, body, create_time,"
                  " position, revision, edit_time, removal_time, remover_id, remover_name,"
                  " removal_reason, erased, change_position, mentions FROM comments"
                  " WHERE org_id = :org_id AND position = (SELECT position"
                  " FROM comment_ids WHERE org_id = :same_org AND id_high = :id_high"
                  " AND id_low = :id_low)",
                  soci::into(comment.invoice_id), soci::into(comment.sequence),
                  soci::into(comment.author.user_id), soci::into(comment.author.display_name),
                  soci::into(comment.body), soci::into(create_time), soci::into(position),
                  soci::into(comment.revision), soci::into(edit_time), soci::into(removal_time),
                  soci::into(removal.actor.user_id), soci::into(removal.actor.display_name),
                  soci::into(removal.reason), soci::into(erased), soci::into(change_position),
                  soci::into(comment.mentions)) {}

  Comment Read(std::string_view comment_id) {
    Comment read = comment;
    read.comment_id = comment_id;
    read.create_time = absl::FromUnixMicros(create_time);
    if (edit_time != 0) read.edit_time = absl::FromUnixMicros(edit_time);
    if (removal_time != 0) {
      read.removal = removal;
      read.removal->time = absl::FromUnixMicros(removal_time);
      // A replica of the version before does not take them away.
      read.mentions.clear();
    }
    read.erased = erased != 0;
    return read;
  }

  // What is bound of them; the rest is not looked at.
  Comment comment;
  Removal removal;
  std::int64_t create_time = 0;
  std::int64_t position = 0;
  std::int64_t edit_time = 0;
  std::int64_t removal_time = 0;
  std::int64_t erased = 0;
  std::int64_t change_position = 0;
  StatementWith<std::string, std::string, std::int64_t, std::int64_t> statement;
};

// Those of many threads at once.
constexpr char kSelectThreads[] =
    "SELECT k.org_id, k.invoice_id, coalesce(c.sequence, 0), coalesce(c.create_time, 0),"
    " coalesce(c.author_name, ''), t.change_count, t.removed_count, t.resolved, t.state_time,"
    " t.state_actor_id, t.state_actor_name"
    " FROM unnest(CAST($1 AS TEXT[]), CAST($2 AS TEXT[])) AS k (org_id, invoice_id)"
    " CROSS JOIN LATERAL (SELECT s.* FROM threads s WHERE s.org_id = k.org_id"
    " AND s.invoice_id = k.invoice_id LIMIT 1) AS t LEFT JOIN LATERAL"
    " (SELECT n.sequence, n.create_time, n.author_name FROM comments n"
    " WHERE n.org_id = k.org_id AND n.position = (SELECT h.position"
    " FROM thread_comments h WHERE h.org_id = k.org_id"
    " AND h.invoice_id = k.invoice_id ORDER BY h.sequence DESC LIMIT 1)"
    " LIMIT 1) AS c ON TRUE";

// As kSelectThreads has them.
Thread ThreadIn(const AnsweredRows& rows, int row) {
  return ThreadColumns{.sequence = rows.Integer(row, 2),
                       .create_time = rows.Integer(row, 3),
                       .author_name = std::string(rows.Text(row, 4)),
                       .change_count = rows.Integer(row, 5),
                       .removed_count = rows.Integer(row, 6),
                       .resolved = rows.Integer(row, 7),
                       .state_time = rows.Integer(row, 8),
                       .state_actor_id = std::string(rows.Text(row, 9)),
                       .state_actor_name = std::string(rows.Text(row, 10))}
      .ToThread();
}

constexpr char kSelectIds[] =
    "SELECT k.number FROM unnest(CAST($1 AS TEXT[]), CAST($2 AS BIGINT[]), CAST($3 AS BIGINT[]))"
    " WITH ORDINALITY AS k (org_id, id_high, id_low, number)"
    " JOIN comment_ids i ON i.org_id = k.org_id AND i.id_high = k.id_high AND i.id_low = k.id_low";

struct InsertIdRow {
  explicit InsertIdRow(Connection& connection)
      : statement(connection,
                  "INSERT INTO comment_ids (org_id, id_high, id_low, position)"
                  " VALUES (:org_id, :id_high, :id_low, :position)"
                  " ON CONFLICT DO NOTHING") {}
  StatementWith<std::string, std::int64_t, std::int64_t, std::int64_t> statement;
};

struct IdRows {
  explicit IdRows(Connection& connection)
      : insert(connection, "INSERT INTO comment_ids (org_id, id_high, id_low, position)",
               {RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger, RowInsert::kInteger}) {}
  RowInsert insert;
};

struct CommentRows {
  explicit CommentRows(Connection& connection)
      : insert(connection,
               "INSERT INTO comments (org_id, position, invoice_id, sequence, comment_id, "
               "author_id, author_name, body, create_time, body_salt, revision, edit_time, "
               "removal_time, remover_id, remover_name, removal_reason, mentions)",
               {RowInsert::kText, RowInsert::kInteger, RowInsert::kText, RowInsert::kInteger,
                RowInsert::kText, RowInsert::kText, RowInsert::kText, RowInsert::kText,
                RowInsert::kInteger, RowInsert::kBytes, RowInsert::kInteger, RowInsert::kInteger,
                RowInsert::kInteger, RowInsert::kText, RowInsert::kText, RowInsert::kText,
                RowInsert::kText}) {}
  RowInsert insert;
};

struct ThreadCommentRows {
  explicit ThreadCommentRows(Connection& connection)
      : insert(connection, "INSERT INTO thread_comments (org_id, invoice_id, sequence, position)",
               {RowInsert::kText, RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger}) {}
  RowInsert insert;
};

struct KnownThreadRows {
  explicit KnownThreadRows(Connection& connection)
      : insert(connection, "INSERT INTO threads (org_id, invoice_id)",
               {RowInsert::kText, RowInsert::kText}, "ON CONFLICT DO NOTHING") {}
  RowInsert insert;
};

}  // namespace

UuidHalves HalvesOf(std::string_view uuid) {
  std::string digits;
  for (const char c : uuid) {
    if (c != '-') digits.push_back(c);
  }
  digits.resize(32, '0');
  return {.high = HexValue(digits, 0), .low = HexValue(digits, 16)};
}

Thread ReadThread(Connection& connection, std::string_view org_id, std::string_view invoice_id) {
  auto& select = connection.Prepared<SelectThread>();
  return select.statement.Run(org_id, invoice_id, org_id, invoice_id) ? select.row.ToThread()
                                                                      : Thread{};
}

std::optional<StoredComment> FindComment(Connection& connection, std::string_view org_id,
                                         std::string_view comment_id) {
  auto& select = connection.Prepared<SelectComment>();
  const UuidHalves id = HalvesOf(comment_id);
  if (!select.statement.Run(org_id, org_id, id.high, id.low)) return std::nullopt;
  return StoredComment{.comment = select.Read(comment_id),
                       .position = select.position,
                       .change_position = select.change_position};
}

void AskForThreads(Connection& connection, const std::vector<TenantThread>& threads,
                   std::function<void(const TenantThread&, Thread)> found) {
  std::string org_ids;
  std::string invoice_ids;
  for (const TenantThread& thread : threads) {
    AppendToArray(org_ids, thread.org_id);
    AppendToArray(invoice_ids, thread.invoice_id);
  }
  CloseArray(org_ids);
  CloseArray(invoice_ids);
  connection.Ask(kSelectThreads, {org_ids, invoice_ids},
                 [found = std::move(found)](const AnsweredRows& rows) {
                   for (int row = 0; row < rows.size(); ++row) {
                     found({std::string(rows.Text(row, 0)), std::string(rows.Text(row, 1))},
                           ThreadIn(rows, row));
                   }
                 });
}

void AskForTakenIds(Connection& connection, const std::vector<TenantCommentId>& ids,
                    std::function<void(const std::vector<std::size_t>&)> found) {
  std::string org_ids;
  std::string highs;
  std::string lows;
  for (const TenantCommentId& id : ids) {
    const UuidHalves halves = HalvesOf(id.comment_id);
    AppendToArray(org_ids, id.org_id);
    AppendToArray(highs, std::to_string(halves.high));
    AppendToArray(lows, std::to_string(halves.low));
  }
  for (std::string* array : {&org_ids, &highs, &lows}) CloseArray(*array);
  connection.Ask(kSelectIds, {org_ids, highs, lows},
                 [found = std::move(found)](const AnsweredRows& rows) {
                   std::vector<std::size_t> taken;
                   for (int row = 0; row < rows.size(); ++row) {
                     taken.push_back(static_cast<std::size_t>(rows.Integer(row, 0)) - 1);
                   }
                   found(taken);
                 });
}

bool ClaimCommentId(Connection& connection, std::string_view org_id, std::string_view comment_id,
                    std::int64_t position) {
  auto& insert = connection.Prepared<InsertIdRow>();
  const UuidHalves id = HalvesOf(comment_id);
  insert.statement.Run(org_id, id.high, id.low, position);
  return insert.statement.affected_rows() == 1;
}

void InsertCommentId(Connection& connection, std::string_view org_id, std::string_view comment_id,
                     std::int64_t position) {
  const UuidHalves id = HalvesOf(comment_id);
  connection.Prepared<IdRows>()
      .insert.Text(org_id)
      .Integer(id.high)
      .Integer(id.low)
      .Integer(position)
      .EndRow();
}

void InsertComment(Connection& connection, std::string_view org_id, const Comment& comment,
                   std::int64_t position, std::string_view body_salt) {
  const CommentView view = ViewOf(comment);
  connection.Prepared<CommentRows>()
      .insert.Text(org_id)
      .Integer(position)
      .Text(comment.invoice_id)
      .Integer(comment.sequence)
      .Text(comment.comment_id)
      .Text(comment.author.user_id)
      .Text(comment.author.display_name)
      .Text(comment.body)
      .Integer(view.create_micros)
      .Bytes(body_salt)
      .Integer(view.revision)
      .Integer(view.edit_micros)
      .Integer(view.removal_micros)
      .Text(view.remover_id)
      .Text(view.remover_name)
      .Text(view.removal_reason)
      .Text(comment.mentions)
      .EndRow();
  connection.Prepared<ThreadCommentRows>()
      .insert.Text(org_id)
      .Text(comment.invoice_id)
      .Integer(comment.sequence)
      .Integer(position)
      .EndRow();
}

void InsertThread(Connection& connection, std::string_view org_id, std::string_view invoice_id) {
  connection.Prepared<KnownThreadRows>().insert.Text(org_id).Text(invoice_id).EndRow();
}

}  // namespace marginalia
