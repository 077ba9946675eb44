// A thread with all that proves it, as a file to download. It goes through in pieces: the next is
// asked for when the client has taken the one before, so the gateway holds no more than one of
// each. Used on the io thread.
#ifndef MARGINALIA_GATEWAY_API_EVIDENCE_API_H_
#define MARGINALIA_GATEWAY_API_EVIDENCE_API_H_

#include <memory>
#include <unordered_map>

#include "gateway/http/gate/api_call.h"
#include "gateway/http/io_thread.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

class EvidenceApi {
 public:
  // Neither is owned; both must outlive it.
  EvidenceApi(IoThread& io, Upstream& upstream);
  // Once no call is under way.
  ~EvidenceApi();
  EvidenceApi(const EvidenceApi&) = delete;
  EvidenceApi& operator=(const EvidenceApi&) = delete;

  void Export(ApiCall call);

 private:
  class Download;
  void Ended(Download* download);

  IoThread& io_;
  Upstream& upstream_;
  // Those under way.
  std::unordered_map<Download*, std::unique_ptr<Download>> downloads_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_EVIDENCE_API_H_
