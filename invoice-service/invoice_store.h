// The rows of invoices and their lines. Stateless: each function works on the connection it is
// given, within the transaction that its caller is in. Throws what SOCI throws.
#ifndef MARGINALIA_INVOICE_SERVICE_INVOICE_STORE_H_
#define MARGINALIA_INVOICE_SERVICE_INVOICE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "invoice-service/invoice.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

class InvoiceStore {
 public:
  static std::vector<std::string> Schema();
  // What lists by the state and the activity of threads go by.
  static std::vector<std::string> ThreadStateSchema();
  // What lists by the status of invoices go by.
  static std::vector<std::string> StatusSchema();
  // When an invoice was sent, paid or withdrawn, and by whom.
  static std::vector<std::string> StatusChangesSchema();

  // By id (in lower case) or by number; nothing when the tenant has no such invoice.
  static std::optional<Invoice> Find(Connection& connection, const std::string& org_id,
                                     const std::string& id_or_number);
  // The same without reading the lines, which may be a thousand times as long; nobody has counted
  // the comments.
  static std::optional<InvoiceSummary> FindSummary(Connection& connection,
                                                   const std::string& org_id,
                                                   const std::string& id_or_number);

  // False, having written nothing: the id or the number is taken. `create_seal` stands for the
  // content it was created with, see FindCreateSeal.
  static bool Insert(Connection& connection, const std::string& org_id, const Invoice& invoice,
                     const std::string& create_seal);
  // What Insert was given for the invoice of this id.
  static std::optional<std::string> FindCreateSeal(Connection& connection,
                                                   const std::string& org_id,
                                                   const std::string& invoice_id);

  // Writes a new version over the one with `old_etag`, and what its status became if that has
  // changed with it. False, having written nothing: that is not the stored one any more.
  static bool Replace(Connection& connection, const std::string& org_id, const Invoice& invoice,
                      const std::string& old_etag);
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_INVOICE_STORE_H_
