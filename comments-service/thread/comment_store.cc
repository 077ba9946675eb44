#include "comments-service/thread/comment_store.h"

#include <charconv>

#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/text_array.h"

namespace marginalia {
namespace {

// A canonical UUID as two integers: a third of the text's bytes, so thrice the ids on a page.
struct UuidHalves {
  std::int64_t high = 0;
  std::int64_t low = 0;
};

std::int64_t HexValue(const std::string& digits, std::size_t from) {
  std::uint64_t value = 0;
  std::from_chars(digits.data() + from, digits.data() + from + 16, value, 16);
  return static_cast<std::int64_t>(value);
}

UuidHalves HalvesOf(std::string_view comment_id) {
  std::string digits;
  for (const char c : comment_id) {
    if (c != '-') digits.push_back(c);
  }
  digits.resize(32, '0');
  return {.high = HexValue(digits, 0), .low = HexValue(digits, 16)};
}

// Positions are asked for in statements of their own, so that a comment is always found by its
// whole key: of a join, PostgreSQL would rather go over the tenant's comments as long as it takes
// them for few.
struct SelectThreadHead {
  explicit SelectThreadHead(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT sequence, create_time FROM comments"
                          " WHERE org_id = :org_id AND position = (SELECT position"
                          " FROM thread_comments WHERE org_id = :same_org"
                          " AND invoice_id = :invoice_id ORDER BY sequence DESC LIMIT 1)",
                   soci::use(org_id), soci::use(org_id), soci::use(invoice_id),
                   soci::into(sequence), soci::into(create_time))) {}

  std::string org_id;
  std::string invoice_id;
  std::int64_t sequence = 0;
  std::int64_t create_time = 0;
  soci::statement statement;
};

struct SelectThreadLength {
  explicit SelectThreadLength(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT sequence FROM thread_comments"
                          " WHERE org_id = :org_id AND invoice_id = :invoice_id"
                          " ORDER BY sequence DESC LIMIT 1",
                   soci::use(org_id), soci::use(invoice_id), soci::into(sequence))) {}

  std::string org_id;
  std::string invoice_id;
  std::int64_t sequence = 0;
  soci::statement statement;
};

struct SelectComment {
  explicit SelectComment(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT invoice_id, sequence, author_id, author_name, body, create_time,"
                          " position FROM comments"
                          " WHERE org_id = :org_id AND position = (SELECT position"
                          " FROM comment_ids WHERE org_id = :same_org AND id_high = :id_high"
                          " AND id_low = :id_low)",
                   soci::use(org_id), soci::use(org_id), soci::use(id.high), soci::use(id.low),
                   soci::into(invoice_id), soci::into(sequence), soci::into(author_id),
                   soci::into(author_name), soci::into(body), soci::into(create_time),
                   soci::into(position))) {}

  std::string org_id;
  UuidHalves id;
  std::string invoice_id;
  std::int64_t sequence = 0;
  std::string author_id;
  std::string author_name;
  std::string body;
  std::int64_t create_time = 0;
  std::int64_t position = 0;
  soci::statement statement;
};

// Those of many threads at once.
struct SelectThreadHeads {
  explicit SelectThreadHeads(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT k.org_id, k.invoice_id, h.sequence,"
                          " (SELECT c.create_time FROM comments c"
                          " WHERE c.org_id = k.org_id AND c.position = h.position)"
                          " FROM unnest(CAST(:org_ids AS TEXT[]), CAST(:invoice_ids AS TEXT[]))"
                          " AS k (org_id, invoice_id) CROSS JOIN LATERAL"
                          " (SELECT t.sequence, t.position FROM thread_comments t"
                          " WHERE t.org_id = k.org_id AND t.invoice_id = k.invoice_id"
                          " ORDER BY t.sequence DESC LIMIT 1) AS h",
                   soci::use(org_ids), soci::use(invoice_ids), soci::into(org_id),
                   soci::into(invoice_id), soci::into(sequence), soci::into(create_time))) {}

  std::string org_ids;
  std::string invoice_ids;
  std::string org_id;
  std::string invoice_id;
  std::int64_t sequence = 0;
  std::int64_t create_time = 0;
  soci::statement statement;
};

struct SelectIds {
  explicit SelectIds(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT k.number FROM unnest(CAST(:org_ids AS TEXT[]),"
                          " CAST(:highs AS BIGINT[]), CAST(:lows AS BIGINT[]))"
                          " WITH ORDINALITY AS k (org_id, id_high, id_low, number)"
                          " JOIN comment_ids i ON i.org_id = k.org_id"
                          " AND i.id_high = k.id_high AND i.id_low = k.id_low",
                   soci::use(org_ids), soci::use(highs), soci::use(lows), soci::into(number))) {}

  std::string org_ids;
  std::string highs;
  std::string lows;
  std::int64_t number = 0;
  soci::statement statement;
};

struct InsertIdRow {
  explicit InsertIdRow(Connection& connection)
      : statement((connection.sql().prepare
                       << "INSERT INTO comment_ids (org_id, id_high, id_low, position)"
                          " VALUES (:org_id, :id_high, :id_low, :position)"
                          " ON CONFLICT DO NOTHING",
                   soci::use(org_id), soci::use(id.high), soci::use(id.low), soci::use(position))) {
  }

