#include "gateway/pages/record_page.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/http/percent_encoding.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "gateway/pages/views/record_view.h"
#include "gateway/upstream/stream_call.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

using comments::v1::ExportEvidenceRequest;
using comments::v1::ExportEvidenceResponse;
using invoices::v1::GetInvoiceRequest;
using invoices::v1::GetInvoiceResponse;

absl::Status TooLong() {
  return Refusal(absl::StatusCode::kFailedPrecondition, "RECORD_TOO_LONG",
                 "the thread is too long to be shown on one page: download its evidence instead");
}

}  // namespace

// The evidence on its way here.
class RecordPage::Reading {
 public:
  Reading(RecordPage& page, ApiCall call) : page_(page), call_(std::move(call)) {}

  void Start() {
    ExportEvidenceRequest request;
    request.set_invoice_id(call_.path_parameter(0));
    upstream_ = std::make_unique<EvidenceCall>(
        page_.io_, page_.upstream_, request, call_.bearer(), call_.request_id(),
        PartOf(call_.trace()),
        EvidenceCall::Events{[this](const ExportEvidenceResponse& piece) { Received(piece); },
                             [this](const absl::Status& status) { Ended(status); }});
  }

 private:
  void Received(const ExportEvidenceResponse& piece) {
    if (piece.file_bytes() > kRecordPageBytesMax) return Ended(TooLong());
    if (piece.file_bytes() > 0) {
      record_.evidence.reserve(static_cast<std::size_t>(piece.file_bytes()));
      record_.verifier_keys = {piece.verifier_keys().begin(), piece.verifier_keys().end()};
    }
    record_.evidence += piece.data();
    upstream_->Next();
  }

  void Ended(const absl::Status& status) {
    RecordPage& page = page_;
    if (status.ok()) {
      page.LoadInvoice(std::move(call_), std::move(record_));
    } else {
      call_.Fail(status);
    }
    page.HaveRead(this);
  }

  RecordPage& page_;
  ApiCall call_;
  Record record_;
  std::unique_ptr<EvidenceCall> upstream_;
};

RecordPage::RecordPage(IoThread& io, Upstream& upstream) : io_(io), upstream_(upstream) {}
RecordPage::~RecordPage() = default;

void RecordPage::Show(ApiCall call) {
  auto reading = std::make_unique<Reading>(*this, std::move(call));
  Reading* const started = reading.get();
  readings_.emplace(started, std::move(reading));
  started->Start();
}

void RecordPage::HaveRead(Reading* reading) { readings_.erase(reading); }

// Rendered on the thread that brings the invoice: it takes long for a long thread, and on the io
// thread everybody would wait.
void RecordPage::LoadInvoice(ApiCall call, Record record) {
  GetInvoiceRequest request;
  request.set_invoice_id(call.path_parameter(0));
  upstream_.GetInvoice(
      std::move(call), request,
      [this, record = std::move(record)](ApiCall call, const absl::Status& status,
                                         const GetInvoiceResponse& answer) {
        const std::string& asked = call.path_parameter(0);
        const auto& invoice = answer.invoice();
        const std::string number = status.ok() ? invoice.number() : asked;
        PageData page = FrameData(call.facts(), absl::StrCat("Record of ", number));
        page["invoice_number"] = number;
        page["invoice_href"] =
            status.ok() ? InvoicePath(number, invoice.invoice_id()) : InvoicePath(asked);
        page["evidence_href"] = absl::StrCat("/api/invoices/", PercentEncode(asked), "/evidence");
        if (status.ok()) {
          page["customer"] = invoice.customer().name();
          page["invoice_id"] = invoice.invoice_id();
        }
        const absl::Status added = AddRecord(page, record.evidence, record.verifier_keys);
        if (!added.ok()) return call.Fail(added);
        call.Answer(PageResponse(200, page_.Render(page)));
      });
}

}  // namespace marginalia
