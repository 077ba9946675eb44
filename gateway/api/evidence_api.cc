#include "gateway/api/evidence_api.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/upstream/stream_call.h"

namespace marginalia {
namespace {

using comments::v1::ExportEvidenceRequest;
using comments::v1::ExportEvidenceResponse;

constexpr std::size_t kFileNameCharactersMax = 64;

// What any file system takes, and no header minds: whatever else an invoice is called by becomes a
// dash.
std::string FileNameOf(std::string_view invoice) {
  std::string name(invoice.substr(0, kFileNameCharactersMax));
  const auto is_safe = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  };
  std::replace_if(
      name.begin(), name.end(), [&](char c) { return !is_safe(c); }, '-');
  if (absl::StartsWith(name, ".")) name.front() = '-';
  return name + ".evidence.json";
}

HttpResponse HeadOf(std::string_view invoice, std::int64_t bytes) {
  HttpResponse head;
  head.content_type = "application/json";
  head.headers =
      absl::StrCat("Content-Length: ", bytes, "\r\n",
                   "Content-Disposition: attachment; filename=\"", FileNameOf(invoice), "\"\r\n",
                   "Cache-Control: private, no-store\r\n", "Vary: Authorization, Cookie\r\n");
  return head;
}

}  // namespace

class EvidenceApi::Download {
 public:
  Download(EvidenceApi& api, ApiCall call) : api_(api), call_(std::move(call)) {}

  void Start() {
    ExportEvidenceRequest request;
    request.set_invoice_id(call_->path_parameter(0));
    upstream_ = std::make_unique<EvidenceCall>(
        api_.io_, api_.upstream_, request, call_->bearer(), call_->request_id(),
        PartOf(call_->trace()),
        EvidenceCall::Events{[this](const ExportEvidenceResponse& piece) { Received(piece); },
                             [this](const absl::Status& status) { UpstreamEnded(status); }});
  }

 private:
  void Received(const ExportEvidenceResponse& piece) {
    if (call_.has_value()) Begin(piece.file_bytes());
    left_ -= static_cast<std::int64_t>(piece.data().size());
    output_->Write(std::make_shared<const std::string>(piece.data()));
  }

  void Begin(std::int64_t bytes) {
    left_ = bytes;
    ApiCall call = *std::move(call_);
    call_.reset();
    HttpResponse head = HeadOf(call.path_parameter(0), bytes);
    output_ = call.Stream(std::move(head), {.drained =
                                                [this] {
                                                  if (output_ != nullptr) upstream_->Next();
                                                },
                                            .closed = [this] { api_.Ended(this); }});
  }

  // Short of its length the file ends as a connection that breaks, which no client takes for whole.
  void UpstreamEnded(const absl::Status& status) {
    if (!call_.has_value()) return status.ok() && left_ == 0 ? output_->End() : output_->Abort();
    call_->Fail(status.ok() ? absl::InternalError("an evidence file without a piece") : status);
    api_.Ended(this);
  }

  EvidenceApi& api_;
  // Until the answer begins.
  std::optional<ApiCall> call_;
  std::shared_ptr<OutputStream> output_;
  std::unique_ptr<EvidenceCall> upstream_;
  std::int64_t left_ = 0;
};

EvidenceApi::EvidenceApi(IoThread& io, Upstream& upstream) : io_(io), upstream_(upstream) {}
EvidenceApi::~EvidenceApi() = default;

void EvidenceApi::Export(ApiCall call) {
  auto download = std::make_unique<Download>(*this, std::move(call));
  Download* const started = download.get();
  downloads_.emplace(started, std::move(download));
  started->Start();
}

void EvidenceApi::Ended(Download* download) { downloads_.erase(download); }

}  // namespace marginalia
