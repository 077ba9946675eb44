#include "deploy/operator/erasures/erasures_replay_rpc.h"

#include <cinttypes>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "deploy/operator/audit/audit_line.h"
#include "deploy/operator/audit/line_reader.h"
#include "deploy/operator/client_rpc.h"
#include "deploy/operator/shared_flags.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

using comments::v1::CommentsService;

constexpr char kAbout[] =
    "Erases again what audit exports say was erased: after a backup was restored, which still has\n"
    "those texts. Takes the files of audit-export, of the token's tenant alone, and erases each\n"
    "comment for the reason that stands there. What the backup does not have, or what is erased\n"
    "there as well, is counted and passed over, so the command may be run again. Verify the files\n"
    "first (audit-verify). Several are replayed together:\n"
    "cat part1 part2 | marginalia-operator erasures-replay --from=- …\n"
    "Exits with 0 when all of them are erased, 1 when a file is damaged or of another tenant, 2 "
    "when\n"
    "they could not be erased.";

constexpr absl::Duration kCallMax = absl::Seconds(30);

// Who the token acts for, as the tenant's own log says; empty: it has no log, so there is nothing
// that could be erased.
absl::StatusOr<std::string> TenantOf(const ServiceClient& client, CommentsService::Stub& stub) {
  comments::v1::ListAuditEntriesRequest request;
  request.set_page_size(1);
  comments::v1::ListAuditEntriesResponse page;
  const absl::Status status =
      client.Call("ListAuditEntries", kCallMax, [&](grpc::ClientContext& context) {
        return stub.ListAuditEntries(&context, request, &page);
      });
  if (!status.ok()) return status;
  return page.entries().empty() ? std::string() : page.entries(0).org_id();
}

class Replay {
 public:
  Replay(const ServiceClient& client, CommentsService::Stub& stub, std::string org_id)
      : client_(client), stub_(stub), org_id_(std::move(org_id)) {}

  absl::Status Take(const AuditEntry& entry) {
    if (entry.org_id != org_id_) {
      return absl::DataLossError(absl::StrCat("it is of tenant \"", entry.org_id,
                                              "\", and the token of \"", org_id_, "\""));
    }
    return entry.action == kActionErased ? Erase(entry) : absl::OkStatus();
  }

  void Print() const {
    std::printf("erased %" PRId64 " comments; %" PRId64 " were erased already, %" PRId64
                " are not there\n",
                erased_, erased_already_, not_there_);
  }

 private:
  absl::Status Erase(const AuditEntry& entry) {
    comments::v1::EraseCommentRequest request;
    request.set_invoice_id(entry.invoice_id);
    request.set_comment_id(entry.comment_id);
    request.set_reason(entry.reason);
    comments::v1::EraseCommentResponse answer;
    bool there = true;
    const absl::Status status =
        client_.Call("EraseComment", kCallMax, [&](grpc::ClientContext& context) {
          const grpc::Status called = stub_.EraseComment(&context, request, &answer);
          const std::string reason = ReasonOf(FromGrpc(called));
          there = reason != "COMMENT_NOT_FOUND" && reason != "INVOICE_NOT_FOUND";
          return there ? called : grpc::Status::OK;
        });
    if (!status.ok()) return status;
    ++(!there ? not_there_ : answer.replayed() ? erased_already_ : erased_);
    return absl::OkStatus();
  }

  const ServiceClient& client_;
  CommentsService::Stub& stub_;
  const std::string org_id_;
  std::int64_t erased_ = 0;
  std::int64_t erased_already_ = 0;
  std::int64_t not_there_ = 0;
};

absl::Status ErasuresReplay() {
  const absl::StatusOr<std::string> from = Required("from", FLAGS_from);
  if (!from.ok()) return from.status();
  const auto client = ServiceClient::FromFlags(absl::GetFlag(FLAGS_comments_address));
  if (!client.ok()) return client.status();
  const auto lines = LineReader::Open(*from, kAuditLineBytesMax);
  if (!lines.ok()) return lines.status();
  const auto stub = CommentsService::NewStub(client->channel());
  absl::StatusOr<std::string> org_id = TenantOf(*client, *stub);
  if (!org_id.ok()) return org_id.status();
  if (org_id->empty()) {
    return absl::FailedPreconditionError(
        "the token's tenant has no comments at all: is the backup restored?");
  }
  Replay replay(*client, *stub, *std::move(org_id));
  while ((*lines)->Next()) {
    const absl::StatusOr<AuditEntry> entry = ParseAuditLine((*lines)->line());
    const absl::Status taken = entry.ok() ? replay.Take(*entry) : entry.status();
    if (taken.ok()) continue;
    replay.Print();
    return absl::Status(taken.code(), absl::StrCat(*from, ", line ", (*lines)->number(), ": ",
                                                   std::string(taken.message())));
  }
  replay.Print();
  return (*lines)->status();
}

}  // namespace

Command ErasuresReplayCommand() {
  return {
      .name = "erasures-replay",
      .summary = "erases again, after a restore, what audit exports say was erased",
      .about = kAbout,
      .example = "marginalia-operator erasures-replay --from=audit.jsonl --token_path=alex.jwt",
      .flags = {"from", "comments_address", kTokenFlag, kTlsFlags[0], kTlsFlags[1], kTlsFlags[2]},
      .run = ErasuresReplay};
}

}  // namespace marginalia
