// A comment as pages show it, and what its reader may do with it. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_COMMENT_VIEW_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_COMMENT_VIEW_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/pages/frame/template.h"
#include "marginalia/comments/v1/comment.pb.h"
#include "services/identity/caller.h"

namespace marginalia {

// Whether the caller may comment.
bool CanComment(const Caller& caller);

// Whether the comment is one for the caller to edit, or to take away: what the page offers. The
// service decides, which also knows the time in which an author may.
bool CanEdit(const comments::v1::Comment& comment, const Caller& caller);
bool CanRemove(const comments::v1::Comment& comment, const Caller& caller);

// What a page does with a comment, below the invoice's page: "edit", "remove", "history".
std::string CommentPath(std::string_view path, std::string_view comment_id, std::string_view what);

// A comment of the list in thread.mustache. `path` is the invoice's page.
PageData CommentData(const comments::v1::Comment& comment, std::string_view path,
                     const Caller& caller, absl::Time now);

// Who wrote it, when, and what it says: what comment_body.mustache and its surroundings show.
PageData SaidData(const comments::v1::Comment& comment, absl::Time now);

// One version of a comment, in history_page.mustache.
PageData RevisionData(std::int64_t revision, const comments::v1::Author& editor, absl::Time time,
                      std::string_view body, bool erased, absl::Time now);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_COMMENT_VIEW_H_
