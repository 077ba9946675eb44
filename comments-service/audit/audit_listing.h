// Reads the audit log for its tenant's admins: in pages, narrowed by filters. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_LISTING_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_LISTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "comments-service/audit/audit_log.h"
#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"

namespace marginalia {

// Entries that one call looks at: a filter that matches little makes short pages, not long calls.
inline constexpr int kAuditScanMax = 1000;

struct AuditFilter {
  // Empty: any.
  std::string invoice_id;
  std::string actor_id;
  // From `start` on, before `end`.
  absl::Time start = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();
};

struct AuditPageRequest {
  std::int32_t page_size = 0;
  std::string page_token;
  AuditFilter filter;
};

struct AuditPage {
  std::vector<AuditEntry> entries;
  std::string next_page_token;
};

class AuditListing {
 public:
  // Neither is owned.
  AuditListing(Database& database, InvoiceLookup& invoices)
      : database_(database), invoices_(invoices) {}

  // Oldest first.
  void List(const CallContext& call, AuditPageRequest request, Answer<AuditPage> answer);

 private:
  void Read(const CallContext& call, AuditPageRequest request, Answer<AuditPage> answer);

  Database& database_;
  InvoiceLookup& invoices_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_LISTING_H_
