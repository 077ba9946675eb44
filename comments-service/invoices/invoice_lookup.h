// Finds the thread that an invoice id of a request means. A thread with comments is known by
// itself; of any other invoice the directory is asked, with the caller's own identity. Without a
// directory every well-formed id is an invoice. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_INVOICES_INVOICE_LOOKUP_H_
#define MARGINALIA_COMMENTS_SERVICE_INVOICES_INVOICE_LOOKUP_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "comments-service/call_context.h"
#include "services/cache/lru.h"
#include "services/storage/database.h"

namespace marginalia {

inline constexpr std::size_t kKnownInvoicesMax = 32'768;
inline constexpr std::size_t kKnownInvoicesBytesMax = 16 * 1024 * 1024;

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

  // Invoices remembered now: at most kKnownInvoicesMax.
  std::size_t known() const { return known_.size(); }

 private:
  void Remember(std::string_view org_id, std::string_view invoice_id, const std::string& thread);
  void FindUnknown(const CallContext& call, std::string invoice_id, Answer<std::string> answer);

  Database& database_;
  InvoiceDirectory* const directory_;
  // Threads by tenant and invoice. Invoices are never removed, so what is known stays true.
  Lru<std::string> known_{{.entries_max = kKnownInvoicesMax, .bytes_max = kKnownInvoicesBytesMax}};
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_INVOICES_INVOICE_LOOKUP_H_
