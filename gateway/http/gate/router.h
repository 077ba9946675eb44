// Finds the route of a request. A template such as "/api/invoices/{id}/comments" matches segment by
// segment; "{…}" takes any one segment that is not empty. Immutable, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_ROUTER_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_ROUTER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace marginalia {

class ApiCall;

// Who may call a route.
enum class RouteAccess { kAnyone, kCallerOfATenant };

// What a route answers with: JSON for programs, a stream of events, a whole page for people, or a
// piece of a page for its script. Failures come in the same form, but that only a page sends people
// to sign in, and of a stream only those that pass (http/event_refusal.h).
enum class RouteForm { kApi, kPage, kFragment, kEvents };

inline bool IsForPrograms(RouteForm form) {
  return form == RouteForm::kApi || form == RouteForm::kEvents;
}

// One row of the public API.
struct Route {
  // "GET" answers HEAD as well.
  std::string_view method;
  std::string_view path;
  RouteAccess access = RouteAccess::kCallerOfATenant;
  // Called on the io thread.
  std::function<void(ApiCall)> handle;
  RouteForm form = RouteForm::kApi;
};

struct RouteMatch {
  // Null when no route takes this method, or this path.
  const Route* route = nullptr;
  // The route's place in the table.
  std::size_t index = 0;
  // What the "{…}" took, decoded, in order.
  std::vector<std::string> parameters;
  // The value of Allow when the path is known and the method is not; else empty.
  std::string allow;
};

class Router {
 public:
  // Fails, naming them, when two routes would match the same request.
  static absl::StatusOr<Router> Create(std::vector<Route> routes);

  // Errors: INVALID_ARGUMENT, reason TARGET_INVALID, when a segment is badly encoded.
  absl::StatusOr<RouteMatch> Match(std::string_view method, std::string_view path) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  // The segments of each route's path.
  std::vector<std::vector<std::string_view>> templates_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_ROUTER_H_
