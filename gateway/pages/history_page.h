// What a comment has said: the page that its "edited" leads to. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_HISTORY_PAGE_H_
#define MARGINALIA_GATEWAY_PAGES_HISTORY_PAGE_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/pages/frame/template.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class HistoryPage {
 public:
  // Not owned; must outlive the calls.
  explicit HistoryPage(Upstream& upstream) : upstream_(upstream) {}

  // Oldest first, a page at a time.
  void Show(ApiCall call);

 private:
  Upstream& upstream_;
  const Template page_{"history_page"};
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_HISTORY_PAGE_H_
