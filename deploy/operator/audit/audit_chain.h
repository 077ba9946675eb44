// Follows one tenant's audit chain entry by entry, as comments-service/record describes it.
// Used by one thread; holds no more than the last entry's place.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_CHAIN_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_CHAIN_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "comments-service/audit/audit_log.h"

namespace marginalia {

class AuditChain {
 public:
  // Goes on to the next entry. DATA_LOSS, with what is wrong with it, when it does not follow.
  absl::Status Add(const AuditEntry& entry);

  const AuditHead& head() const { return head_; }
  const std::string& org_id() const { return org_id_; }

 private:
  AuditHead head_;
  std::string org_id_;
};

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_CHAIN_H_
