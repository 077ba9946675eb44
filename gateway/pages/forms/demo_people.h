// The people of a demo, each with a token: what the sign-in page of a demo offers. deploy/run has
// the file written, readable by its owner only, and renews it.
#ifndef MARGINALIA_GATEWAY_PAGES_FORMS_DEMO_PEOPLE_H_
#define MARGINALIA_GATEWAY_PAGES_FORMS_DEMO_PEOPLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace marginalia {

struct DemoIdentity {
  std::string org_id;
  std::string org_name;
  std::string user_id;
  std::string display_name;
  std::string role;
  std::string token;

  // "dana@northlight"
  std::string key() const { return user_id + "@" + org_id; }
};

// Reads [{org, org_name, user_id, display_name, role, token}]. Errors name the file, for the log,
// and never what it holds.
absl::StatusOr<std::vector<DemoIdentity>> ReadDemoPeople(const std::string& path);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FORMS_DEMO_PEOPLE_H_
