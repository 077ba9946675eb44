#include "gateway/pages/frame/thread_order.h"

#include "absl/strings/str_cat.h"
#include "gateway/http/gate/session_cookie.h"
#include "gateway/http/target.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

constexpr std::string_view kParameter = "order";
constexpr std::string_view kCookie = "marginalia-order";
constexpr int kKeptSeconds = 365 * 24 * 60 * 60;

}  // namespace

std::string_view OrderName(ThreadOrder order) {
  return order == ThreadOrder::kOldestFirst ? "oldest" : "newest";
}

absl::StatusOr<ThreadOrder> OrderOf(const HttpRequest& request, std::string_view query) {
  const absl::StatusOr<std::string> said = QueryText(query, kParameter);
  if (!said.ok()) return said.status();
  for (const ThreadOrder order : {ThreadOrder::kNewestFirst, ThreadOrder::kOldestFirst}) {
    if (*said == OrderName(order)) return order;
  }
  if (!said->empty()) return InvalidField(kParameter, "must be newest or oldest");
  return CookieOf(request, kCookie) == OrderName(ThreadOrder::kOldestFirst)
             ? ThreadOrder::kOldestFirst
             : ThreadOrder::kNewestFirst;
}

std::string KeepOrder(std::string_view query, ThreadOrder order) {
  const absl::StatusOr<std::string> said = QueryText(query, kParameter);
  if (!said.ok() || said->empty()) return "";
  // For other people's eyes it is nothing, so it may go over any connection that a page may.
  return absl::StrCat("Set-Cookie: ", std::string(kCookie), "=", std::string(OrderName(order)),
                      "; Path=/invoices; HttpOnly; SameSite=Lax; Max-Age=", kKeptSeconds, "\r\n");
}

}  // namespace marginalia
