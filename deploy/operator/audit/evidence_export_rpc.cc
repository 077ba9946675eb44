#include "deploy/operator/audit/evidence_export_rpc.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "deploy/operator/client_rpc.h"
#include "deploy/operator/shared_flags.h"
#include "deploy/operator/unfinished_file.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"

ABSL_FLAG(std::string, invoice, "",
          "Required. The invoice whose thread is proven: its id, or its number such as INV-1042.");

namespace marginalia {
namespace {

using comments::v1::CommentsService;

constexpr char kAbout[] =
    "Writes the evidence of an invoice's thread as one JSON file: what was said, the entries of "
    "the\n"
    "record, a proof for each, and the signed checkpoint that they lead to. Made for an admin's "
    "token\n"
    "it holds the texts of removed comments, made for a member's only that they were removed.\n"
    "evidence-verify verifies it without the service. The file gets its name only when it is whole "
    "and\n"
    "on the disk. Exits with 0 when it is there, 2 when it could not be exported.";

// The service lets a reader take a file for a minute, behind others who wait for theirs.
constexpr absl::Duration kExportMax = absl::Minutes(3);

struct Exported {
  std::string file;
  std::string invoice_id;
  std::int64_t tree_size = 0;
};

absl::Status Read(const ServiceClient& client, const std::string& invoice, Exported& exported) {
  const auto stub = CommentsService::NewStub(client.channel());
  comments::v1::ExportEvidenceRequest request;
  request.set_invoice_id(invoice);
  return client.Call("ExportEvidence", kExportMax, [&](grpc::ClientContext& context) {
    exported = Exported();
    const auto reader = stub->ExportEvidence(&context, request);
    comments::v1::ExportEvidenceResponse piece;
    while (reader->Read(&piece)) {
      if (exported.file.empty()) {
        exported.invoice_id = piece.invoice_id();
        exported.tree_size = piece.tree_size();
      }
      exported.file += piece.data();
    }
    return reader->Finish();
  });
}

absl::Status Write(const std::string& to, const std::string& file) {
  if (to == "-") {
    if (std::fwrite(file.data(), 1, file.size(), stdout) == file.size()) return absl::OkStatus();
    return absl::UnavailableError("cannot write to stdout");
  }
  auto begun = UnfinishedFile::Begin(to);
  if (!begun.ok()) return begun.status();
  const absl::Status written = (*begun)->Append(file);
  return written.ok() ? (*begun)->Finish() : written;
}

absl::Status EvidenceExport() {
  const absl::StatusOr<std::string> invoice = Required("invoice", FLAGS_invoice);
  if (!invoice.ok()) return invoice.status();
  const absl::StatusOr<std::string> to = Required("to", FLAGS_to);
  if (!to.ok()) return to.status();
  const auto client = ServiceClient::FromFlags(absl::GetFlag(FLAGS_comments_address));
  if (!client.ok()) return client.status();
  Exported exported;
  const absl::Status read = Read(*client, *invoice, exported);
  if (!read.ok()) return read;
  const absl::Status written = Write(*to, exported.file);
  if (!written.ok()) return written;
  // Beside the file when that goes to stdout.
  std::fprintf(*to == "-" ? stderr : stdout,
               "exported the thread of %s, with a checkpoint of %" PRId64 " entries\n",
               exported.invoice_id.c_str(), exported.tree_size);
  return absl::OkStatus();
}

}  // namespace

Command EvidenceExportCommand() {
  return {.name = "evidence-export",
          .summary = "writes a thread with all that proves it to a file",
          .about = kAbout,
          .example =
              "marginalia-operator evidence-export --token_path=alex.jwt --invoice=INV-1042"
              " --to=INV-1042.evidence.json",
          .flags = {"invoice", "to", "comments_address", kTokenFlag, kTlsFlags[0], kTlsFlags[1],
                    kTlsFlags[2]},
          .run = EvidenceExport};
}

}  // namespace marginalia
