// Signing in and out in a browser. A demo offers its people to choose from; a real deployment has
// none of that: there a proxy in front signs people in and sends their token along. Called on the
// io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_FORMS_SIGN_IN_H_
#define MARGINALIA_GATEWAY_PAGES_FORMS_SIGN_IN_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/pages/frame/template.h"
#include "services/identity/token_verifier.h"

namespace marginalia {

class SignIn {
 public:
  // Ends what a session has open, and refuses it until its token expires.
  using EndSession =
      std::function<void(std::string_view session, absl::Time expires, absl::Time now)>;

  // `demo_people_path` is the file of demo_people.h, read anew each time; empty: there is nobody to
  // choose from, and no page to do it on. The tokens are not owned and must outlive the calls.
  SignIn(std::string demo_people_path, TokenVerifier& tokens, EndSession end_session)
      : demo_people_path_(std::move(demo_people_path)),
        tokens_(tokens),
        end_session_(std::move(end_session)) {}

  void Show(ApiCall call);
  // Gives the browser a session with the chosen person's token, in the place of the one that it may
  // have, and sends it on.
  void Choose(ApiCall call);
  // Ends the browser's session.
  void Leave(ApiCall call);

 private:
  const std::string demo_people_path_;
  TokenVerifier& tokens_;
  const EndSession end_session_;
  const Template page_{"sign_in_page"};
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FORMS_SIGN_IN_H_
