#include "gateway/api/events_api.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/http/target.h"
#include "services/errors/errors.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {
namespace {

constexpr std::string_view kLastEventId = "Last-Event-ID";
constexpr std::string_view kAfter = "after";

// Where the caller wants to go on. A browser that reconnects sends Last-Event-ID with the address
// that it first asked for, so the header is the newer one.
absl::StatusOr<std::optional<LogPoint>> ResumePoint(const ApiCall& call) {
  std::string_view field = kLastEventId;
  std::string token(call.request().Header(kLastEventId));
  if (token.empty()) {
    field = kAfter;
    auto after = QueryText(call.query(), kAfter);
    if (!after.ok()) return after.status();
    token = *std::move(after);
  }
  if (token.empty()) return std::nullopt;
  auto point =
      ParseConsistencyToken(token, TokenScope(call.caller()), field, "RESUME_TOKEN_INVALID");
  if (!point.ok()) return point.status();
  return *std::move(point);
}

}  // namespace

void EventsApi::ListChanges(ApiCall call) {
  auto after = ResumePoint(call);
  if (!after.ok()) return call.Fail(after.status());
  if (!*after) return call.Fail(InvalidField("after", "is required"));
  events_.ListChanges(std::move(call), **std::move(after));
}

void EventsApi::Open(ApiCall call) {
  auto after = ResumePoint(call);
  if (!after.ok()) return call.Fail(after.status());
  auto place = places_.Take(call.caller());
  if (!place.ok()) return call.Fail(place.status());
  events_.Open(std::move(call), *std::move(place), *std::move(after));
}

}  // namespace marginalia
