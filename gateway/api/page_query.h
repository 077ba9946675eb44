// Which page of a listing a URL's query asks for. Pure, thread-safe.
#ifndef MARGINALIA_GATEWAY_API_PAGE_QUERY_H_
#define MARGINALIA_GATEWAY_API_PAGE_QUERY_H_

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "gateway/http/target.h"

namespace marginalia {

// Reads `cursor` and `limit` into a request of the contract that has page_token and page_size.
// Errors: INVALID_FIELD of the one that is none.
template <class Request>
absl::Status ReadPageQuery(std::string_view query, Request& request) {
  auto cursor = QueryText(query, "cursor");
  if (!cursor.ok()) return cursor.status();
  request.set_page_token(*std::move(cursor));
  const auto limit = QueryLimit(query);
  if (!limit.ok()) return limit.status();
  request.set_page_size(*limit);
  return absl::OkStatus();
}

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_PAGE_QUERY_H_
