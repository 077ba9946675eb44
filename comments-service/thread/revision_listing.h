// Lists what a comment has said, revision by revision. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_REVISION_LISTING_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_REVISION_LISTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/thread/store/revision_store.h"
#include "services/storage/database.h"

namespace marginalia {

struct RevisionsRequest {
  std::string invoice_id;
  std::string comment_id;
  std::int32_t page_size = 0;
  std::string page_token;
};

struct RevisionsPage {
  std::vector<Revision> revisions;
  std::string next_page_token;
};

class RevisionListing {
 public:
  // Neither is owned.
  RevisionListing(Database& database, InvoiceLookup& invoices)
      : database_(database), invoices_(invoices) {}

  // Oldest first. Of a removed comment for admins only.
  void List(const CallContext& call, RevisionsRequest request, Answer<RevisionsPage> answer);

 private:
  Database& database_;
  InvoiceLookup& invoices_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_REVISION_LISTING_H_
