// The use cases of invoices: read, list, create, edit, and move along their life. Thread-safe.
// Answers come through `done`, called once, perhaps before the call returns.
#ifndef MARGINALIA_INVOICE_SERVICE_INVOICES_H_
#define MARGINALIA_INVOICE_SERVICE_INVOICES_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "invoice-service/invoice.h"
#include "invoice-service/invoice_list.h"
#include "invoice-service/invoice_store.h"
#include "invoice-service/summary_cache.h"
#include "services/identity/caller.h"
#include "services/process/stopwatch.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

inline constexpr std::size_t kInvoiceIdCharactersMax = 64;
inline constexpr std::size_t kBatchInvoicesMax = 100;

struct CountedInvoice {
  Invoice invoice;
  // Nothing while nobody knows.
  std::optional<CommentCount> comments;
};

// What a request calls an invoice, as the store looks it up: a UUID in lower case, or a number.
// Errors: INVALID_ARGUMENT about `field`; NOT_FOUND for what can be neither.
absl::StatusOr<std::string> InvoiceKey(std::string_view id_or_number, std::string_view field);

// NOT_FOUND (INVOICE_NOT_FOUND) of what a request calls an invoice.
absl::Status InvoiceNotFound(std::string_view id_or_number);

class Invoices {
 public:
  using InvoiceDone = absl::AnyInvocable<void(absl::StatusOr<Invoice>)>;
  using CountedDone = absl::AnyInvocable<void(absl::StatusOr<std::optional<CountedInvoice>>)>;
  using SummariesDone =
      absl::AnyInvocable<void(absl::StatusOr<std::vector<std::optional<InvoiceSummary>>>)>;
  using PageDone = absl::AnyInvocable<void(absl::StatusOr<SummaryPage>)>;
  using Clock = std::function<absl::Time()>;

  // Nothing is owned; all must outlive the use cases. `cache` is told of what changes.
  Invoices(Database& database, GroupCommit& writes, SummaryCache& cache, Clock clock = absl::Now);

  // The invoice of this key (see InvoiceKey); nothing when the tenant does not have it.
  void Read(const Caller& caller, std::string key, SteadyTime deadline, CountedDone done);

  // The summaries of these, in one snapshot, in their order; nothing in the place of one that the
  // tenant does not have.
  void ReadSummaries(const Caller& caller, std::vector<std::string> keys, SteadyTime deadline,
                     SummariesDone done);

  // Up to `limit` summaries behind the list's place. What is overdue is so today, in UTC.
  void List(const Caller& caller, SummaryList list, int limit, SteadyTime deadline, PageDone done);

  // `invoice_id` empty: one is made, and a repetition is another invoice. Errors: INVALID_ARGUMENT,
  // ALREADY_EXISTS (INVOICE_NUMBER_TAKEN, INVOICE_ID_REUSED).
  void Create(const Caller& caller, std::string_view invoice_id, const InvoiceContent& content,
              SteadyTime deadline, InvoiceDone done);

  // Replaces the content of a draft; its number stays (empty or the same). Errors:
  // INVALID_ARGUMENT, NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (INVOICE_NOT_DRAFT).
  void Update(const Caller& caller, std::string_view id_or_number, InvoiceContent content,
              std::string etag, SteadyTime deadline, InvoiceDone done);

  // Moves the invoice along its life. Not idempotent: repeating it after a lost answer is ABORTED,
  // because the etag is then that of an older version; read the invoice to see what became of it.
  // Errors: as Update, with FAILED_PRECONDITION (INVOICE_STATUS_INVALID).
  void Move(const Caller& caller, std::string_view id_or_number, InvoiceAction action,
            std::string etag, SteadyTime deadline, InvoiceDone done);

 private:
  // Makes the next version out of the stored invoice, or refuses.
  using Edit = absl::AnyInvocable<absl::Status(Invoice& invoice)>;
  void Change(const Caller& caller, std::string_view id_or_number, std::string_view id_field,
              std::string etag, SteadyTime deadline, Edit edit, InvoiceDone done);

  Database& database_;
  GroupCommit& writes_;
  SummaryCache& cache_;
  const Clock clock_;
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_INVOICES_H_
