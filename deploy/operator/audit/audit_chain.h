// Follows one tenant's audit log entry by entry, as comments-service/record describes it: the hash
// chain in both formats (which stand side by side while the services are replaced one by one), and
// the tree over it. Used by one thread; holds no more than the last entry's place and one hash for
// each doubling of the log.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_CHAIN_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_CHAIN_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/record/merkle_tree.h"

namespace marginalia {

class AuditChain {
 public:
  // Goes on to the next entry. DATA_LOSS, with what is wrong with it, when it does not follow.
  absl::Status Add(const AuditEntry& entry);

  // How many entries there were, and where the last one ends.
  const AuditHead& head() const { return head_; }
  const GrowingTree& tree() const { return tree_; }
  const std::string& org_id() const { return org_id_; }

 private:
  absl::Status CheckPlace(const AuditEntry& entry) const;

  AuditHead head_;
  GrowingTree tree_;
  std::string org_id_;
};

// What an entry goes by: "position 7" in format 1, "number 7" in format 2.
std::string NameOf(const AuditEntry& entry);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_CHAIN_H_
