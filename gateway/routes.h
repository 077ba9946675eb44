// All that can be asked for over HTTP, on one screen. Add a route here, and one of the API to
// openapi.json.
#ifndef MARGINALIA_GATEWAY_ROUTES_H_
#define MARGINALIA_GATEWAY_ROUTES_H_

#include <vector>

#include "gateway/api/activity_api.h"
#include "gateway/api/audit_api.h"
#include "gateway/api/comments_api.h"
#include "gateway/api/events_api.h"
#include "gateway/api/evidence_api.h"
#include "gateway/api/health_api.h"
#include "gateway/api/invoices_api.h"
#include "gateway/api/readers_api.h"
#include "gateway/api/thread_api.h"
#include "gateway/http/gate/router.h"
#include "gateway/pages/asset_files.h"
#include "gateway/pages/change_form.h"
#include "gateway/pages/comment_form.h"
#include "gateway/pages/forms/sign_in.h"
#include "gateway/pages/history_page.h"
#include "gateway/pages/invoice_list_page.h"
#include "gateway/pages/invoice_page.h"
#include "gateway/pages/record_page.h"
#include "gateway/pages/settle_form.h"

namespace marginalia {

struct Apis {
  CommentsApi comments;
  ThreadApi thread;
  InvoicesApi invoices;
  EventsApi events;
  ActivityApi activity;
  AuditApi audit;
  EvidenceApi& evidence;
  ReadersApi readers;
  HealthApi health;
};

struct Pages {
  InvoiceListPage invoices;
  InvoicePage& invoice;
  CommentForm comment_form;
  ChangeForm change_form;
  HistoryPage history;
  SettleForm settle_form;
  RecordPage& record;
  SignIn sign_in;
  AssetFiles assets;
};

// Both must outlive the routes.
std::vector<Route> Routes(Apis& apis, Pages& pages);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_ROUTES_H_
