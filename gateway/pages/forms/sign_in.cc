#include "gateway/pages/forms/sign_in.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/http/form_fields.h"
#include "gateway/http/gate/same_origin.h"
#include "gateway/http/gate/session_cookie.h"
#include "gateway/http/target.h"
#include "gateway/pages/forms/demo_people.h"
#include "gateway/pages/frame/avatar.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

absl::Status NoSignIn() {
  return Refusal(absl::StatusCode::kNotFound, "PATH_NOT_FOUND", "there is nothing at this path");
}

// Else the browser would throw the cookie away and be asked to sign in again, for ever.
absl::Status NeedsHttps() {
  return Refusal(absl::StatusCode::kFailedPrecondition, "SIGN_IN_INSECURE",
                 "a browser keeps a session only over HTTPS or on its own machine (localhost), and "
                 "this page came over plain HTTP from another one");
}

// What a role is to people.
std::string_view MayDo(std::string_view role) {
  if (role == "viewer") return "reads";
  if (role == "member") return "reads and writes";
  return role == "admin" ? "reads, writes and keeps order" : role;
}

PageData PersonData(const DemoIdentity& person, std::string_view next) {
  PageData data;
  data["next"] = std::string(next);
  data["person_key"] = person.key();
  data["person_hue"] = absl::StrCat(AvatarHue(person.user_id));
  data["person_letter"] = AvatarLetter(person.display_name);
  data["person_name"] = std::string(ShownName(person.display_name, person.user_id));
  data["person_role"] = std::string(MayDo(person.role));
  return data;
}

// One section for each run of people of one tenant.
PageData OrgsData(const std::vector<DemoIdentity>& people, std::string_view next) {
  PageList orgs;
  for (std::size_t begin = 0; begin < people.size();) {
    PageList members;
    std::size_t end = begin;
    for (; end < people.size() && people[end].org_id == people[begin].org_id; ++end) {
      members.push_back(PersonData(people[end], next));
    }
    PageData org;
    org["org_number"] = absl::StrCat(orgs.size() + 1);
    org["org_name"] = people[begin].org_name;
    org["people"] = PageData(members);
    orgs.push_back(std::move(org));
    begin = end;
  }
  return PageData(orgs);
}

}  // namespace

void SignIn::Show(ApiCall call) {
  if (demo_people_path_.empty()) return call.Fail(NoSignIn());
  const auto next = QueryText(call.query(), "next");
  if (!next.ok()) return call.Fail(next.status());
  const auto people = ReadDemoPeople(demo_people_path_);
  if (!people.ok()) return call.Fail(people.status());
  PageData page = FrameData(call.facts(), "Sign in");
  page["orgs"] = OrgsData(*people, LocalPath(*next));
  call.Answer(PageResponse(200, page_.Render(page)));
}

void SignIn::Choose(ApiCall call) {
  if (demo_people_path_.empty()) return call.Fail(NoSignIn());
  if (!IsForm(call.request())) return RefuseOtherThanForm(std::move(call));
  if (IsFromInsecurePage(call.request())) return call.Fail(NeedsHttps());
  const auto key = FormField(call.request().body, "person");
  if (!key.ok()) return call.Fail(key.status());
  const auto next = FormField(call.request().body, "next");
  if (!next.ok()) return call.Fail(next.status());
  const auto people = ReadDemoPeople(demo_people_path_);
  if (!people.ok()) return call.Fail(people.status());
  for (const DemoIdentity& person : *people) {
    if (person.key() != *key) continue;
    const auto token = tokens_.Verify(person.token);
    if (!token.ok()) return call.Fail(token.status());
    const absl::Time now = absl::Now();
    HttpResponse response = SeeOther(LocalPath(*next));
    response.headers += KeepSession(NewSession(person.token, now), (*token)->expires - now);
    // The session that it takes the place of. One whose token nobody knows here has nothing open.
    const std::string_view before = SessionOf(call.request());
    if (const auto known = tokens_.Known(TokenOfSession(before)); known && known->ok()) {
      end_session_(before, (**known)->expires, now);
    }
    return call.Answer(std::move(response));
  }
  call.Fail(InvalidField("person", "must be one of the people on the sign-in page"));
}

void SignIn::Leave(ApiCall call) {
  HttpResponse response = SeeOther(demo_people_path_.empty() ? "/invoices" : "/sign-in");
  response.headers += ForgetSession();
  if (call.facts().by_cookie) end_session_(call.credential(), call.token_expires(), absl::Now());
  call.Answer(std::move(response));
}

}  // namespace marginalia
