#include "gateway/pages/history_page.h"

#include <utility>

#include "gateway/http/target.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "gateway/pages/views/comment_view.h"
#include "services/text/timestamp.h"
#include "services/tokens/page_token.h"

namespace marginalia {

using comments::v1::CommentRevision;
using comments::v1::ListCommentRevisionsRequest;
using comments::v1::ListCommentRevisionsResponse;

void HistoryPage::Show(ApiCall call) {
  ListCommentRevisionsRequest request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_comment_id(call.path_parameter(1));
  auto cursor = QueryText(call.query(), "cursor");
  if (!cursor.ok()) return call.Fail(cursor.status());
  request.set_page_token(*std::move(cursor));
  request.set_page_size(kPageSizeDefault);
  upstream_.ListCommentRevisions(
      std::move(call), request,
      [this](ApiCall call, const absl::Status& status, const ListCommentRevisionsResponse& answer) {
        if (!status.ok()) return call.Fail(status);
        const absl::Time now = absl::Now();
        const std::string path = InvoicePath(call.path_parameter(0));
        PageList revisions;
        for (const CommentRevision& each : answer.revisions()) {
          revisions.push_back(RevisionData(each.revision(), each.editor(), TimeOf(each.time()),
                                           each.body(), each.erased(), now));
        }
        PageData page = FrameData(call.facts(), "What the comment has said");
        page["invoice_name"] = call.path_parameter(0);
        page["back_href"] = WithQuery(path, {{"comment", call.path_parameter(1)}});
        page["revisions"] = PageData(revisions);
        if (!answer.next_page_token().empty()) {
          page["later_href"] = WithQuery(CommentPath(path, call.path_parameter(1), "history"),
                                         {{"cursor", answer.next_page_token()}});
        }
        call.Answer(PageResponse(200, page_.Render(page)));
      });
}

}  // namespace marginalia
