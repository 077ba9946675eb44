// The list of the tenant's invoices. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_INVOICE_LIST_PAGE_H_
#define MARGINALIA_GATEWAY_PAGES_INVOICE_LIST_PAGE_H_

#include "gateway/http/api_call.h"
#include "gateway/pages/frame/template.h"
#include "gateway/pages/views/activity.h"
#include "gateway/upstream/invoice_list_query.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class InvoiceListPage {
 public:
  // Not owned; must outlive the calls.
  explicit InvoiceListPage(Upstream& upstream) : upstream_(upstream) {}

  void Show(ApiCall call);
  // The site's front door leads here.
  void ShowFromRoot(ApiCall call);

 private:
  void Render(ApiCall call, const InvoiceListQuery& asked,
              const invoices::v1::ListInvoiceSummariesResponse& found, const Activity& activity);

  Upstream& upstream_;
  const Template page_{"invoice_list_page"};
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_INVOICE_LIST_PAGE_H_
