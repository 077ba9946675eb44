#include "gateway/http/gate/router.h"

#include <optional>
#include <utility>

#include "gateway/http/target.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

using Segments = std::vector<std::string_view>;

// "/a//b" has the segments "a", "" and "b".
Segments Split(std::string_view path) {
  Segments segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    segments.push_back(segment);
    path.remove_prefix(segment.size());
  }
  return segments;
}

bool IsParameter(std::string_view segment) { return !segment.empty() && segment.front() == '{'; }

bool Matches(const Segments& route, const Segments& path) {
  if (route.size() != path.size()) return false;
  for (std::size_t i = 0; i < route.size(); ++i) {
    if (IsParameter(route[i]) ? path[i].empty() : route[i] != path[i]) return false;
  }
  return true;
}

// Whether some path matches both.
bool Overlap(const Segments& left, const Segments& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] != right[i] && !IsParameter(left[i]) && !IsParameter(right[i])) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<Router> Router::Create(std::vector<Route> routes) {
  Router router;
  router.routes_ = std::move(routes);
  for (const Route& route : router.routes_) {
    const Segments segments = Split(route.path);
    for (std::size_t i = 0; i < router.templates_.size(); ++i) {
      const Route& other = router.routes_[i];
      if (other.method == route.method && Overlap(router.templates_[i], segments)) {
        return absl::AlreadyExistsError(
            "two routes match the same requests: " + std::string(other.method) + " " +
            std::string(other.path) + " and " + std::string(route.path));
      }
    }
    router.templates_.push_back(segments);
  }
  return router;
}

absl::StatusOr<RouteMatch> Router::Match(std::string_view method, std::string_view path) const {
  const std::string_view answered_as = method == "HEAD" ? "GET" : method;
  const Segments segments = Split(path);
  RouteMatch match;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (!Matches(templates_[i], segments)) continue;
    if (routes_[i].method != answered_as) {
      match.allow += match.allow.empty() ? "" : ", ";
      match.allow += routes_[i].method == "GET" ? "GET, HEAD" : routes_[i].method;
      continue;
    }
    match.route = &routes_[i];
    match.index = i;
    match.allow.clear();
    for (std::size_t segment = 0; segment < segments.size(); ++segment) {
      if (!IsParameter(templates_[i][segment])) continue;
      std::optional<std::string> decoded = PercentDecode(segments[segment]);
      if (!decoded) {
        return Refusal(absl::StatusCode::kInvalidArgument, "TARGET_INVALID",
                       "the path must be percent-encoded UTF-8 without control characters");
      }
      match.parameters.push_back(std::move(*decoded));
    }
    return match;
  }
  return match;
}

}  // namespace marginalia