  std::string org_id;
  UuidHalves id;
  std::int64_t position = 0;
  soci::statement statement;
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
               "author_id, author_name, body, create_time)",
               {RowInsert::kText, RowInsert::kInteger, RowInsert::kText, RowInsert::kInteger,
                RowInsert::kText, RowInsert::kText, RowInsert::kText, RowInsert::kText,
                RowInsert::kInteger}) {}
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
               {RowInsert::kText, RowInsert::kText}) {}
  RowInsert insert;
};

}  // namespace

ThreadHead ReadThreadHead(Connection& connection, std::string_view org_id,
                          std::string_view invoice_id) {
  auto& select = connection.Prepared<SelectThreadHead>();
  select.org_id = org_id;
  select.invoice_id = invoice_id;
  if (!select.statement.execute(true)) return ThreadHead{};
  return ThreadHead{.sequence = select.sequence,
                    .create_time = absl::FromUnixMicros(select.create_time)};
}

std::int64_t ReadThreadLength(Connection& connection, std::string_view org_id,
                              std::string_view invoice_id) {
  auto& select = connection.Prepared<SelectThreadLength>();
  select.org_id = org_id;
  select.invoice_id = invoice_id;
  return select.statement.execute(true) ? select.sequence : 0;
}

std::optional<StoredComment> FindComment(Connection& connection, std::string_view org_id,
                                         std::string_view comment_id) {
  auto& select = connection.Prepared<SelectComment>();
  select.org_id = org_id;
  select.id = HalvesOf(comment_id);
  if (!select.statement.execute(true)) return std::nullopt;
  return StoredComment{.comment = {.comment_id = std::string(comment_id),
                                   .invoice_id = select.invoice_id,
                                   .author = {select.author_id, select.author_name},
                                   .body = select.body,
                                   .create_time = absl::FromUnixMicros(select.create_time),
                                   .sequence = select.sequence},
                       .position = select.position};
}

std::vector<std::pair<TenantThread, ThreadHead>> ReadThreadHeads(
    Connection& connection, const std::vector<TenantThread>& threads) {
  auto& select = connection.Prepared<SelectThreadHeads>();
  select.org_ids.clear();
  select.invoice_ids.clear();
  for (const TenantThread& thread : threads) {
    AppendToArray(select.org_ids, thread.org_id);
    AppendToArray(select.invoice_ids, thread.invoice_id);
  }
  CloseArray(select.org_ids);
  CloseArray(select.invoice_ids);
  std::vector<std::pair<TenantThread, ThreadHead>> heads;
  for (bool more = select.statement.execute(true); more; more = select.statement.fetch()) {
    heads.push_back({{select.org_id, select.invoice_id},
                     {select.sequence, absl::FromUnixMicros(select.create_time)}});
  }
  return heads;
}

std::vector<std::size_t> FindTakenIds(Connection& connection,
                                      const std::vector<TenantCommentId>& ids) {
  auto& select = connection.Prepared<SelectIds>();
  for (std::string* array : {&select.org_ids, &select.highs, &select.lows}) array->clear();
  for (const TenantCommentId& id : ids) {
    const UuidHalves halves = HalvesOf(id.comment_id);
    AppendToArray(select.org_ids, id.org_id);
    AppendToArray(select.highs, std::to_string(halves.high));
    AppendToArray(select.lows, std::to_string(halves.low));
  }
  for (std::string* array : {&select.org_ids, &select.highs, &select.lows}) CloseArray(*array);
  std::vector<std::size_t> taken;
  for (bool more = select.statement.execute(true); more; more = select.statement.fetch()) {
    taken.push_back(static_cast<std::size_t>(select.number) - 1);
  }
  return taken;
}

bool ClaimCommentId(Connection& connection, std::string_view org_id, std::string_view comment_id,
                    std::int64_t position) {
  auto& insert = connection.Prepared<InsertIdRow>();
  insert.org_id = org_id;
  insert.id = HalvesOf(comment_id);
  insert.position = position;
  insert.statement.execute(true);
  return insert.statement.get_affected_rows() == 1;
}

void InsertCommentId(Connection& connection, std::string_view org_id, std::string_view comment_id,
                     std::int64_t position) {
  const UuidHalves id = HalvesOf(comment_id);
  connection.Held<IdRows>()
      .insert.Text(org_id)
      .Integer(id.high)
      .Integer(id.low)
      .Integer(position)
      .EndRow();
}

void InsertComment(Connection& connection, std::string_view org_id, const Comment& comment,
                   std::int64_t position) {
  connection.Held<CommentRows>()
      .insert.Text(org_id)
      .Integer(position)
      .Text(comment.invoice_id)
      .Integer(comment.sequence)
      .Text(comment.comment_id)
      .Text(comment.author.user_id)
      .Text(comment.author.display_name)
      .Text(comment.body)
      .Integer(absl::ToUnixMicros(comment.create_time))
      .EndRow();
  connection.Held<ThreadCommentRows>()
      .insert.Text(org_id)
      .Text(comment.invoice_id)
      .Integer(comment.sequence)
      .Integer(position)
      .EndRow();
}

void InsertThread(Connection& connection, std::string_view org_id, std::string_view invoice_id) {
  connection.Held<KnownThreadRows>().insert.Text(org_id).Text(invoice_id).EndRow();
}

}  // namespace marginalia
