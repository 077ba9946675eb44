#include "deploy/operator/audit/audit_export_rpc.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "deploy/operator/audit/audit_chain.h"
#include "deploy/operator/audit/audit_line.h"
#include "deploy/operator/client_rpc.h"
#include "deploy/operator/shared_flags.h"
#include "deploy/operator/unfinished_file.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"

ABSL_FLAG(std::int64_t, after_number, 0,
          "Write only what follows the entry of this number, where an earlier export ended.");

namespace marginalia {
namespace {

using comments::v1::CommentsService;

constexpr char kAbout[] =
    "Writes the audit log of the token's tenant as JSON Lines, oldest entry first, one a line "
    "with\n"
    "its hash. Verifies the hash chain on the way, so an export is intact or not there: a file "
    "gets\n"
    "its name only when it is whole and on the disk. Exits with 0 when it is there, 1 when the log "
    "is\n"
    "broken, 2 when it could not be exported.";

constexpr std::int32_t kPageEntries = 100;
constexpr absl::Duration kPageMax = absl::Seconds(30);
constexpr std::size_t kBufferBytes = 256 * 1024;

AuditEntry EntryOf(const comments::v1::AuditEntry& message) {
  return {.format = message.format() == 0 ? 1 : message.format(),
          .number = message.number(),
          .position = message.position(),
          .org_id = message.org_id(),
          .actor_id = message.actor_id(),
          .actor_name = message.actor_name(),
          .name_commitment = message.name_commitment(),
          .action = message.action(),
          .invoice_id = message.invoice_id(),
          .comment_id = message.comment_id(),
          .revision = message.revision(),
          .content_commitment = message.content_commitment(),
          .reason = message.reason(),
          .request_id = message.request_id(),
          .create_time = absl::FromUnixSeconds(message.create_time().seconds()) +
                         absl::Nanoseconds(message.create_time().nanos()),
          .hash = message.hash()};
}

// Where the lines go: a file in the making, or stdout.
class AuditLines {
 public:
  explicit AuditLines(UnfinishedFile* file) : file_(file) {}

  absl::Status Add(const AuditEntry& entry) {
    absl::StrAppend(&buffer_, AuditLine(entry), "\n");
    ++count_;
    return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
  }
  absl::Status Flush() {
    absl::Status status;
    if (file_ != nullptr) {
      status = file_->Append(buffer_);
    } else if (std::fwrite(buffer_.data(), 1, buffer_.size(), stdout) != buffer_.size()) {
      status = absl::UnavailableError("cannot write to stdout");
    }
    buffer_.clear();
    return status;
  }
  std::int64_t count() const { return count_; }

 private:
  UnfinishedFile* const file_;  // null: stdout
  std::string buffer_;
  std::int64_t count_ = 0;
};

// Reads every entry, from the first on, because the chain begins there; writes those after `after`.
absl::Status Export(const ServiceClient& client, std::int64_t after, AuditChain& chain,
                    AuditLines& lines) {
  const auto stub = CommentsService::NewStub(client.channel());
  comments::v1::ListAuditEntriesRequest request;
  request.set_page_size(kPageEntries);
  do {
    comments::v1::ListAuditEntriesResponse page;
    absl::Status status =
        client.Call("ListAuditEntries", kPageMax, [&](grpc::ClientContext& context) {
          return stub->ListAuditEntries(&context, request, &page);
        });
    for (const comments::v1::AuditEntry& message : page.entries()) {
      if (!status.ok()) break;
      const AuditEntry entry = EntryOf(message);
      status = chain.Add(entry);
      // In both formats: the place in the chain.
      if (status.ok() && chain.head().entry_count > after) status = lines.Add(entry);
    }
    if (!status.ok()) return status;
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (chain.head().entry_count >= after) return lines.Flush();
  return absl::DataLossError(absl::StrCat(
      "the log has no entry of number ", after,
      ", where the earlier export ended: it was cut off or belongs to another tenant"));
}

absl::Status AuditExport() {
  const std::int64_t after = absl::GetFlag(FLAGS_after_number);
  if (after < 0) return absl::InvalidArgumentError("--after_number must not be negative");
  const absl::StatusOr<std::string> to = Required("to", FLAGS_to);
  if (!to.ok()) return to.status();
  const auto client = ServiceClient::FromFlags(absl::GetFlag(FLAGS_comments_address));
  if (!client.ok()) return client.status();
  std::unique_ptr<UnfinishedFile> file;
  if (*to != "-") {
    auto begun = UnfinishedFile::Begin(*to);
    if (!begun.ok()) return begun.status();
    file = *std::move(begun);
  }
  AuditChain chain;
  AuditLines lines(file.get());
  absl::Status status = Export(*client, after, chain, lines);
  if (status.ok() && file != nullptr) status = file->Finish();
  if (!status.ok()) return status;
  // Beside the entries when those go to stdout.
  std::fprintf(file != nullptr ? stdout : stderr,
               "exported %" PRId64 " entries, the last with number %" PRId64 " and hash %s\n",
               lines.count(), chain.head().entry_count,
               chain.head().hash.empty() ? "none" : chain.head().hash.c_str());
  return absl::OkStatus();
}

}  // namespace

Command AuditExportCommand() {
  return {.name = "audit-export",
          .summary = "writes a tenant's audit log to a file, as JSON Lines with hashes",
          .about = kAbout,
          .example = "marginalia-operator audit-export --token_path=alex.jwt --to=audit.jsonl",
          .flags = {"to", "after_number", "comments_address", kTokenFlag, kTlsFlags[0],
                    kTlsFlags[1], kTlsFlags[2]},
          .run = AuditExport};
}

}  // namespace marginalia
