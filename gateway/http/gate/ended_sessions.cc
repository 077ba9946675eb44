#include "gateway/http/gate/ended_sessions.h"

#include "services/text/framed_hash.h"

namespace marginalia {

std::string SessionKeyOf(std::string_view credential) {
  return std::string(BytesOf(Sha256Of(credential)));
}

void EndedSessions::Add(const std::string& session, absl::Time expires, absl::Time now) {
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) Forget(by_expiry_.begin());
  if (expires <= now || !expires_.emplace(session, expires).second) return;
  by_expiry_.emplace(expires, session);
  if (expires_.size() > most_) Forget(by_expiry_.begin());
}

bool EndedSessions::Has(std::string_view credential) const {
  return !expires_.empty() && expires_.contains(SessionKeyOf(credential));
}

void EndedSessions::Forget(std::multimap<absl::Time, std::string>::iterator which) {
  expires_.erase(which->second);
  by_expiry_.erase(which);
}

}  // namespace marginalia
