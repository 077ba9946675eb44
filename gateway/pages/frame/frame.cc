#include "gateway/pages/frame/frame.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/http/gate/viewer.h"
#include "gateway/pages/frame/assets.h"
#include "gateway/pages/frame/avatar.h"
#include "services/text/rfc3339.h"

namespace marginalia {

PageData FrameData(const ApiCallFacts& facts, std::string_view title) {
  PageData page;
  std::string now;
  page["title"] = std::string(title);
  AppendRfc3339(now, absl::Now());
  page["page_now"] = std::move(now);
  page["icon_path"] = std::string(AssetPath("icon.svg"));
  page["style_path"] = std::string(AssetPath("page.css"));
  page["script_path"] = std::string(AssetPath("leaf.js"));
  if (facts.token == nullptr) return page;
  const Caller& caller = facts.token->caller;
  PageData viewer;
  viewer["viewer_hue"] = absl::StrCat(AvatarHue(caller.user_id));
  viewer["viewer_letter"] = AvatarLetter(caller.display_name);
  viewer["viewer_name"] = std::string(ShownName(caller.display_name, caller.user_id));
  viewer["viewer_org"] = caller.org_id;
  viewer["can_sign_out"] = facts.by_cookie;
  page["page_viewer"] = ViewerName(caller);
  page["viewer"] = std::move(viewer);
  return page;
}

std::string_view ShownName(std::string_view display_name, std::string_view user_id) {
  return display_name.empty() ? user_id : display_name;
}

}  // namespace marginalia
