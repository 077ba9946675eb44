#include "gateway/pages/comment_form.h"

#include <string>
#include <utility>

#include "gateway/http/form_fields.h"
#include "gateway/http/problem.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "gateway/pages/frame/thread_order.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

using comments::v1::AddCommentRequest;
using comments::v1::AddCommentResponse;

// The page that reads its own write, with the comment on it. By the name that the person used.
std::string AddressAfter(const ApiCall& call, const AddCommentResponse& added) {
  const std::string& id = added.comment().comment_id();
  const auto order = OrderOf(call.request(), "");
  const bool is_elsewhere = order.ok() && *order == ThreadOrder::kOldestFirst;
  return WithQuery(
             InvoicePath(call.path_parameter(0)),
             {{"comment", is_elsewhere ? id : ""}, {"consistency", added.consistency_token()}}) +
         "#comment-" + id;
}

// Why a comment was not taken, for its author.
std::string ErrorText(const absl::Status& failure) {
  std::string text;
  for (const FieldViolation& violation : FieldViolationsOf(failure)) {
    if (!text.empty()) text += ' ';
    text += violation.field == "body" ? "The comment" : "The field " + violation.field;
    text += " " + violation.description + ".";
  }
  if (!text.empty()) return text;
  if (failure.code() == absl::StatusCode::kAlreadyExists) {
    return "A comment was posted from this form before, with another text. Look whether yours is "
           "there; if not, post it again.";
  }
  return "The comment was not posted: " + std::string(failure.message()) +
         ". Your text is still here; post it again.";
}

// Whether to send the same form again cannot help.
bool NeedsAnotherId(const absl::Status& failure) {
  return failure.code() == absl::StatusCode::kAlreadyExists || IsAbout(failure, "id");
}

}  // namespace

void CommentForm::Post(ApiCall call) {
  if (!IsForm(call.request())) return RefuseOtherThanForm(std::move(call));
  auto draft = DraftFromForm(call.request().body);
  if (!draft.ok()) return call.Fail(draft.status());
  AddCommentRequest request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_comment_id(draft->comment_id);
  request.set_body(draft->body);
  upstream_.AddComment(std::move(call), std::move(request),
                       [this, draft = *std::move(draft)](ApiCall call, const absl::Status& status,
                                                         const AddCommentResponse& added) mutable {
                         if (status.ok()) return call.Answer(SeeOther(AddressAfter(call, added)));
                         if (IsFinal(status)) return call.Fail(status);
                         const absl::Status failure = PublicStatus(status);
                         draft.error = ErrorText(failure);
                         if (draft.comment_id.empty() || NeedsAnotherId(failure)) {
                           draft.comment_id = NewDraft().comment_id;
                         }
                         page_.ShowAgain(std::move(call), HttpStatusOf(failure), std::move(draft));
                       });
}

}  // namespace marginalia
