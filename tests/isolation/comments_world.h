// comments-service as its main puts it together, in this process: its use cases to be called
// straight, and a server for what only a stream can show. Beside it a directory of invoices in
// which the tenants have some ids and numbers in common.
#ifndef MARGINALIA_TESTS_ISOLATION_COMMENTS_WORLD_H_
#define MARGINALIA_TESTS_ISOLATION_COMMENTS_WORLD_H_

#include <memory>
#include <string>

#include "comments-service/audit/audit_listing.h"
#include "comments-service/readers/author_search.h"
#include "comments-service/readers/read_states.h"
#include "comments-service/thread/comment_listing.h"
#include "comments-service/thread/comments.h"
#include "comments-service/thread/imports.h"
#include "comments-service/thread/recent_listing.h"
#include "comments-service/verification/audit_verifier.h"
#include "tests/comments_service/client.h"

namespace marginalia {

// Of invoices 0 to kInvoices - 1 each tenant has its share, see InvoiceOf.
inline constexpr int kInvoices = 40;

std::string InvoiceId(int invoice);
std::string InvoiceNumber(int invoice);
// The invoice of the tenant that a number means; -1 when it has none of that number.
int InvoiceOf(const std::string& org_id, int number);

class CommentsWorld {
 public:
  explicit CommentsWorld(const std::string& database_url);
  // Drains.
  ~CommentsWorld();

  Comments& comments();
  Imports& imports();
  CommentListing& listing();
  RecentListing& recent();
  ReadStates& read_states();
  AuthorSearch& authors();
  AuditListing& audit();
  AuditVerifier& verifier();
  Client As(const Caller& caller) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_ISOLATION_COMMENTS_WORLD_H_
