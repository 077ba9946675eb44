#include "gateway/http/gate/viewer.h"

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/form_fields.h"
#include "gateway/http/percent_encoding.h"
#include "gateway/http/target.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

absl::Status ViewerChanged(const Caller& caller) {
  const std::string& name = caller.display_name.empty() ? caller.user_id : caller.display_name;
  return Refusal(
      absl::StatusCode::kAborted, "VIEWER_CHANGED",
      absl::StrCat(name, " is signed in here now, and this page was made for somebody else"));
}

// What the request says of it; empty: nothing.
absl::StatusOr<std::string> NamedViewer(const ApiCallFacts& facts) {
  const HttpRequest& request = facts.exchange->request();
  const std::string_view header = request.Header(kViewerHeader);
  if (!header.empty()) return std::string(header);
  if (IsForm(request)) return FormField(request.body, kViewerField);
  if (facts.form == RouteForm::kEvents) return QueryText(facts.query, kViewerField);
  return std::string();
}

}  // namespace

std::string ViewerName(const Caller& caller) {
  return absl::StrCat(PercentEncode(caller.user_id), "@", PercentEncode(caller.org_id));
}

absl::Status CheckViewer(const ApiCallFacts& facts, const Caller& caller) {
  const absl::StatusOr<std::string> named = NamedViewer(facts);
  if (!named.ok()) return named.status();
  if (named->empty()) return absl::OkStatus();
  // Scripts escape some characters less than others do.
  const std::size_t at = named->find('@');
  const std::optional<std::string> user = PercentDecodeBytes(named->substr(0, at));
  const std::optional<std::string> org =
      PercentDecodeBytes(at == named->npos ? std::string() : named->substr(at + 1));
  return user == caller.user_id && org == caller.org_id ? absl::OkStatus() : ViewerChanged(caller);
}

}  // namespace marginalia
