#include "comments-service/invoices/known_thread_store.h"

#include <string>

namespace marginalia {
namespace {

struct SelectThread {
  explicit SelectThread(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT 1 FROM threads"
                          " WHERE org_id = :org_id AND invoice_id = :invoice_id",
                   soci::use(org_id), soci::use(invoice_id), soci::into(found))) {}

  std::string org_id;
  std::string invoice_id;
  int found = 0;
  soci::statement statement;
};

}  // namespace

bool ThreadExists(Connection& connection, std::string_view org_id, std::string_view invoice_id) {
  auto& select = connection.Prepared<SelectThread>();
  select.org_id = org_id;
  select.invoice_id = invoice_id;
  return select.statement.execute(true);
}

}  // namespace marginalia
