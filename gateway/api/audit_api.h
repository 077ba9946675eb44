// What a tenant's record says of itself, for its admins: the signed checkpoint, and the proofs that
// an entry is in it and that it continues an earlier one. Text in forms that others' tools read.
// Called on the io thread.
#ifndef MARGINALIA_GATEWAY_API_AUDIT_API_H_
#define MARGINALIA_GATEWAY_API_AUDIT_API_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class AuditApi {
 public:
  // Not owned; must outlive the calls.
  explicit AuditApi(Upstream& upstream) : upstream_(upstream) {}

  // A signed note (c2sp.org/tlog-checkpoint).
  void GetCheckpoint(ApiCall call);
  // A whole c2sp.org/tlog-proof.
  void GetProof(ApiCall call);
  // What c2sp.org/tlog-witness takes to add a checkpoint: the size of the earlier tree, the hashes,
  // and the later tree's checkpoint.
  void GetConsistency(ApiCall call);

 private:
  Upstream& upstream_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_AUDIT_API_H_
