#include "gateway/pages/views/status_changes.h"

#include <string>

#include "gateway/pages/frame/frame.h"
#include "gateway/pages/views/page_time.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

using invoices::v1::Invoice;
using invoices::v1::StatusChange;

struct ChangeWords {
  const char* css_class;
  // What the actor did, after the name.
  const char* did;
};

ChangeWords WordsOf(const StatusChange& change) {
  switch (change.status()) {
    case invoices::v1::INVOICE_STATUS_SENT:
      return {"sent", "sent the invoice"};
    case invoices::v1::INVOICE_STATUS_PAID:
      return {"paid", "marked the invoice as paid"};
    case invoices::v1::INVOICE_STATUS_VOID:
      return {"void", "voided the invoice"};
    default:
      return {"changed", "changed the invoice"};
  }
}

PageData LineOf(const StatusChange& change, absl::Time now) {
  const ChangeWords words = WordsOf(change);
  const absl::Time time = TimeOf(change.time());
  PageData line;
  line["change_class"] = words.css_class;
  line["change_words"] = words.did;
  line["change_actor"] =
      std::string(ShownName(change.actor().display_name(), change.actor().user_id()));
  line["change_time"] = MachineTime(time);
  line["change_exact"] = ExactTime(time);
  line["change_ago"] = RelativeTime(time, now);
  return line;
}

}  // namespace

PageList StatusLines(const Invoice& invoice, absl::Time now) {
  return StatusLines(invoice, absl::InfinitePast(), absl::InfiniteFuture(), now);
}

PageList StatusLines(const Invoice& invoice, absl::Time from, absl::Time until, absl::Time now) {
  PageList lines;
  for (int i = invoice.status_changes_size() - 1; i >= 0; --i) {
    const StatusChange& change = invoice.status_changes(i);
    const absl::Time time = TimeOf(change.time());
    if (time >= from && time < until) lines.push_back(LineOf(change, now));
  }
  return lines;
}

}  // namespace marginalia
