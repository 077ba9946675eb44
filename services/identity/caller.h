// Who is calling, as a verified token says. A plain value: copy it freely, from any thread.
#ifndef MARGINALIA_SERVICES_IDENTITY_CALLER_H_
#define MARGINALIA_SERVICES_IDENTITY_CALLER_H_

#include <string>

namespace marginalia {

// In order for people: each may do all that the one before it may. A service stands outside.
enum class Role { kViewer = 1, kMember = 2, kAdmin = 3, kService = 4 };

struct Caller {
  // The tenant (claim "org"). Empty only for a service that acts for no single tenant.
  std::string org_id;
  // Stable within the tenant (claim "sub").
  std::string user_id;
  // What people call the caller (claim "name").
  std::string display_name;
  Role role = Role::kViewer;

  // A machine whose token names no tenant. One that names a tenant is confined to it like a person.
  bool acts_for_all_tenants() const { return role == Role::kService && org_id.empty(); }
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_CALLER_H_
