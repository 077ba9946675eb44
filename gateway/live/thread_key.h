// What tells the threads of all tenants apart in one map. Pure, thread-safe.
#ifndef MARGINALIA_GATEWAY_LIVE_THREAD_KEY_H_
#define MARGINALIA_GATEWAY_LIVE_THREAD_KEY_H_

#include <string>
#include <string_view>

namespace marginalia {

// Neither part contains NUL: the one is a claim, the other a path segment without control
// characters.
inline std::string ThreadKey(std::string_view org_id, std::string_view invoice_id) {
  std::string key;
  key.reserve(org_id.size() + 1 + invoice_id.size());
  key += org_id;
  key += '\0';
  key += invoice_id;
  return key;
}

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_THREAD_KEY_H_
