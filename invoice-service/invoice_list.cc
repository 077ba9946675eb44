#include "invoice-service/invoice_list.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "invoice-service/invoice_words.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

// What an index leads through.
enum class Path {
  kNumber,
  kActivity,
  kStateAndNumber,
  kStateAndActivity,
  kStatusAndNumber,
  kDueDate,
  kWord
};

// Behind every word that begins like another.
constexpr char kLastCharacter[] = "\xF4\x8F\xBF\xBF";

Path PathOf(const SummaryList& list) {
  if (!list.words.empty()) return Path::kWord;
  if (list.overdue) return Path::kDueDate;
  const bool of_state = list.state != ThreadState::kUnknown;
  if (list.order == SummaryList::Order::kActivity) {
    return of_state ? Path::kStateAndActivity : Path::kActivity;
  }
  if (list.status) return Path::kStatusAndNumber;
  return of_state ? Path::kStateAndNumber : Path::kNumber;
}

constexpr const char* ConditionOf(Path path) {
  switch (path) {
    case Path::kNumber:
      return " AND i.number > :number ORDER BY i.number";
    case Path::kActivity:
      return " AND (i.activity_time, i.invoice_id) < (:time, :id) "
             "ORDER BY i.activity_time DESC, i.invoice_id DESC";
    case Path::kStateAndNumber:
      return " AND i.thread_state = :state AND i.number > :number ORDER BY i.number";
    case Path::kStateAndActivity:
      return " AND i.thread_state = :state AND (i.activity_time, i.invoice_id) < (:time, :id) "
             "ORDER BY i.activity_time DESC, i.invoice_id DESC";
    case Path::kStatusAndNumber:
      return " AND i.status = :status AND i.number > :number ORDER BY i.number";
    case Path::kDueDate:
      return " AND i.status = 2 AND i.due_date < :today "
             "AND (i.due_date, i.invoice_id) > (:due, :id) ORDER BY i.due_date, i.invoice_id";
    case Path::kWord:
      break;
  }
  return " AND (w.word, w.number) > (:word, :number) AND w.word < :end ORDER BY w.word, w.number";
}

constexpr const char* SourceOf(Path path) {
  // An invoice stands where its first such word does. Told of each row and no condition: of rows
  // that are left out a statement may go through any number.
  return path == Path::kWord
             ? "w.word, CASE WHEN EXISTS (SELECT 1 FROM invoice_words e WHERE e.org_id = :owner "
               "AND e.number = w.number AND e.word >= :beginning AND e.word < w.word) "
               "THEN 1 ELSE 0 END FROM invoice_words w JOIN invoices i ON i.org_id = w.org_id "
               "AND i.number = w.number LEFT JOIN comment_counts c "
               "ON c.org_id = i.org_id AND c.invoice_id = i.invoice_id WHERE w.org_id = :org"
             : "'', 0 FROM invoices i LEFT JOIN comment_counts c "
               "ON c.org_id = i.org_id AND c.invoice_id = i.invoice_id WHERE i.org_id = :org";
}

template <Path kPath>
struct ListStatement {
  explicit ListStatement(Connection& connection)
      : statement(connection,
                  absl::StrCat("SELECT i.invoice_id, i.number, i.customer_name, i.total, "
                               "i.currency, i.status, i.version, i.due_date, i.activity_time, "
                               "coalesce(c.comment_count, 0), coalesce(c.last_comment_time, 0), "
                               "coalesce(c.last_author_name, ''), i.thread_state, "
                               "coalesce(c.state_time, 0), ",
                               SourceOf(kPath), ConditionOf(kPath), " LIMIT :limit"),
                  [this](soci::statement& to) { Bind(to); }) {}

  void Bind(soci::statement& to) {
    if constexpr (kPath == Path::kWord) {
      to.exchange(soci::use(org_id));
      to.exchange(soci::use(beginning));
    }
    to.exchange(soci::use(org_id));
    BindPlace(to);
    to.exchange(soci::use(limit));
    to.exchange(soci::into(summary.invoice_id));
    to.exchange(soci::into(summary.number));
    to.exchange(soci::into(summary.customer_name));
    to.exchange(soci::into(summary.total));
    to.exchange(soci::into(summary.currency));
    to.exchange(soci::into(status));
    to.exchange(soci::into(summary.version));
    to.exchange(soci::into(summary.due_date));
    to.exchange(soci::into(summary.activity_time));
    to.exchange(soci::into(comment_count));
    to.exchange(soci::into(last_comment_time));
    to.exchange(soci::into(last_author_name));
    to.exchange(soci::into(thread_state));
    to.exchange(soci::into(state_time));
    to.exchange(soci::into(word));
    to.exchange(soci::into(stood_before));
  }

  // In the order in which the condition names them.
  void BindPlace(soci::statement& to) {
    if constexpr (kPath == Path::kStateAndNumber || kPath == Path::kStateAndActivity) {
      to.exchange(soci::use(asked_state));
    }
    if constexpr (kPath == Path::kStatusAndNumber) to.exchange(soci::use(asked_status));
    if constexpr (kPath == Path::kActivity || kPath == Path::kStateAndActivity) {
      to.exchange(soci::use(place.activity_time));
      to.exchange(soci::use(place.invoice_id));
    } else if constexpr (kPath == Path::kDueDate) {
      to.exchange(soci::use(place.today));
      to.exchange(soci::use(place.due_date));
      to.exchange(soci::use(place.invoice_id));
    } else if constexpr (kPath == Path::kWord) {
      to.exchange(soci::use(place.word));
      to.exchange(soci::use(place.number));
      to.exchange(soci::use(end));
    } else {
      to.exchange(soci::use(place.number));
    }
  }

