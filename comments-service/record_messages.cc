#include "comments-service/record_messages.h"

#include <string>

#include "comments-service/comment_messages.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

void SetEntry(v1::AuditEntry& message, const AuditEntry& entry) {
  message.set_position(entry.position);
  message.set_org_id(entry.org_id);
  message.set_actor_id(entry.actor_id);
  message.set_actor_name(entry.actor_name);
  message.set_action(entry.action);
  message.set_invoice_id(entry.invoice_id);
  message.set_comment_id(entry.comment_id);
  message.set_request_id(entry.request_id);
  SetTime(*message.mutable_create_time(), entry.create_time);
  message.set_hash(entry.hash);
  message.set_number(entry.number);
  message.set_format(entry.format);
  message.set_name_commitment(entry.name_commitment);
  message.set_revision(entry.revision);
  message.set_content_commitment(entry.content_commitment);
  message.set_reason(entry.reason);
}

}  // namespace

absl::StatusOr<AuditPageRequest> AuditPageRequestOf(const v1::ListAuditEntriesRequest& request) {
  AuditPageRequest page{
      .page_size = request.page_size(),
      .page_token = request.page_token(),
      .filter = {.invoice_id = request.invoice_id(), .actor_id = request.actor_id()}};
  if (request.has_start_time()) {
    const absl::StatusOr<absl::Time> start = TimeOf(request.start_time(), "start_time");
    if (!start.ok()) return start.status();
    page.filter.start = *start;
  }
  if (request.has_end_time()) {
    const absl::StatusOr<absl::Time> end = TimeOf(request.end_time(), "end_time");
    if (!end.ok()) return end.status();
    page.filter.end = *end;
  }
  return page;
}

v1::ListAuditEntriesResponse MessageOf(const AuditPage& page) {
  v1::ListAuditEntriesResponse message;
  for (const AuditEntry& entry : page.entries) SetEntry(*message.add_entries(), entry);
  message.set_next_page_token(page.next_page_token);
  return message;
}

v1::VerifyAuditLogResponse MessageOf(const AuditVerdict& verdict) {
  v1::VerifyAuditLogResponse message;
  message.set_entry_count(verdict.entry_count);
  message.set_head_hash(verdict.head_hash);
  message.set_intact(verdict.first_broken_position == 0);
  message.set_first_broken_position(verdict.first_broken_position);
  message.set_first_broken_number(verdict.broken.number);
  message.set_first_broken_comment_id(verdict.broken.comment_id);
  message.set_first_broken_what(verdict.broken.what);
  return message;
}

v1::GetCheckpointResponse MessageOf(const SignedCheckpoint& checkpoint) {
  v1::GetCheckpointResponse message;
  message.set_checkpoint(checkpoint.note);
  message.set_origin(checkpoint.checkpoint.origin);
  message.set_size(checkpoint.checkpoint.size);
  message.set_root_hash(HexOf(checkpoint.checkpoint.root));
  return message;
}

v1::GetInclusionProofResponse MessageOf(const ProvenEntry& proven) {
  v1::GetInclusionProofResponse message;
  message.set_proof(
      FormatProof({.index = proven.index, .hashes = proven.hashes, .checkpoint = proven.of.note}));
  message.set_index(proven.index);
  message.set_size(proven.of.checkpoint.size);
  message.set_leaf_hash(HexOf(proven.leaf));
  for (const Digest& hash : proven.hashes) message.add_hashes(std::string(BytesOf(hash)));
  message.set_root_hash(HexOf(proven.of.checkpoint.root));
  return message;
}

v1::GetConsistencyProofResponse MessageOf(const ProvenGrowth& proven) {
  v1::GetConsistencyProofResponse message;
  message.set_first(proven.first.size);
  message.set_second(proven.second.checkpoint.size);
  for (const Digest& hash : proven.hashes) message.add_hashes(std::string(BytesOf(hash)));
  message.set_first_root_hash(HexOf(proven.first.root));
  message.set_second_root_hash(HexOf(proven.second.checkpoint.root));
  message.set_second_checkpoint(proven.second.note);
  return message;
}

}  // namespace marginalia
