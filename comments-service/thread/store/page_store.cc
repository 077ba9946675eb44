#include "comments-service/thread/store/page_store.h"

#include "absl/strings/str_cat.h"
#include "services/storage/connection/row_select.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

// SOCI reads as many rows as its vectors are long. One more than the limit makes it run the
// statement to its end, which lets go of SQLite's snapshot at once.
std::size_t RowsToAsk(std::int64_t limit) { return static_cast<std::size_t>(limit) + 1; }

void Resize(RecentRows& rows, std::size_t size) {
  rows.positions.resize(size);
  rows.invoice_ids.resize(size);
  rows.comments.Resize(size);
}

void Resize(ThreadCountRows& rows, std::size_t size) {
  rows.org_ids.resize(size);
  rows.invoice_ids.resize(size);
  rows.counts.resize(size);
  rows.last_comment_times.resize(size);
  rows.last_author_names.resize(size);
  rows.resolved.resize(size);
  rows.state_times.resize(size);
  rows.revisions.resize(size);
}

template <class Select, class... Values>
const auto& Run(Connection& connection, int limit, const Values&... values) {
  auto& select = connection.Prepared<Select>();
  Resize(select.rows, RowsToAsk(limit));
  if (!select.statement.Run(values..., limit)) Resize(select.rows, 0);
  return select.rows;
}

struct SelectThreadSpan {
  explicit SelectThreadSpan(Connection& connection)
      : rows(connection,
             "SELECT t.sequence, c.comment_id, c.author_id, c.author_name, c.body, c.create_time,"
             " c.revision, c.edit_time, c.removal_time, c.remover_id, c.remover_name,"
             " c.removal_reason, c.erased, c.mentions FROM thread_comments t"
             " JOIN comments c ON c.org_id = t.org_id AND c.position = t.position"
             " WHERE t.org_id = :org_id AND t.invoice_id = :invoice_id"
             " AND t.sequence BETWEEN :oldest AND :newest ORDER BY t.sequence DESC",
             {RowSelect::kText, RowSelect::kText, RowSelect::kInteger, RowSelect::kInteger},
             {RowSelect::kInteger, RowSelect::kText, RowSelect::kText, RowSelect::kText,
              RowSelect::kText, RowSelect::kInteger, RowSelect::kInteger, RowSelect::kInteger,
              RowSelect::kInteger, RowSelect::kText, RowSelect::kText, RowSelect::kText,
              RowSelect::kInteger, RowSelect::kText}) {}

  CommentView View(std::string_view invoice_id) const {
    const std::int64_t removal_time = rows.Integer(8);
    return CommentView{.comment_id = rows.Text(1),
                       .invoice_id = invoice_id,
                       .author_id = rows.Text(2),
                       .author_name = rows.Text(3),
                       .body = rows.Text(4),
                       .create_micros = rows.Integer(5),
                       .sequence = rows.Integer(0),
                       .revision = rows.Integer(6),
                       .edit_micros = rows.Integer(7),
                       .removal_micros = removal_time,
                       .remover_id = rows.Text(9),
                       .remover_name = rows.Text(10),
                       .removal_reason = rows.Text(11),
                       .erased = rows.Integer(12) != 0,
                       // A replica of the version before does not take them away.
                       .mentions = removal_time != 0 ? std::string_view() : rows.Text(13)};
  }

  RowSelect rows;
};

// What stands in each row, behind what the statement is asked with.
auto IntoRows(RecentRows& rows) {
  return [&rows](soci::statement& to) {
    to.exchange(soci::into(rows.positions));
    to.exchange(soci::into(rows.invoice_ids));
    ThreadRows& comments = rows.comments;
    to.exchange(soci::into(comments.sequences));
    to.exchange(soci::into(comments.comment_ids));
    to.exchange(soci::into(comments.author_ids));
    to.exchange(soci::into(comments.author_names));
    to.exchange(soci::into(comments.bodies));
    to.exchange(soci::into(comments.create_times));
    to.exchange(soci::into(comments.revisions));
    to.exchange(soci::into(comments.edit_times));
    to.exchange(soci::into(comments.removal_times));
    to.exchange(soci::into(comments.remover_ids));
    to.exchange(soci::into(comments.remover_names));
    to.exchange(soci::into(comments.removal_reasons));
    to.exchange(soci::into(comments.erased));
    to.exchange(soci::into(comments.mentions));
  };
}

