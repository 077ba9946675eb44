// An invoice and the rules it must keep. Pure: no storage, no transport, no state. The message of a
// failed rule completes the sentence "<field> …".
#ifndef MARGINALIA_INVOICE_SERVICE_INVOICE_H_
#define MARGINALIA_INVOICE_SERVICE_INVOICE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace marginalia {

inline constexpr std::size_t kNumberCharactersMax = 40;
inline constexpr std::size_t kCustomerNameCharactersMax = 200;
inline constexpr std::size_t kEmailCharactersMax = 254;
inline constexpr std::size_t kTermsCharactersMax = 100;
inline constexpr std::size_t kLineItemsMax = 200;
inline constexpr std::size_t kDescriptionCharactersMax = 500;
inline constexpr std::size_t kQuantityCharactersMax = 50;
// Of all texts of an invoice together, in UTF-8: a thousand invoices may wait to be written.
inline constexpr std::size_t kTextBytesMax = 64 * 1024;
// Of a line and of a total, either way: what a JSON number carries exactly (RFC 8259, 6), so that
// no reader sees another amount. Ninety trillion dollars.
inline constexpr std::int64_t kMoneyMax = 9'007'199'254'740'991;

// As stored: never renumber.
enum class InvoiceStatus { kDraft = 1, kSent = 2, kPaid = 3, kVoid = 4 };

// What became of an invoice, when, and through whom.
struct StatusChange {
  InvoiceStatus status = InvoiceStatus::kDraft;
  absl::Time time;  // to the microsecond
  std::string actor_id;
  // As the actor was called then; may be empty.
  std::string actor_name;

  friend bool operator==(const StatusChange&, const StatusChange&) = default;
};

struct Customer {
  std::string name;
  std::string email;

  friend bool operator==(const Customer&, const Customer&) = default;
};

struct LineItem {
  std::string description;
  std::string quantity;
  // Minor units of the invoice's currency; negative for a discount.
  std::int64_t amount = 0;

  friend bool operator==(const LineItem&, const LineItem&) = default;
};

// What its writer decides on.
struct InvoiceContent {
  std::string number;
  Customer customer;
  std::string terms;
  std::string due_date;  // YYYY-MM-DD
  std::string currency;  // ISO 4217
  std::vector<LineItem> line_items;

  friend bool operator==(const InvoiceContent&, const InvoiceContent&) = default;
};

struct Invoice {
  std::string invoice_id;  // a UUID in lower case
  InvoiceContent content;
  std::int64_t total = 0;  // minor units
  InvoiceStatus status = InvoiceStatus::kDraft;
  std::int64_t version = 1;
  // Another one with each version.
  std::string etag;
  absl::Time create_time;  // to the microsecond
  // Oldest first. Those of before the service took note of them are not there.
  std::vector<StatusChange> status_changes;
};

// As in the contract.
enum class ThreadState : std::int64_t { kUnknown = 0, kOpen = 1, kResolved = 2 };

// How many comments an invoice has.
struct CommentCount {
  // Of those that are not removed.
  std::int64_t comment_count = 0;
  // Of the newest, a removed one too; unset while there is none.
  std::optional<absl::Time> last_comment_time;
  std::string last_author_name;
  ThreadState state = ThreadState::kOpen;
  // Unset while the thread was never resolved.
  std::optional<absl::Time> state_time;

  friend bool operator==(const CommentCount&, const CommentCount&) = default;
};

// As the rows have it: times in microseconds since 1970, 0 for none.
CommentCount MakeCommentCount(std::int64_t comment_count, std::int64_t last_comment_time,
                              std::string last_author_name, std::int64_t state,
                              std::int64_t state_time);

// What a list shows of an invoice.
struct InvoiceSummary {
  std::string invoice_id;
  std::string number;
  std::string customer_name;
  std::int64_t total = 0;
  std::string currency;
  InvoiceStatus status = InvoiceStatus::kDraft;
  std::int64_t version = 1;
  std::string due_date;
  // Nothing while nobody knows.
  std::optional<CommentCount> comments;
  // Where it stands among its tenant's when they are listed by activity.
  std::int64_t activity_time = 0;
};

InvoiceSummary SummaryOf(const Invoice& invoice, const std::optional<CommentCount>& comments);

// A rule that a field breaks. `field` is a path within the invoice such as "line_items[3].amount".
struct InvoiceViolation {
  std::string field;
  std::string description;
};

// What is wrong with the content's size, whatever it says: it is as much as is kept in memory.
std::vector<InvoiceViolation> CheckSize(const InvoiceContent& content);

// All that is wrong with the content of a new invoice; empty when nothing is. The total of content
// that passes is TotalOf(content).
std::vector<InvoiceViolation> CheckContent(const InvoiceContent& content);

// The same when an invoice is edited: it keeps its number, also one that no new invoice gets.
std::vector<InvoiceViolation> CheckEditedContent(const InvoiceContent& content);

// The sum of the lines; nothing beyond kMoneyMax.
std::optional<std::int64_t> TotalOf(const InvoiceContent& content);

// An id as services/text/path_id.h has it, of at most kNumberCharactersMax characters, and no UUID.
// What is wrong with `number`, as the end of the sentence "<field> …"; empty when nothing is.
std::string FaultOfNumber(std::string_view number);
// A day of the calendar in the form YYYY-MM-DD.
bool IsIsoDate(std::string_view text);

// A fresh etag: it says nothing, it only differs from every other one.
std::string NewEtag();

enum class InvoiceAction { kSend, kPay, kVoid };

// The status after `action`: DRAFT → SENT → PAID, VOID from DRAFT or SENT. Errors:
// FAILED_PRECONDITION with a message for people.
absl::StatusOr<InvoiceStatus> StatusAfter(InvoiceStatus status, InvoiceAction action);

// Moves the invoice on to the status after `action`, and takes note of it. `now` is the time unless
// the clock has gone back since the invoice was created or moved before. Errors: as StatusAfter.
absl::Status MoveOn(Invoice& invoice, InvoiceAction action, absl::Time now,
                    std::string_view actor_id, std::string_view actor_name);

// "DRAFT", "SENT", "PAID", "VOID".
std::string_view StatusName(InvoiceStatus status);

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_INVOICE_H_
