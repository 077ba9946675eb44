#include "gateway/api/activity_api.h"

#include <utility>

#include "gateway/api/page_query.h"
#include "gateway/http/json_response.h"
#include "gateway/http/target.h"
#include "gateway/upstream/comment_json.h"
#include "gateway/upstream/recent_comments.h"
#include "services/errors/errors.h"

namespace marginalia {

void ActivityApi::List(ApiCall call) {
  comments::v1::ListRecentCommentsRequest request;
  if (absl::Status page = ReadPageQuery(call.query(), request); !page.ok()) {
    return call.Fail(page);
  }
  const auto mentioning = QueryText(call.query(), "mentioning");
  if (!mentioning.ok()) return call.Fail(mentioning.status());
  if (!mentioning->empty() && *mentioning != "me") {
    return call.Fail(InvalidField("mentioning", "must be \"me\""));
  }
  request.set_mentioning_me(!mentioning->empty());
  ListRecentCommentsWithInvoices(
      upstream_, std::move(call), request,
      [](ApiCall call, const absl::Status& status,
         const comments::v1::ListRecentCommentsResponse& page,
         const invoices::v1::BatchGetInvoiceSummariesResponse& invoices) {
        if (!status.ok()) return call.Fail(status);
        call.Answer(JsonResponse(200, ToJson(page, invoices), ""));
      });
}

}  // namespace marginalia
