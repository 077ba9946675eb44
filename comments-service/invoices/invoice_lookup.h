// Finds the thread that an invoice id of a request means. A thread with comments is known by
// itself; of any other invoice the directory is asked, with the caller's own identity. Without a
// directory every well-formed id is an invoice. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_INVOICES_INVOICE_LOOKUP_H_
#define MARGINALIA_COMMENTS_SERVICE_INVOICES_INVOICE_LOOKUP_H_

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "comments-service/call_context.h"
#include "services/storage/database.h"

namespace marginalia {

inline constexpr std::size_t kKnownInvoicesMax = 32'768;

// Another service that knows which invoices there are. Thread-safe.
class InvoiceDirectory {
 public:
  virtual ~InvoiceDirectory() = default;

  // Answers with the invoice's own id, which `invoice_id` may be or stand for (a number such as
  // INV-1042). Errors: NOT_FOUND (INVOICE_NOT_FOUND) when the caller's tenant has no such invoice,
  // UNAVAILABLE (INVOICES_SERVICE_UNAVAILABLE) with RetryInfo.
  virtual void Find(const CallContext& call, const std::string& invoice_id,
                    Answer<std::string> answer) = 0;
};

// The one answer to an unknown invoice: it does not depend on what other tenants have.
absl::Status InvoiceNotFound();

class InvoiceLookup {
 public:
  // `directory` may be null; neither is owned.
  InvoiceLookup(Database& database, InvoiceDirectory* directory)
      : database_(database), directory_(directory) {}

  // Answers with the id that the thread is stored under. Errors: INVALID_ARGUMENT about
  // "invoice_id", and those of InvoiceDirectory.
  void Find(const CallContext& call, std::string invoice_id, Answer<std::string> answer);

 private:
  std::optional<std::string> Known(std::string_view org_id, std::string_view invoice_id);
  void Remember(std::string_view org_id, std::string_view invoice_id, const std::string& thread);
  void FindUnknown(const CallContext& call, std::string invoice_id, Answer<std::string> answer);

  Database& database_;
  InvoiceDirectory* const directory_;

  using KnownInvoices = absl::flat_hash_map<std::string, std::string>;
  std::mutex mutex_;
  // Invoices are never removed, so what is known stays true. Two generations bound the memory: a
  // full one becomes the older one, whose entries move back as they are used.
  KnownInvoices newer_;  // guarded by mutex_
  KnownInvoices older_;  // guarded by mutex_
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_INVOICES_INVOICE_LOOKUP_H_
