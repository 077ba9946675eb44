#include "comments-service/evidence/evidence_rpc.h"

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "comments-service/call_context_rpc.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/rpc/gate/refused_stream.h"
#include "services/rpc/raw_message.h"

namespace marginalia {
namespace {

using comments::v1::ExportEvidenceRequest;
using comments::v1::ExportEvidenceResponse;

// Who goes on with a call. It may outlive the call, which ends as soon as somebody has taken it.
class Handover {
 public:
  // kAsking: in the hand of the lookup. kEntered: of whoever takes it first, the maker of the file
  // or the caller who gives up.
  enum class Phase { kAsking, kEntering, kEntered, kTaken };

  // The lookup is done. False: the caller has given up meanwhile.
  bool BeginEntering() {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return false;
    phase_ = Phase::kEntering;
    return true;
  }
  // True: the caller has given up meanwhile, and the call is now in hand.
  bool EndEntering() {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::kEntering) return false;
    phase_ = cancelled_ ? Phase::kTaken : Phase::kEntered;
    return cancelled_;
  }
  bool TakeByMaker() {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::kTaken) return false;
    phase_ = Phase::kTaken;
    return true;
  }
  bool TakeByCancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (phase_ != Phase::kEntered) return false;
    phase_ = Phase::kTaken;
    return true;
  }

 private:
  std::mutex mutex_;
  Phase phase_ = Phase::kAsking;  // guarded by mutex_
  bool cancelled_ = false;        // guarded by mutex_
};

// One call, which sends one piece after the other once its file is made.
class EvidenceCall : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public EvidenceReader {
 public:
  EvidenceCall(grpc::CallbackServerContext* context, AdmittedCall call, EvidenceExports& exports)
      : context_(context), call_(std::move(call)), exports_(exports) {}

  void Start(const grpc::ByteBuffer& bytes, InvoiceLookup& invoices) {
    ExportEvidenceRequest request;
    const absl::Status parsed = ParseRequest(bytes, request);
    if (!parsed.ok()) return End(parsed);
    invoices.Find(ContextOf(call_), request.invoice_id(),
                  [this](absl::StatusOr<std::string> thread) { Found(std::move(thread)); });
  }

  void Made(absl::StatusOr<std::shared_ptr<const EvidenceFile>> file) override {
    if (!handover_->TakeByMaker()) return;
    if (!file.ok()) return End(file.status());
    file_ = *std::move(file);
    SendNext();
  }
  void Cut() override { context_->TryCancel(); }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError());
    SendNext();
  }

  void OnCancel() override {
    if (!handover_->TakeByCancel()) return;
    exports_.Leave(this);
    End(absl::CancelledError());
  }

  void OnDone() override {
    exports_.Leave(this);
    delete this;
  }

 private:
  void Found(absl::StatusOr<std::string> thread) {
    if (!thread.ok()) return End(thread.status());
    if (!handover_->BeginEntering()) return End(absl::CancelledError());
    // Once it has entered, it may end at any time, and this with it.
    const std::shared_ptr<Handover> handover = handover_;
    const absl::Status entered = exports_.Enter(
        {.thread = {.org_id = call_.caller().org_id, .invoice_id = *std::move(thread)},
         .shows_removed = call_.caller().role == Role::kAdmin},
        this);
    if (!entered.ok()) return End(entered);
    if (!handover->EndEntering()) return;
    exports_.Leave(this);
    End(absl::CancelledError());
  }

  void SendNext() {
    const std::string& bytes = file_->bytes;
    if (sent_ == bytes.size()) return End(absl::OkStatus());
    ExportEvidenceResponse piece;
    if (sent_ == 0) {
      piece.set_invoice_id(file_->invoice_id);
      piece.set_file_bytes(static_cast<std::int64_t>(bytes.size()));
      piece.set_tree_size(file_->tree_size);
      for (const std::string& key : file_->verifier_keys) piece.add_verifier_keys(key);
    }
    piece.set_data(bytes.substr(sent_, kEvidencePieceBytes));
    sent_ += piece.data().size();
    message_ = ToByteBuffer(piece);
    StartWrite(&message_);
  }

  void End(const absl::Status& status) { Finish(call_.Ended(status)); }

  grpc::CallbackServerContext* const context_;
  AdmittedCall call_;
  EvidenceExports& exports_;
  // Of whoever has it in hand.
  std::shared_ptr<const EvidenceFile> file_;
  std::size_t sent_ = 0;
  grpc::ByteBuffer message_;
  const std::shared_ptr<Handover> handover_ = std::make_shared<Handover>();
};

}  // namespace

EvidenceRpc::EvidenceRpc(Gate& gate, EvidenceExports& exports, InvoiceLookup& invoices)
    : gate_(gate),
      exports_(exports),
      invoices_(invoices),
      method_(gate.Method("marginalia.comments.v1.CommentsService/ExportEvidence")) {}

grpc::ServerWriteReactor<grpc::ByteBuffer>* EvidenceRpc::Export(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  absl::StatusOr<AdmittedCall> call = gate_.Admit(context, method_);
  if (!call.ok())
    return new RefusedStream<grpc::ServerWriteReactor<grpc::ByteBuffer>>(call.status());
  auto* exporting = new EvidenceCall(context, *std::move(call), exports_);
  exporting->Start(*request, invoices_);
  return exporting;
}

}  // namespace marginalia
