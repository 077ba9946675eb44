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

std::vector<Route> Routes(Apis& apis, Pages& pages) {
  constexpr RouteAccess kAnyone = RouteAccess::kAnyone;
  constexpr RouteAccess kCaller = RouteAccess::kCallerOfATenant;
  constexpr RouteForm kPage = RouteForm::kPage;
  constexpr RouteForm kEvents = RouteForm::kEvents;
  constexpr RouteForm kFragment = RouteForm::kFragment;
  // clang-format off
  return {
      {"GET",  "/api/invoices",               kCaller, To(apis.invoices, &InvoicesApi::List)},
      {"GET",  "/api/invoices/{id}",          kCaller, To(apis.invoices, &InvoicesApi::Get)},
      {"GET",  "/api/invoices/{id}/comments", kCaller, To(apis.comments, &CommentsApi::List)},
      {"POST", "/api/invoices/{id}/comments", kCaller, To(apis.comments, &CommentsApi::Add)},
      {"GET",  "/api/invoices/{id}/comments/{commentId}", kCaller, To(apis.comments, &CommentsApi::Get)},
      {"PATCH", "/api/invoices/{id}/comments/{commentId}", kCaller, To(apis.thread, &ThreadApi::Edit)},
      {"DELETE", "/api/invoices/{id}/comments/{commentId}", kCaller, To(apis.thread, &ThreadApi::Remove)},
      {"GET",  "/api/invoices/{id}/comments/{commentId}/revisions", kCaller, To(apis.thread, &ThreadApi::ListRevisions)},
      {"POST", "/api/invoices/{id}/resolve",  kCaller, To(apis.thread, &ThreadApi::Resolve)},
      {"POST", "/api/invoices/{id}/reopen",   kCaller, To(apis.thread, &ThreadApi::Reopen)},
      {"GET",  "/api/invoices/{id}/changes",  kCaller, To(apis.events, &EventsApi::ListChanges)},
      {"GET",  "/api/invoices/{id}/events",   kCaller, To(apis.events, &EventsApi::Open), kEvents},
      {"GET",  "/api/invoices/{id}/evidence", kCaller, To(apis.evidence, &EvidenceApi::Export)},
      {"GET",  "/api/activity",               kCaller, To(apis.activity, &ActivityApi::List)},
      {"GET",  "/api/audit/checkpoint",       kCaller, To(apis.audit, &AuditApi::GetCheckpoint)},
      {"GET",  "/api/audit/proof",            kCaller, To(apis.audit, &AuditApi::GetProof)},
      {"GET",  "/api/audit/consistency",      kCaller, To(apis.audit, &AuditApi::GetConsistency)},
      {"POST", "/api/invoices/{id}/read",     kCaller, To(apis.readers, &ReadersApi::MarkRead)},
      {"GET",  "/api/people",                 kCaller, To(apis.readers, &ReadersApi::FindPeople)},
      {"GET",  "/healthz",                    kAnyone, To(apis.health, &HealthApi::Live)},
      {"GET",  "/readyz",                     kAnyone, To(apis.health, &HealthApi::Ready)},
      {"GET",  "/openapi.json",               kAnyone, To(apis.health, &HealthApi::Describe)},
      {"GET",  "/service_config.json",        kAnyone, To(apis.health, &HealthApi::DescribeClients)},

      {"GET",  "/",                           kAnyone, To(pages.invoices, &InvoiceListPage::ShowFromRoot), kPage},
      {"GET",  "/invoices",                   kCaller, To(pages.invoices, &InvoiceListPage::Show), kPage},
      {"GET",  "/invoices/{id}",              kCaller, To(pages.invoice, &InvoicePage::Show), kPage},
      {"GET",  "/invoices/{id}/summary",      kCaller, To(pages.invoice, &InvoicePage::ShowSummary), kFragment},
      {"GET",  "/invoices/{id}/comments",     kCaller, To(pages.invoice, &InvoicePage::ShowFromForm), kPage},
      {"POST", "/invoices/{id}/comments",     kCaller, To(pages.comment_form, &CommentForm::Post), kPage},
      {"GET",  "/invoices/{id}/comments/{commentId}/edit",    kCaller, To(pages.change_form, &ChangeForm::ShowEdit), kPage},
      {"POST", "/invoices/{id}/comments/{commentId}/edit",    kCaller, To(pages.change_form, &ChangeForm::Edit), kPage},
      {"GET",  "/invoices/{id}/comments/{commentId}/remove",  kCaller, To(pages.change_form, &ChangeForm::ShowRemove), kPage},
      {"POST", "/invoices/{id}/comments/{commentId}/remove",  kCaller, To(pages.change_form, &ChangeForm::Remove), kPage},
      {"GET",  "/invoices/{id}/comments/{commentId}/history", kCaller, To(pages.history, &HistoryPage::Show), kPage},
      {"GET",  "/invoices/{id}/resolve",      kCaller, To(pages.invoice, &InvoicePage::ShowFromForm), kPage},
      {"POST", "/invoices/{id}/resolve",      kCaller, To(pages.settle_form, &SettleForm::Resolve), kPage},
      {"GET",  "/invoices/{id}/reopen",       kCaller, To(pages.invoice, &InvoicePage::ShowFromForm), kPage},
      {"POST", "/invoices/{id}/reopen",       kCaller, To(pages.settle_form, &SettleForm::Reopen), kPage},
      {"GET",  "/invoices/{id}/record",       kCaller, To(pages.record, &RecordPage::Show), kPage},
      {"GET",  "/sign-in",                    kAnyone, To(pages.sign_in, &SignIn::Show), kPage},
      {"POST", "/sign-in",                    kAnyone, To(pages.sign_in, &SignIn::Choose), kPage},
      {"GET",  "/sign-out",                   kAnyone, To(pages.invoices, &InvoiceListPage::ShowFromRoot), kPage},
      {"POST", "/sign-out",                   kCaller, To(pages.sign_in, &SignIn::Leave), kPage},
      {"GET",  "/assets/{name}",              kAnyone, To(pages.assets, &AssetFiles::Get), kPage},
  };
  // clang-format on
}

}  // namespace marginalia
