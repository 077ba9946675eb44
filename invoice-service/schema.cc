#include "invoice-service/schema.h"

#include <string>
#include <utility>
#include <vector>

#include "invoice-service/comment_count_store.h"
#include "invoice-service/invoice_store.h"
#include "invoice-service/invoice_words.h"
#include "services/events/projection/position.h"
#include "services/storage/tenants.h"

namespace marginalia {
namespace {

std::vector<std::string> ThreadStates() {
  std::vector<std::string> statements = InvoiceStore::ThreadStateSchema();
  for (std::string& statement : CommentCountStore::ThreadStateSchema()) {
    statements.push_back(std::move(statement));
  }
  return statements;
}

std::vector<std::string> Searches() {
  std::vector<std::string> statements = InvoiceStore::StatusSchema();
  for (const auto& schema : {InvoiceWords::Schema(), TenantWall({"invoice_words"})}) {
    statements.insert(statements.end(), schema.begin(), schema.end());
  }
  return statements;
}

std::vector<std::string> StatusChanges() {
  std::vector<std::string> statements = InvoiceStore::StatusChangesSchema();
  for (std::string& statement : TenantWall({"invoice_status_changes"})) {
    statements.push_back(std::move(statement));
  }
  return statements;
}

}  // namespace

Migrations InvoiceMigrations() {
  std::vector<std::string> statements;
  for (const auto& schema :
       {InvoiceStore::Schema(), CommentCountStore::Schema(), ProjectionPosition::Schema()}) {
    statements.insert(statements.end(), schema.begin(), schema.end());
  }
  return {{1, "invoices and comment counts", std::move(statements)},
          {2, "staged counts by tenant", CommentCountStore::StagedByTenantSchema()},
          {3, "row-level security",
           TenantWall({"invoices", "invoice_lines", "comment_counts", "comment_counts_staged"})},
          {4, "keys of counts by bytes", CommentCountStore::KeysByBytesSchema()},
          {5, "states of threads, and lists by them", ThreadStates()},
          {6, "lists by status, and the words that are searched for", Searches()},
          {7, "when invoices were sent, paid and withdrawn", StatusChanges()}};
}

}  // namespace marginalia
