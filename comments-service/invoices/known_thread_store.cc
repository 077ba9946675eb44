#include "comments-service/invoices/known_thread_store.h"

#include <string>

#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

struct SelectThread {
  explicit SelectThread(Connection& connection)
      : statement(connection,
                  "SELECT 1 FROM threads"
                  " WHERE org_id = :org_id AND invoice_id = :invoice_id",
                  soci::into(found)) {}

  int found = 0;
  StatementWith<std::string, std::string> statement;
};

}  // namespace

bool ThreadExists(Connection& connection, std::string_view org_id, std::string_view invoice_id) {
  auto& select = connection.Prepared<SelectThread>();
  return select.statement.Run(org_id, invoice_id);
}

}  // namespace marginalia
