#include "comments-service/record_messages.h"

#include <string>

namespace marginalia {
namespace {

namespace v1 = comments::v1;

}  // namespace

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
