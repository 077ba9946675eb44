// The sessions that people have signed out of, each until its token expires by itself: a browser
// forgets it, but what was on its way must not go on with it. The token in it is not revoked:
// whoever has taken it out of a copy can use it until it expires. Every gateway knows of those that
// were ended at itself only. Used on the io thread.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_ENDED_SESSIONS_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_ENDED_SESSIONS_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace marginalia {

// Beyond so many, the one that would expire first is forgotten.
inline constexpr std::size_t kEndedSessionsMax = 10'000;

// Stands for what the caller proves to be itself by, cookie or token, without giving it away.
std::string SessionKeyOf(std::string_view credential);

class EndedSessions {
 public:
  explicit EndedSessions(std::size_t most = kEndedSessionsMax) : most_(most) {}

  void Add(const std::string& session, absl::Time expires, absl::Time now);
  // Costs a hash only where there are any.
  bool Has(std::string_view credential) const;
  std::size_t size() const { return expires_.size(); }

 private:
  void Forget(std::multimap<absl::Time, std::string>::iterator which);

  const std::size_t most_;
  absl::flat_hash_map<std::string, absl::Time> expires_;
  std::multimap<absl::Time, std::string> by_expiry_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_ENDED_SESSIONS_H_
