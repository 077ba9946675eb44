// The whole public API on one screen. Add a route here, and to openapi.json.
#ifndef MARGINALIA_GATEWAY_ROUTES_H_
#define MARGINALIA_GATEWAY_ROUTES_H_

#include <vector>

#include "gateway/activity_api.h"
#include "gateway/comments_api.h"
#include "gateway/events_api.h"
#include "gateway/health_api.h"
#include "gateway/invoices_api.h"
#include "gateway/router.h"

namespace marginalia {

struct Apis {
  CommentsApi comments;
  InvoicesApi invoices;
  EventsApi events;
  ActivityApi activity;
  HealthApi health;
};

// The apis must outlive the routes.
std::vector<Route> Routes(Apis& apis);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_ROUTES_H_
