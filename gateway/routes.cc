#include "gateway/routes.h"

#include <functional>
#include <utility>

namespace marginalia {
namespace {

template <typename Api>
std::function<void(ApiCall)> To(Api& api, void (Api::*handle)(ApiCall)) {
  return [&api, handle](ApiCall call) { (api.*handle)(std::move(call)); };
}

}  // namespace

std::vector<Route> Routes(Apis& apis) {
  constexpr RouteAccess kAnyone = RouteAccess::kAnyone;
  constexpr RouteAccess kCaller = RouteAccess::kCallerOfATenant;
  // clang-format off
  return {
      {"GET",  "/api/invoices",               kCaller, To(apis.invoices, &InvoicesApi::List)},
      {"GET",  "/api/invoices/{id}",          kCaller, To(apis.invoices, &InvoicesApi::Get)},
      {"GET",  "/api/invoices/{id}/comments", kCaller, To(apis.comments, &CommentsApi::List)},
      {"POST", "/api/invoices/{id}/comments", kCaller, To(apis.comments, &CommentsApi::Add)},
      {"GET",  "/api/invoices/{id}/events",   kCaller, To(apis.events, &EventsApi::Open)},
      {"GET",  "/api/activity",               kCaller, To(apis.activity, &ActivityApi::List)},
      {"GET",  "/healthz",                    kAnyone, To(apis.health, &HealthApi::Live)},
      {"GET",  "/readyz",                     kAnyone, To(apis.health, &HealthApi::Ready)},
      {"GET",  "/openapi.json",               kAnyone, To(apis.health, &HealthApi::Describe)},
  };
  // clang-format on
}

}  // namespace marginalia
