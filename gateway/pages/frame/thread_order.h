// Which end of a thread its reader wants to begin with: said by ?order=newest or ?order=oldest, and
// kept by the browser in a cookie. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_THREAD_ORDER_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_THREAD_ORDER_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/http/message.h"

namespace marginalia {

enum class ThreadOrder { kNewestFirst, kOldestFirst };

// As the query says, else as the cookie does, else newest first. Errors: INVALID_ARGUMENT, field
// order, when the query says anything else.
absl::StatusOr<ThreadOrder> OrderOf(const HttpRequest& request, std::string_view query);

// "newest" or "oldest", as queries say it.
std::string_view OrderName(ThreadOrder order);

// The header line that makes a browser keep what the query says; empty when it says nothing.
std::string KeepOrder(std::string_view query, ThreadOrder order);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_THREAD_ORDER_H_
