#include "invoice-service/comment_counts.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "invoice-service/summary_cache.h"

namespace marginalia {
namespace {

// Rows a statement writes at once: a row at a time costs a round trip each on PostgreSQL, and a
// statement of its own for every number of rows would have to be prepared each time.
constexpr std::size_t kRowsMany = 64;
constexpr std::size_t kRowsSome = 8;

constexpr char kApplyHead[] =
    "INSERT INTO comment_counts "
    "(org_id, invoice_id, comment_count, last_comment_time, last_author_name, last_position) "
    "VALUES ";
// Counts only grow, so a smaller one is an older one. An equal one is the same event again.
constexpr char kApplyTail[] =
    " ON CONFLICT (org_id, invoice_id) DO UPDATE SET comment_count = excluded.comment_count, "
    "last_comment_time = excluded.last_comment_time, "
    "last_author_name = excluded.last_author_name, last_position = excluded.last_position "
    "WHERE excluded.comment_count >= comment_counts.comment_count";

constexpr char kStageHead[] =
    "INSERT INTO comment_counts_staged "
    "(org_id, invoice_id, comment_count, last_comment_time, last_author_name, run_id) VALUES ";

// What a row `c` and its staged row `s` look like when `c` is wrong. A larger count is right when
// an event wrote it that the snapshot need not contain.
constexpr char kDiffers[] =
    "(c.comment_count < s.comment_count "
    "OR (c.comment_count > s.comment_count AND c.last_position <= :newer_than) "
    "OR (c.comment_count = s.comment_count AND (c.last_comment_time <> s.last_comment_time "
    "OR c.last_author_name <> s.last_author_name)))";

// A row that the snapshot should contain and does not.
constexpr char kUnknown[] =
    "c.last_position <= :newer_than AND NOT EXISTS (SELECT 1 FROM comment_counts_staged s "
    "WHERE s.run_id = :run AND s.org_id = c.org_id AND s.invoice_id = c.invoice_id)";

// Writes a fixed number of rows at once.
class RowsStatement {
 public:
  RowsStatement(Connection& connection, std::string_view head, std::string_view tail,
                std::size_t row_count)
      : rows_(row_count), statement_(connection.sql()) {
    std::string sql(head);
    for (std::size_t i = 0; i < row_count; ++i) {
      absl::StrAppend(&sql, i == 0 ? "" : ", ", "(:o", i, ", :i", i, ", :c", i, ", :t", i, ", :a",
                      i, ", :n", i, ")");
    }
    sql += tail;
    statement_.alloc();
    statement_.prepare(sql);
    for (Row& row : rows_) {
      statement_.exchange(soci::use(row.org_id));
      statement_.exchange(soci::use(row.invoice_id));
      statement_.exchange(soci::use(row.comment_count));
      statement_.exchange(soci::use(row.last_comment_time));
      statement_.exchange(soci::use(row.last_author_name));
      statement_.exchange(soci::use(row.number));
    }
    statement_.define_and_bind();
  }

  // Writes as many of `threads` as fill whole statements; returns the rest.
  std::span<const ThreadCount> Write(std::span<const ThreadCount> threads,
                                     const std::int64_t* run_id) {
    while (threads.size() >= rows_.size()) {
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        const ThreadCount& thread = threads[i];
        rows_[i] = {thread.org_id,           thread.invoice_id,
                    thread.comment_count,    absl::ToUnixMicros(thread.last_comment_time),
                    thread.last_author_name, run_id != nullptr ? *run_id : thread.position};
      }
      statement_.execute(true);
      threads = threads.subspan(rows_.size());
    }
    return threads;
  }

 private:
  struct Row {
    std::string org_id;
    std::string invoice_id;
    std::int64_t comment_count = 0;
    std::int64_t last_comment_time = 0;
    std::string last_author_name;
    std::int64_t number = 0;  // the position, or the run of a staged row
  };
  std::vector<Row> rows_;  // bound: never resized
  soci::statement statement_;
};

// One insert, for any number of rows.
struct RowsWriter {
  RowsWriter(Connection& connection, std::string_view head, std::string_view tail)
      : many(connection, head, tail, kRowsMany),
        some(connection, head, tail, kRowsSome),
        one(connection, head, tail, 1) {}

  void Write(std::span<const ThreadCount> threads, const std::int64_t* run_id = nullptr) {
    one.Write(some.Write(many.Write(threads, run_id), run_id), run_id);
  }

  RowsStatement many;
  RowsStatement some;
  RowsStatement one;
};

struct ApplyRows : RowsWriter {
  explicit ApplyRows(Connection& connection) : RowsWriter(connection, kApplyHead, kApplyTail) {}
};
struct StageRows : RowsWriter {
  explicit StageRows(Connection& connection) : RowsWriter(connection, kStageHead, "") {}
};

struct FindStatement {
  explicit FindStatement(Connection& connection)
      : find((connection.sql().prepare
                  << "SELECT comment_count, last_comment_time, last_author_name "
                     "FROM comment_counts WHERE org_id = :org AND invoice_id = :id",
              soci::use(org_id), soci::use(invoice_id), soci::into(comment_count),
              soci::into(last_comment_time), soci::into(last_author_name))) {}

  std::string org_id;
  std::string invoice_id;
  std::int64_t comment_count = 0;
  std::int64_t last_comment_time = 0;  // microseconds since 1970
  std::string last_author_name;
  soci::statement find;
};

const std::vector<ThreadCount>& ThreadsOf(const Facts& facts) {
  return static_cast<const ThreadCounts&>(facts).threads;
}

}  // namespace

