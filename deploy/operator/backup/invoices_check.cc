// Whether invoice-service's database is whole: the projection's position, and rows that belong
// together.
#include "deploy/operator/backup/database_facts.h"

namespace marginalia {
namespace {

constexpr Agreement kAgreements[] = {
    {"SELECT count(*) FROM invoice_lines l LEFT JOIN invoices i ON i.org_id = l.org_id"
     " AND i.invoice_id = l.invoice_id WHERE i.invoice_id IS NULL",
     "lines belong to no invoice: how many"},
    {"SELECT count(*) FROM comment_counts WHERE comment_count < 0",
     "comment counts are negative: how many"},
};

}  // namespace

absl::Status CheckInvoices(const SqliteFile& file, DatabaseFacts& facts) {
  SqliteRows projection(file, "SELECT log_id, position FROM projection_position WHERE id = 1");
  if (!projection.Next()) {
    return projection.status().ok() ? Damaged(file, "it has no position of its projection")
                                    : projection.status();
  }
  facts.log_id = projection.Text(0);
  facts.position = projection.Integer(1);
  const auto count = SelectInteger(file, "SELECT count(*) FROM invoices");
  if (!count.ok()) return count.status();
  facts.count = *count;
  absl::Status status;
  for (const Agreement& agreement : kAgreements) {
    if (status.ok()) status = CheckAgreement(file, agreement);
  }
  return status;
}

}  // namespace marginalia
