#include "gateway/pages/invoice_page_parts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/views/comment_view.h"
#include "gateway/pages/views/summary_view.h"
#include "gateway/pages/views/thread_view.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

PageData FormData(std::string_view path, const CommentDraft& draft) {
  PageData form;
  form["form_action"] = std::string(path) + "/comments";
  form["form_comment_id"] = draft.comment_id;
  // A browser drops the first line end in a textarea.
  form["form_text"] = (draft.body.substr(0, 1) == "\n" ? "\n" : "") + draft.body;
  if (!draft.error.empty()) form["form_error"] = draft.error;
  return form;
}

}  // namespace

std::string_view InvoicePageParts::around() const {
  if (!cursor.empty() || !linked.empty()) return cursor.empty() ? linked : std::string_view();
  return order == ThreadOrder::kOldestFirst ? "first" : "";
}

std::string InvoicePageParts::path() const {
  return invoice ? InvoicePath(invoice->invoice().number(), invoice->invoice().invoice_id())
                 : InvoicePath(asked_id);
}

std::string InvoicePageParts::invoice_id() const {
  if (invoice) return invoice->invoice().invoice_id();
  return thread && !thread->comments().empty() ? thread->comments(0).invoice_id() : asked_id;
}

std::string InvoicePageParts::number() const {
  return invoice ? invoice->invoice().number() : asked_id;
}

std::optional<std::int64_t> InvoicePageParts::count() const {
  if (thread && thread->has_thread()) return thread->thread().comment_count();
  const auto counted = invoice ? CountOf(invoice->summary()) : std::nullopt;
  if (!thread) return counted;
  return std::max<std::int64_t>(thread->total_size(), counted.value_or(0));
}

bool InvoicePageParts::may_be_before_next() const {
  if (!thread || thread->comments().empty()) return false;
  const comments::v1::Comment& newest = thread->comments(0);
  const auto& changes = invoice->invoice().status_changes();
  return newest.sequence() < thread->total_size() && !changes.empty() &&
         TimeOf(changes.rbegin()->time()) >= TimeOf(newest.create_time());
}

bool InvoicePageParts::is_at_newest() const {
  if (thread && thread->total_size() == 0) return true;
  return thread && cursor.empty() && !thread->comments().empty() &&
         (around().empty() || thread->comments(0).sequence() == thread->total_size());
}

PageData InvoicePageData(const InvoicePageParts& parts, const ApiCall& call, absl::Time now) {
  const std::string path = parts.path();
  const std::string invoice_id = parts.invoice_id();
  PageData page = FrameData(call.facts(), parts.number());
  page["invoice_id"] = invoice_id;
  if (const auto count = parts.count()) AddCount(page, *count);
  if (parts.invoice) {
    page["summary"] = SummaryData(*parts.invoice, parts.count(), now);
    if (!parts.thread && parts.count())
      page["count_age"] = CountAge(parts.invoice->freshness(), now);
  } else {
    page["summary_notice"] =
        "The invoice itself cannot be shown right now. Reload the page to try again.";
  }
  const std::string_view activity = parts.activity.shows;
  if (parts.thread) {
    const ThreadPlace place{.invoice_id = invoice_id,
                            .path = path,
                            .cursor = parts.cursor,
                            .around = parts.is_at_newest() ? "" : parts.around(),
                            .activity = activity,
                            .linked = parts.linked,
                            .order = parts.order,
                            .read_state = parts.read_state ? &*parts.read_state : nullptr,
                            .invoice = parts.invoice ? &parts.invoice->invoice() : nullptr,
                            .next_time = parts.next_time};
    if (parts.thread->has_thread()) {
      page["thread_state"] = ThreadStateData(parts.thread->thread(), path, call.caller(), now);
    }
    page["thread"] = ThreadData(*parts.thread, place, call.caller(), now);
    page["oldest_first"] = parts.order == ThreadOrder::kOldestFirst;
    if (parts.thread->total_size() > 1) {
      page["other_order"] = OrderData(parts.order, path, activity);
    }
    if (parts.linked_is_missing) {
      page["thread_notice"] = "The comment that the link leads to is not in this thread.";
    }
    // For whoever may write: of an empty thread nothing is to be proven.
    if (CanComment(call.caller()) && !parts.thread->comments().empty()) {
      page["evidence_href"] = absl::StrCat("/api", path, "/evidence");
      page["record_href"] = path + "/record";
    }
  } else {
    page["thread_notice"] = "The comments cannot be shown right now. Reload the page to try again.";
  }
  if (!parts.state_error.empty()) page["state_error"] = parts.state_error;
  // A draft that was not posted is shown whatever else is not.
  if (!CanComment(call.caller())) {
    page["read_only"] = true;
  } else if (parts.thread || !parts.draft.error.empty()) {
    page["form"] = FormData(path, parts.draft);
  }
  const auto address = [&](std::string_view shows) {
    return WithQuery(path,
                     {{"cursor", parts.cursor}, {"comment", parts.linked}, {"activity", shows}});
  };
  AddActivity(page, parts.activity, address, now);
  return page;
}

}  // namespace marginalia
