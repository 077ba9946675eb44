// A page of a thread as the invoice page shows it. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_THREAD_VIEW_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_THREAD_VIEW_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/pages/frame/template.h"
#include "gateway/pages/frame/thread_order.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "marginalia/invoices/v1/invoice.pb.h"
#include "services/identity/caller.h"

namespace marginalia {

// Where a page of a thread stands.
struct ThreadPlace {
  // What the invoice is really called, as a UUID where that is known.
  std::string_view invoice_id;
  // The page of the invoice, such as "/invoices/INV-1042".
  std::string_view path;
  // Empty on the newest page.
  std::string_view cursor;
  // The comment that the page was asked for around, or "first"; empty on the newest page, and on
  // one that a cursor leads to.
  std::string_view around;
  // The value of `activity`, to be kept from page to page.
  std::string_view activity;
  // The comment that a link leads to; empty: none.
  std::string_view linked;
  // In which order the comments are shown.
  ThreadOrder order = ThreadOrder::kNewestFirst;
  // How far the caller has read it; null while nobody knows.
  const comments::v1::ReadState* read_state = nullptr;
  // What became of it stands among the comments; null: it cannot be had.
  const invoices::v1::Invoice* invoice = nullptr;
  // When the comment was written that is the next newer one to those of the page.
  absl::Time next_time = absl::InfiniteFuture();
};

// What thread.mustache shows of `page`; with it, for the page's script, the same data as JSON.
PageData ThreadData(const comments::v1::ListCommentsResponse& page, const ThreadPlace& place,
                    const Caller& caller, absl::Time now);

// The way to the other order of the comments.
PageData OrderData(ThreadOrder order, std::string_view path, std::string_view activity);

// Whether the thread is settled, and by whom; with the way to change that for whoever may.
PageData ThreadStateData(const comments::v1::Thread& thread, std::string_view path,
                         const Caller& caller, absl::Time now);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_THREAD_VIEW_H_
