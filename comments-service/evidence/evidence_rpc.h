// ExportEvidence: has a thread's evidence file made and streams it in pieces, the next when the one
// before has been taken. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_RPC_H_
#define MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_RPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstddef>

#include "comments-service/evidence/evidence_exports.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "services/rpc/gate/gate.h"

namespace marginalia {

// Of the file in one message.
inline constexpr std::size_t kEvidencePieceBytes = 64 * 1024;

class EvidenceRpc {
 public:
  // None is owned; all must outlive the calls.
  EvidenceRpc(Gate& gate, EvidenceExports& exports, InvoiceLookup& invoices);

  // The encoded request is an ExportEvidenceRequest, each message an ExportEvidenceResponse.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Export(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request);

 private:
  Gate& gate_;
  EvidenceExports& exports_;
  InvoiceLookup& invoices_;
  const GatedMethod& method_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_RPC_H_
