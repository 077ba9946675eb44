// Editing and removing a comment without the page's script: each a page with one form. What is sent
// is what the API takes, and what is refused comes back with what was typed and with what the
// comment says by now. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_CHANGE_FORM_H_
#define MARGINALIA_GATEWAY_PAGES_CHANGE_FORM_H_

#include <optional>
#include <string>

#include "gateway/http/gate/api_call.h"
#include "gateway/pages/forms/comment_change.h"
#include "gateway/pages/frame/template.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class ChangeForm {
 public:
  // Not owned; must outlive the calls.
  explicit ChangeForm(Upstream& upstream) : upstream_(upstream) {}

  // The pages with the forms. One that is removed already leads back to where that is shown.
  void ShowEdit(ApiCall call) { Show(std::move(call), CommentChange::Kind::kEdit); }
  void ShowRemove(ApiCall call) { Show(std::move(call), CommentChange::Kind::kRemove); }

  // Each leads back to the comment, or shows the page again.
  void Edit(ApiCall call);
  void Remove(ApiCall call);

 private:
  void Show(ApiCall call, CommentChange::Kind kind);
  // Ends what was sent: `token` is that of the answer.
  void Conclude(ApiCall call, const absl::Status& status, CommentChange change,
                const std::string& token);
  void ShowAgain(ApiCall call, absl::Status failure, CommentChange change);
  void Render(ApiCall call, int status, const CommentChange& change,
              const comments::v1::Comment* current);

  Upstream& upstream_;
  const Template page_{"change_page"};
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_CHANGE_FORM_H_