std::vector<std::string> CommentCounts::Schema() {
  return {
      "CREATE TABLE comment_counts ("
      "org_id TEXT NOT NULL, "
      "invoice_id TEXT NOT NULL, "
      "comment_count BIGINT NOT NULL, "
      "last_comment_time BIGINT NOT NULL, "
      "last_author_name TEXT NOT NULL, "
      "last_position BIGINT NOT NULL, "
      "PRIMARY KEY (org_id, invoice_id)) {clustered}",
      "CREATE TABLE comment_counts_staged ("
      "run_id BIGINT NOT NULL, "
      "org_id TEXT NOT NULL, "
      "invoice_id TEXT NOT NULL, "
      "comment_count BIGINT NOT NULL, "
      "last_comment_time BIGINT NOT NULL, "
      "last_author_name TEXT NOT NULL, "
      "PRIMARY KEY (run_id, org_id, invoice_id)) {clustered}"};
}

std::vector<std::string> CommentCounts::StagedByTenantSchema() {
  // Nothing is lost with the table: a run that finds its rows gone begins anew.
  return {"DROP TABLE comment_counts_staged",
          "CREATE TABLE comment_counts_staged ("
          "org_id TEXT NOT NULL, "
          "invoice_id TEXT NOT NULL, "
          "run_id BIGINT NOT NULL, "
          "comment_count BIGINT NOT NULL, "
          "last_comment_time BIGINT NOT NULL, "
          "last_author_name TEXT NOT NULL, "
          "PRIMARY KEY (org_id, invoice_id, run_id)) {clustered}"};
}

CommentCount CommentCounts::Find(Connection& connection, const std::string& org_id,
                                 const std::string& invoice_id) {
  auto& row = connection.Prepared<FindStatement>();
  row.org_id = org_id;
  row.invoice_id = invoice_id;
  if (!row.find.execute(true)) return {};
  return {row.comment_count, absl::FromUnixMicros(row.last_comment_time), row.last_author_name};
}

void CommentCounts::Apply(Connection& connection, const Facts& facts) {
  connection.Prepared<ApplyRows>().Write(ThreadsOf(facts));
}

void CommentCounts::Stage(Connection& connection, std::int64_t run_id, const Facts& facts) {
  connection.Prepared<StageRows>().Write(ThreadsOf(facts), &run_id);
}

std::int64_t CommentCounts::StagedRows(Connection& connection, std::int64_t run_id) {
  std::int64_t count = 0;
  connection.sql() << "SELECT count(*) FROM comment_counts_staged WHERE run_id = :run",
      soci::use(run_id), soci::into(count);
  return count;
}

void CommentCounts::ClearStaged(Connection& connection) {
  connection.sql() << "DELETE FROM comment_counts_staged";
}

std::int64_t CommentCounts::CountDiffering(Connection& connection, std::int64_t run_id,
                                           std::int64_t newer_than) {
  std::int64_t wrong = 0;
  connection.sql() << absl::StrCat(
      "SELECT count(*) FROM comment_counts_staged s LEFT JOIN comment_counts c "
      "ON c.org_id = s.org_id AND c.invoice_id = s.invoice_id "
      "WHERE s.run_id = :run AND (c.org_id IS NULL OR ",
      kDiffers, ")"),
      soci::use(run_id, "run"), soci::use(newer_than, "newer_than"), soci::into(wrong);
  std::int64_t unknown = 0;
  connection.sql() << absl::StrCat("SELECT count(*) FROM comment_counts c WHERE ", kUnknown),
      soci::use(newer_than, "newer_than"), soci::use(run_id, "run"), soci::into(unknown);
  return wrong + unknown;
}

std::int64_t CommentCounts::Replace(Connection& connection, std::int64_t run_id, std::int64_t as_of,
                                    std::int64_t newer_than) {
  soci::statement remove =
      (connection.sql().prepare << absl::StrCat("DELETE FROM comment_counts AS c WHERE ", kUnknown),
       soci::use(newer_than, "newer_than"), soci::use(run_id, "run"));
  remove.execute(true);
  const std::int64_t removed = remove.get_affected_rows();
  soci::statement write =
      (connection.sql().prepare << absl::StrCat(
           "INSERT INTO comment_counts AS c (org_id, invoice_id, comment_count, "
           "last_comment_time, last_author_name, last_position) "
           "SELECT org_id, invoice_id, comment_count, last_comment_time, last_author_name, "
           "CAST(:as_of AS BIGINT) FROM comment_counts_staged WHERE run_id = :run "
           "ON CONFLICT (org_id, invoice_id) DO UPDATE SET comment_count = excluded.comment_count, "
           "last_comment_time = excluded.last_comment_time, "
           "last_author_name = excluded.last_author_name, last_position = excluded.last_position "
           "WHERE ",
           absl::StrReplaceAll(kDiffers, {{"s.", "excluded."}})),
       soci::use(as_of, "as_of"), soci::use(run_id, "run"), soci::use(newer_than, "newer_than"));
  write.execute(true);
  return removed + write.get_affected_rows();
}

void CommentCounts::Invalidate(const Facts& facts) {
  for (const ThreadCount& thread : ThreadsOf(facts)) {
    cache_.Invalidate(thread.org_id, thread.invoice_id);
  }
}

void CommentCounts::InvalidateAll() { cache_.InvalidateAll(); }

}  // namespace marginalia
