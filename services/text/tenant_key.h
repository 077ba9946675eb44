// A key of a tenant and something of its own, for maps: no two pairs give the same, because an org
// holds no NUL. Pure, thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_TENANT_KEY_H_
#define MARGINALIA_SERVICES_TEXT_TENANT_KEY_H_

#include <string>
#include <string_view>

namespace marginalia {

// Into a text that is there already, for whoever asks often.
inline void SetTenantKey(std::string& key, std::string_view org_id, std::string_view id) {
  key.assign(org_id).append(1, '\0').append(id);
}

inline std::string TenantKey(std::string_view org_id, std::string_view id) {
  std::string key;
  key.reserve(org_id.size() + 1 + id.size());
  SetTenantKey(key, org_id, id);
  return key;
}

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_TENANT_KEY_H_