  void Set(const std::string& org, const SummaryList& list, int most) {
    org_id = org;
    asked_state = static_cast<std::int64_t>(list.state);
    asked_status = list.status ? static_cast<std::int64_t>(*list.status) : 0;
    place = list;
    limit = most;
    if constexpr (kPath == Path::kWord) {
      beginning = list.words.front();
      if (place.word.empty()) place.word = beginning;
      end = beginning + kLastCharacter;
    }
  }

  // The first of them, and the next one; false: there is none.
  bool Run() { return Show(statement.Run()); }
  bool Fetch() { return Show(statement.Fetch()); }
  bool Show(bool fetched) {
    if (!fetched) return false;
    summary.status = static_cast<InvoiceStatus>(status);
    summary.comments = MakeCommentCount(comment_count, last_comment_time, last_author_name,
                                        thread_state, state_time);
    return true;
  }

  std::string org_id;
  std::int64_t asked_state = 0;
  std::int64_t asked_status = 0;
  std::string beginning;
  std::string end;
  SummaryList place;
  std::int64_t limit = 0;
  InvoiceSummary summary;
  std::int64_t status = 0;
  std::int64_t comment_count = 0;
  std::int64_t last_comment_time = 0;
  std::string last_author_name;
  std::int64_t thread_state = 0;
  std::int64_t state_time = 0;
  std::string word;
  std::int64_t stood_before = 0;  // 1: at an earlier word
  Statement statement;
};

// Whether something is asked for that the path does not lead through.
bool MustLookAtEach(const SummaryList& list, Path path) {
  const bool by_state = path == Path::kStateAndNumber || path == Path::kStateAndActivity;
  const bool by_status = path == Path::kStatusAndNumber || path == Path::kDueDate;
  return (list.state != ThreadState::kUnknown && !by_state) || (list.status && !by_status) ||
         (list.overdue && path != Path::kDueDate) || list.words.size() > 1;
}

bool IsAskedFor(const InvoiceSummary& summary, const SummaryList& list) {
  if (list.status && summary.status != *list.status) return false;
  if (list.overdue && (summary.status != InvoiceStatus::kSent || summary.due_date >= list.today)) {
    return false;
  }
  if (list.state != ThreadState::kUnknown && summary.comments->state != list.state) return false;
  return list.words.size() < 2 ||
         AreBegunBy(WordsOfInvoice(summary.number, summary.customer_name), list.words);
}

SummaryList Behind(const SummaryList& list, const InvoiceSummary& summary,
                   const std::string& word) {
  SummaryList rest = list;
  rest.number = summary.number;
  rest.word = word;
  rest.activity_time = summary.activity_time;
  rest.due_date = summary.due_date;
  rest.invoice_id = summary.invoice_id;
  return rest;
}

template <Path kPath>
SummaryPage Run(Connection& connection, const std::string& org_id, const SummaryList& list,
                int limit) {
  auto& statement = connection.Prepared<ListStatement<kPath>>();
  const bool looks_at_each = MustLookAtEach(list, kPath);
  SummaryPage page;
  SummaryList behind = list;
  for (int looked_at = 0; looked_at < kListScanMax;) {
    // One more than the page holds tells whether there is another.
    const int room = limit + 1 - static_cast<int>(page.summaries.size());
    const int most = looked_at == 0 && !looks_at_each ? room : kListScanMax - looked_at;
    statement.Set(org_id, behind, most);
    int seen = 0;
    // All are fetched, for a statement that is not read to its end would hold on to its snapshot.
    for (bool more = statement.Run(); more; more = statement.Fetch()) {
      ++seen;
      if (page.rest) continue;
      const bool found = statement.stood_before == 0 && IsAskedFor(statement.summary, list);
      if (found && page.summaries.size() == static_cast<std::size_t>(limit)) {
        page.rest = behind;
        continue;
      }
      if (found) page.summaries.push_back(statement.summary);
      behind = Behind(list, statement.summary, statement.word);
    }
    if (page.rest || seen < most) return page;
    looked_at += seen;
  }
  page.rest = behind;
  return page;
}

}  // namespace

SummaryPage ListSummaries(Connection& connection, const std::string& org_id,
                          const SummaryList& list, int limit) {
  switch (PathOf(list)) {
    case Path::kNumber:
      return Run<Path::kNumber>(connection, org_id, list, limit);
    case Path::kActivity:
      return Run<Path::kActivity>(connection, org_id, list, limit);
    case Path::kStateAndNumber:
      return Run<Path::kStateAndNumber>(connection, org_id, list, limit);
    case Path::kStateAndActivity:
      return Run<Path::kStateAndActivity>(connection, org_id, list, limit);
    case Path::kStatusAndNumber:
      return Run<Path::kStatusAndNumber>(connection, org_id, list, limit);
    case Path::kDueDate:
      return Run<Path::kDueDate>(connection, org_id, list, limit);
    case Path::kWord:
      break;
  }
  return Run<Path::kWord>(connection, org_id, list, limit);
}

}  // namespace marginalia
