// The lists of invoices: which there are, and their rows. Whatever a list holds, a call costs the
// same however many invoices there are: an index leads through one of the things that are asked
// for, in its order, and a bounded number of what it leads to is looked at for the others.
// Stateless: works on the connection that it is given, within its caller's transaction, and throws
// what SOCI throws.
#ifndef MARGINALIA_INVOICE_SERVICE_INVOICE_LIST_H_
#define MARGINALIA_INVOICE_SERVICE_INVOICE_LIST_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "invoice-service/invoice.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// How many invoices a call looks at for what no index leads to.
inline constexpr int kListScanMax = 500;

// Which summaries, in which order, and behind which of them.
struct SummaryList {
  // kUnknown: of threads in any state.
  ThreadState state = ThreadState::kUnknown;
  // Nothing: of any.
  std::optional<InvoiceStatus> status;
  // Only what is SENT and was due before `today`, in order of the due date.
  bool overdue = false;
  std::string today;
  // Each must begin a word of the invoice (invoice_words.h): in order of the word that the first of
  // them begins, and of number.
  std::vector<std::string> words;
  // Where there is neither of the two.
  enum class Order { kNumber, kActivity } order = Order::kNumber;

  // Behind which: by number, or by the word and number,
  std::string number;
  std::string word;
  // by activity, newest first, or by the due date, and then by id.
  std::int64_t activity_time = std::numeric_limits<std::int64_t>::max();
  std::string due_date;
  std::string invoice_id;
};

struct SummaryPage {
  std::vector<InvoiceSummary> summaries;
  // The list behind all that was looked at; nothing: it ends here.
  std::optional<SummaryList> rest;
};

// The next summaries of the list, at most so many.
SummaryPage ListSummaries(Connection& connection, const std::string& org_id,
                          const SummaryList& list, int limit);

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_INVOICE_LIST_H_
