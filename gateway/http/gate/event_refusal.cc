#include "gateway/http/gate/event_refusal.h"

#include <algorithm>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/problem.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

constexpr absl::Duration kComeBackAfterMin = absl::Seconds(1);
constexpr absl::Duration kSpread = absl::Seconds(3);

std::int64_t ComeBackAfterMs(const absl::Status& failure) {
  static thread_local absl::BitGen random;
  return absl::ToInt64Milliseconds(std::max(RetryAfterOf(failure), kComeBackAfterMin)) +
         absl::Uniform<std::int64_t>(random, 0, absl::ToInt64Milliseconds(kSpread));
}

}  // namespace

bool TakesEventRefusal(const HttpRequest& request, const absl::Status& failure) {
  return IsPassing(failure) &&
         request.Header("accept").find("text/event-stream") != std::string_view::npos;
}

HttpResponse EventRefusal(const absl::Status& failure, std::string_view request_id) {
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers = "Cache-Control: no-store\r\n";
  response.body =
      absl::StrCat("retry: ", ComeBackAfterMs(failure),
                   "\n\nevent: stale\ndata: ", Problem(failure, request_id).body, "\n\n");
  response.close = true;
  return response;
}

}  // namespace marginalia
