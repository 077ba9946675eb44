#include "comments-service/comment_store.h"

#include <charconv>

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

struct SelectThreadHead {
  explicit SelectThreadHead(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT t.sequence, c.create_time FROM thread_comments t"
                          " JOIN comments c ON c.org_id = t.org_id AND c.position = t.position"
                          " WHERE t.org_id = :org_id AND t.invoice_id = :invoice_id"
                          " ORDER BY t.sequence DESC LIMIT 1",
                   soci::use(org_id), soci::use(invoice_id), soci::into(sequence),
                   soci::into(create_time))) {}

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

struct SelectThread {
  explicit SelectThread(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT 1 FROM threads"
                          " WHERE org_id = :org_id AND invoice_id = :invoice_id",
                   soci::use(org_id), soci::use(invoice_id), soci::into(found))) {}

  std::string org_id;
  std::string invoice_id;
  int found = 0;
  soci::statement statement;
};

struct SelectComment {
  explicit SelectComment(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT c.invoice_id, c.sequence, c.author_id, c.author_name, c.body,"
                          " c.create_time, c.position"
                          " FROM comment_ids i JOIN comments c"
                          " ON c.org_id = i.org_id AND c.position = i.position"
                          " WHERE i.org_id = :org_id AND i.id_high = :id_high"
                          " AND i.id_low = :id_low",
                   soci::use(org_id), soci::use(id.high), soci::use(id.low), soci::into(invoice_id),
                   soci::into(sequence), soci::into(author_id), soci::into(author_name),
                   soci::into(body), soci::into(create_time), soci::into(position))) {}

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

struct InsertCommentRow {
  explicit InsertCommentRow(Connection& connection)
      : statement(
            (connection.sql().prepare
                 << "INSERT INTO comments (org_id, invoice_id, sequence, comment_id, author_id,"
                    " author_name, body, create_time, position)"
                    " VALUES (:org_id, :invoice_id, :sequence, :comment_id, :author_id,"
                    " :author_name, :body, :create_time, :position)",
             soci::use(org_id), soci::use(invoice_id), soci::use(sequence), soci::use(comment_id),
             soci::use(author_id), soci::use(author_name), soci::use(body), soci::use(create_time),
             soci::use(position))) {}

  std::string org_id;
  std::string invoice_id;
  std::int64_t sequence = 0;
  std::string comment_id;
  std::string author_id;
  std::string author_name;
  std::string body;
  std::int64_t create_time = 0;
  std::int64_t position = 0;
  soci::statement statement;
};

struct InsertThreadCommentRow {
  explicit InsertThreadCommentRow(Connection& connection)
      : statement((connection.sql().prepare
                       << "INSERT INTO thread_comments (org_id, invoice_id, sequence, position)"
                          " VALUES (:org_id, :invoice_id, :sequence, :position)",
                   soci::use(org_id), soci::use(invoice_id), soci::use(sequence),
                   soci::use(position))) {}

  std::string org_id;
  std::string invoice_id;
  std::int64_t sequence = 0;
  std::int64_t position = 0;
  soci::statement statement;
};

struct InsertThreadRow {
  explicit InsertThreadRow(Connection& connection)
      : statement((connection.sql().prepare << "INSERT INTO threads (org_id, invoice_id)"
                                               " VALUES (:org_id, :invoice_id)",
                   soci::use(org_id), soci::use(invoice_id))) {}

  std::string org_id;
  std::string invoice_id;
  soci::statement statement;
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

bool ThreadExists(Connection& connection, std::string_view org_id, std::string_view invoice_id) {
  auto& select = connection.Prepared<SelectThread>();
  select.org_id = org_id;
  select.invoice_id = invoice_id;
  return select.statement.execute(true);
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

bool ClaimCommentId(Connection& connection, std::string_view org_id, std::string_view comment_id,
                    std::int64_t position) {
  auto& insert = connection.Prepared<InsertIdRow>();
  insert.org_id = org_id;
  insert.id = HalvesOf(comment_id);
  insert.position = position;
  insert.statement.execute(true);
  return insert.statement.get_affected_rows() == 1;
}

void InsertComment(Connection& connection, std::string_view org_id, const Comment& comment,
                   std::int64_t position) {
  auto& insert = connection.Prepared<InsertCommentRow>();
  insert.org_id = org_id;
  insert.invoice_id = comment.invoice_id;
  insert.sequence = comment.sequence;
  insert.comment_id = comment.comment_id;
  insert.author_id = comment.author.user_id;
  insert.author_name = comment.author.display_name;
  insert.body = comment.body;
  insert.create_time = absl::ToUnixMicros(comment.create_time);
  insert.position = position;
  insert.statement.execute(true);
  auto& place = connection.Prepared<InsertThreadCommentRow>();
  place.org_id = org_id;
  place.invoice_id = comment.invoice_id;
  place.sequence = comment.sequence;
  place.position = position;
  place.statement.execute(true);
}

void InsertThread(Connection& connection, std::string_view org_id, std::string_view invoice_id) {
  auto& insert = connection.Prepared<InsertThreadRow>();
  insert.org_id = org_id;
  insert.invoice_id = invoice_id;
  insert.statement.execute(true);
}

}  // namespace marginalia
