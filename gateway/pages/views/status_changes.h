// What became of an invoice, as quiet lines among the comments of its thread. Pure functions,
// thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_STATUS_CHANGES_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_STATUS_CHANGES_H_

#include "absl/time/time.h"
#include "gateway/pages/frame/template.h"
#include "marginalia/invoices/v1/invoice.pb.h"

namespace marginalia {

// What status_change.mustache shows of each, newest first.
PageList StatusLines(const invoices::v1::Invoice& invoice, absl::Time now);

// The lines of those that came at `from` or later and before `until`, newest first.
PageList StatusLines(const invoices::v1::Invoice& invoice, absl::Time from, absl::Time until,
                     absl::Time now);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_STATUS_CHANGES_H_