template <class... Parameters>
struct SelectRecentRows {
  SelectRecentRows(Connection& connection, const char* sql)
      : statement(connection, sql, IntoRows(rows)) {}

  RecentRows rows = RecentRows{{0}, {""}, ThreadRows(1)};
  StatementWith<Parameters...> statement;
};

using SelectRecentPage = SelectRecentRows<std::string, std::int64_t, std::int64_t>;

struct SelectOlderRecentPage : SelectRecentPage {
  explicit SelectOlderRecentPage(Connection& connection)
      : SelectRecentPage(
            connection,
            "SELECT position, invoice_id, sequence, comment_id, author_id, author_name,"
            " body, create_time, revision, edit_time, removal_time, remover_id, remover_name,"
            " removal_reason, erased, mentions FROM comments"
            " WHERE org_id = :org_id AND position < :position"
            " ORDER BY position DESC LIMIT :limit") {}
};

struct SelectNewerRecentPage : SelectRecentPage {
  explicit SelectNewerRecentPage(Connection& connection)
      : SelectRecentPage(
            connection,
            "SELECT position, invoice_id, sequence, comment_id, author_id, author_name,"
            " body, create_time, revision, edit_time, removal_time, remover_id, remover_name,"
            " removal_reason, erased, mentions FROM comments"
            " WHERE org_id = :org_id AND position > :position"
            " ORDER BY position LIMIT :limit") {}
};

// The positions first, in a statement of their own, as of SelectThreadCounts.
using SelectMentions = SelectRecentRows<std::string, std::string, std::int64_t, std::int64_t>;

struct SelectOlderMentions : SelectMentions {
  explicit SelectOlderMentions(Connection& connection)
      : SelectMentions(
            connection,
            "WITH page AS MATERIALIZED (SELECT m.org_id, m.position FROM comment_mentions m"
            " WHERE m.org_id = :org_id AND m.user_id = :user_id AND m.position < :position"
            " ORDER BY m.position DESC LIMIT :limit)"
            " SELECT c.position, c.invoice_id, c.sequence, c.comment_id, c.author_id,"
            " c.author_name, c.body, c.create_time, c.revision, c.edit_time, c.removal_time,"
            " c.remover_id, c.remover_name, c.removal_reason, c.erased, c.mentions FROM page p"
            " JOIN comments c ON c.org_id = p.org_id AND c.position = p.position"
            " ORDER BY c.position DESC") {}
};

struct SelectNewerMentions : SelectMentions {
  explicit SelectNewerMentions(Connection& connection)
      : SelectMentions(
            connection,
            "WITH page AS MATERIALIZED (SELECT m.org_id, m.position FROM comment_mentions m"
            " WHERE m.org_id = :org_id AND m.user_id = :user_id AND m.position > :position"
            " ORDER BY m.position LIMIT :limit)"
            " SELECT c.position, c.invoice_id, c.sequence, c.comment_id, c.author_id,"
            " c.author_name, c.body, c.create_time, c.revision, c.edit_time, c.removal_time,"
            " c.remover_id, c.remover_name, c.removal_reason, c.erased, c.mentions FROM page p"
            " JOIN comments c ON c.org_id = p.org_id AND c.position = p.position"
            " ORDER BY c.position") {}
};

// The positions of the newest comments first, in a statement of their own: PostgreSQL then finds
// each comment by its whole key, also while it has no statistics of the table.
struct SelectThreadCounts {
  SelectThreadCounts(Connection& connection, const char* after)
      : statement(connection,
                  absl::StrCat(
                      "WITH page AS MATERIALIZED (SELECT t.org_id, t.invoice_id, t.removed_count,"
                      " t.resolved, t.state_time, t.change_count,"
                      " (SELECT position FROM thread_comments"
                      " WHERE org_id = t.org_id AND invoice_id = t.invoice_id"
                      " ORDER BY sequence DESC LIMIT 1) AS position FROM threads t WHERE ",
                      after,
                      "ORDER BY t.org_id, t.invoice_id LIMIT :limit)"
                      " SELECT p.org_id, p.invoice_id, coalesce(c.sequence, 0) - p.removed_count,"
                      " coalesce(c.create_time, 0), coalesce(c.author_name, ''), p.resolved,"
                      " p.state_time, coalesce(c.sequence, 0) + p.change_count"
                      " FROM page p LEFT JOIN comments c ON c.org_id = p.org_id"
                      " AND c.position = p.position ORDER BY p.org_id, p.invoice_id"),
                  soci::into(rows.org_ids), soci::into(rows.invoice_ids), soci::into(rows.counts),
                  soci::into(rows.last_comment_times), soci::into(rows.last_author_names),
                  soci::into(rows.resolved), soci::into(rows.state_times),
                  soci::into(rows.revisions)) {}

