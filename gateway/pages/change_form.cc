#include "gateway/pages/change_form.h"

#include <utility>

#include "gateway/http/form_fields.h"
#include "gateway/http/gate/failure_pages.h"
#include "gateway/http/problem.h"
#include "gateway/pages/forms/comment_draft.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "gateway/pages/views/comment_view.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using comments::v1::EditCommentRequest;
using comments::v1::EditCommentResponse;
using comments::v1::GetCommentRequest;
using comments::v1::GetCommentResponse;
using comments::v1::RemoveCommentRequest;
using comments::v1::RemoveCommentResponse;
using Kind = CommentChange::Kind;

std::string PageOf(const ApiCall& call) { return InvoicePath(call.path_parameter(0)); }

// The thread at the comment, which shows what has become of it.
std::string AddressOf(const ApiCall& call, std::string_view token) {
  return WithQuery(PageOf(call), {{"comment", call.path_parameter(1)}, {"consistency", token}});
}

GetCommentRequest CommentOf(const ApiCall& call) {
  GetCommentRequest request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_comment_id(call.path_parameter(1));
  return request;
}

template <typename Request>
Request ChangeOf(const ApiCall& call, const CommentChange& change) {
  Request request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_comment_id(call.path_parameter(1));
  request.set_etag(change.etag);
  request.set_change_id(change.change_id);
  return request;
}

// As the service would refuse it.
absl::Status NotYours(Kind kind) {
  return Refusal(absl::StatusCode::kPermissionDenied, "NOT_THE_AUTHOR",
                 kind == Kind::kEdit ? "only its author may edit a comment"
                                     : "only its author or an admin may remove a comment");
}

// A browser drops the first line end in a textarea.
std::string InTextarea(const std::string& text) {
  return text.substr(0, 1) == "\n" ? "\n" + text : text;
}

PageData FormData(const ApiCall& call, const CommentChange& change) {
  const bool is_edit = change.kind == Kind::kEdit;
  PageData form;
  if (change.is_over) {
    form["form_action"] = PageOf(call) + "/comments";
    form["form_comment_id"] = NewDraft().comment_id;
  } else {
    form["form_action"] =
        CommentPath(PageOf(call), call.path_parameter(1), is_edit ? "edit" : "remove");
    form["form_etag"] = change.etag;
    form["form_change_id"] = change.change_id;
  }
  form["form_text"] = is_edit ? InTextarea(change.text) : change.text;
  return form;
}

}  // namespace

void ChangeForm::Show(ApiCall call, Kind kind) {
  GetCommentRequest request = CommentOf(call);
  upstream_.GetComment(
      std::move(call), request,
      [this, kind](ApiCall call, const absl::Status& status, const GetCommentResponse& answer) {
        if (!status.ok()) return call.Fail(status);
        const Comment& comment = answer.comment();
        if (comment.has_removal()) return call.Answer(SeeOther(AddressOf(call, "")));
        const bool may = kind == Kind::kEdit ? CanEdit(comment, call.caller())
                                             : CanRemove(comment, call.caller());
        if (!may) return call.Fail(NotYours(kind));
        Render(std::move(call), 200, NewChange(kind, comment), &comment);
      });
}

void ChangeForm::Edit(ApiCall call) {
  if (!IsForm(call.request())) return RefuseOtherThanForm(std::move(call));
  auto change = ChangeFromForm(Kind::kEdit, call.request().body);
  if (!change.ok()) return call.Fail(change.status());
  GetCommentRequest asked = CommentOf(call);
  upstream_.GetComment(
      std::move(call), asked,
      [this, change = *std::move(change)](ApiCall call, const absl::Status& status,
                                          const GetCommentResponse& answer) mutable {
        if (!status.ok()) return Conclude(std::move(call), status, std::move(change), "");
        auto request = ChangeOf<EditCommentRequest>(call, change);
        request.set_body(change.text);
        // The form says nothing of them: it goes on mentioning whom it mentions.
        *request.mutable_mentions() = answer.comment().mentions();
        upstream_.EditComment(
            std::move(call), request,
            [this, change = std::move(change)](ApiCall call, const absl::Status& status,
                                               const EditCommentResponse& edited) mutable {
              Conclude(std::move(call), status, std::move(change), edited.consistency_token());
            });
      });
}

void ChangeForm::Remove(ApiCall call) {
  if (!IsForm(call.request())) return RefuseOtherThanForm(std::move(call));
  auto change = ChangeFromForm(Kind::kRemove, call.request().body);
  if (!change.ok()) return call.Fail(change.status());
  // What the API demands by If-Match: nobody removes what he has not seen.
  if (change->etag.empty()) return call.Fail(InvalidField("etag", "is required"));
  auto request = ChangeOf<RemoveCommentRequest>(call, *change);
  request.set_reason(change->text);
  upstream_.RemoveComment(
      std::move(call), request,
      [this, change = *std::move(change)](ApiCall call, const absl::Status& status,
                                          const RemoveCommentResponse& removed) mutable {
        Conclude(std::move(call), status, std::move(change), removed.consistency_token());
      });
}

void ChangeForm::Conclude(ApiCall call, const absl::Status& status, CommentChange change,
                          const std::string& token) {
  if (status.ok()) return call.Answer(SeeOther(AddressOf(call, token)));
  if (IsFinal(status)) return call.Fail(status);
  ShowAgain(std::move(call), PublicStatus(status), std::move(change));
}

void ChangeForm::ShowAgain(ApiCall call, absl::Status failure, CommentChange change) {
  // From a service that is away nothing is to be had.
  if (IsPassing(failure)) {
    Refuse(change, failure, nullptr);
    return Render(std::move(call), HttpStatusOf(failure), change, nullptr);
  }
  GetCommentRequest request = CommentOf(call);
  upstream_.GetComment(
      std::move(call), request,
      [this, failure = std::move(failure), change = std::move(change)](
          ApiCall call, const absl::Status& status, const GetCommentResponse& answer) mutable {
        const Comment* const current = status.ok() ? &answer.comment() : nullptr;
        Refuse(change, failure, current);
        Render(std::move(call), HttpStatusOf(failure), change, current);
      });
}

void ChangeForm::Render(ApiCall call, int status, const CommentChange& change,
                        const Comment* current) {
  const bool is_edit = change.kind == Kind::kEdit;
  PageData page = FrameData(call.facts(), is_edit ? "Edit a comment" : "Remove a comment");
  page["invoice_name"] = call.path_parameter(0);
  page["back_href"] = AddressOf(call, "");
  if (!change.error.empty()) page["change_error"] = change.error;
  // What stands in the form already need not be shown twice.
  const bool shows_said =
      current != nullptr && !current->has_removal() && (!is_edit || current->body() != change.text);
  if (shows_said) {
    PageData said = SaidData(*current, absl::Now());
    said["said_label"] = "What the comment says now";
    page["said"] = std::move(said);
  }
  if (!change.is_over) {
    page[is_edit ? "edit_form" : "remove_form"] = FormData(call, change);
  } else if (is_edit) {
    page["move_on_form"] = FormData(call, change);
  }
  call.Answer(PageResponse(status, page_.Render(page)));
}

}  // namespace marginalia