  ThreadCountRows rows = ThreadCountRows{{""}, {""}, {0}, {0}, {""}, {0}, {0}, {0}};
  StatementWith<std::string, std::string, std::int64_t> statement;
};

struct SelectAllThreadCounts : SelectThreadCounts {
  explicit SelectAllThreadCounts(Connection& connection)
      : SelectThreadCounts(connection, "(t.org_id, t.invoice_id) > (:org_id, :invoice_id) ") {}
};

struct SelectTenantsThreadCounts : SelectThreadCounts {
  explicit SelectTenantsThreadCounts(Connection& connection)
      : SelectThreadCounts(connection, "t.org_id = :org_id AND t.invoice_id > :invoice_id ") {}
};

}  // namespace

void ThreadRows::Resize(std::size_t size) {
  sequences.resize(size);
  comment_ids.resize(size);
  author_ids.resize(size);
  author_names.resize(size);
  bodies.resize(size);
  create_times.resize(size);
  revisions.resize(size);
  edit_times.resize(size);
  removal_times.resize(size);
  remover_ids.resize(size);
  remover_names.resize(size);
  removal_reasons.resize(size);
  erased.resize(size);
  mentions.resize(size);
}

CommentView ThreadRows::View(std::size_t row, std::string_view invoice_id) const {
  return CommentView{.comment_id = comment_ids[row],
                     .invoice_id = invoice_id,
                     .author_id = author_ids[row],
                     .author_name = author_names[row],
                     .body = bodies[row],
                     .create_micros = create_times[row],
                     .sequence = sequences[row],
                     .revision = revisions[row],
                     .edit_micros = edit_times[row],
                     .removal_micros = removal_times[row],
                     .remover_id = remover_ids[row],
                     .remover_name = remover_names[row],
                     .removal_reason = removal_reasons[row],
                     .erased = erased[row] != 0,
                     // A replica of the version before does not take them away.
                     .mentions = removal_times[row] != 0 ? std::string_view() : mentions[row]};
}

void ReadThreadSpan(Connection& connection, const ThreadRef& thread, const ThreadSpan& span,
                    absl::FunctionRef<void(const CommentView&)> show) {
  auto& select = connection.Prepared<SelectThreadSpan>();
  RowSelect& rows = select.rows;
  rows.With(thread.org_id).With(thread.invoice_id).With(span.oldest).With(span.newest);
  while (rows.Next()) show(select.View(thread.invoice_id));
}

const RecentRows& ReadOlderRecentComments(Connection& connection, std::string_view org_id,
                                          std::int64_t position, int limit) {
  return Run<SelectOlderRecentPage>(connection, limit, org_id, position);
}

const RecentRows& ReadNewerRecentComments(Connection& connection, std::string_view org_id,
                                          std::int64_t position, int limit) {
  return Run<SelectNewerRecentPage>(connection, limit, org_id, position);
}

const RecentRows& ReadOlderMentions(Connection& connection, std::string_view org_id,
                                    std::string_view user_id, std::int64_t position, int limit) {
  return Run<SelectOlderMentions>(connection, limit, org_id, user_id, position);
}

const RecentRows& ReadNewerMentions(Connection& connection, std::string_view org_id,
                                    std::string_view user_id, std::int64_t position, int limit) {
  return Run<SelectNewerMentions>(connection, limit, org_id, user_id, position);
}

const ThreadCountRows& ReadThreadCounts(Connection& connection, std::string_view org_id,
                                        std::string_view invoice_id, int limit) {
  return Run<SelectAllThreadCounts>(connection, limit, org_id, invoice_id);
}

const ThreadCountRows& ReadThreadCountsOf(Connection& connection, std::string_view org_id,
                                          std::string_view invoice_id, int limit) {
  return Run<SelectTenantsThreadCounts>(connection, limit, org_id, invoice_id);
}

}  // namespace marginalia
