#include "comments-service/audit/checkpoints.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "comments-service/audit/audit_tree.h"
#include "comments-service/audit/tree_store.h"
#include "services/errors/errors.h"
#include "services/storage/read_value.h"

namespace marginalia {
namespace {

absl::Status TooSmall(std::string_view field, std::int64_t wanted, std::int64_t size) {
  return Refusal(absl::StatusCode::kOutOfRange, "TREE_TOO_SMALL",
                 absl::StrCat(std::string(field), " is ", wanted, ", and the record's tree has ",
                              size, " entries: check the number, or ask again later"),
                 {{"size", std::to_string(size)}});
}

// What is found in the caller's tree.
template <class Result>
void Reply(Database& database, RecordDamage& damage, const CallContext& call,
           absl::AnyInvocable<absl::Status(AuditTree&, Result&)> find, Answer<Result> answer) {
  ReadValueThen(
      database, call.deadline, Tenants::One(call.caller.org_id),
      [&damage, org_id = call.caller.org_id,
       find = std::move(find)](Connection& connection) mutable -> absl::StatusOr<Result> {
        Result result;
        const absl::Status found = damage.Look(org_id, [&] {
          AuditTree tree(connection, org_id);
          return find(tree, result);
        });
        if (!found.ok()) return found;
        return result;
      },
      std::move(answer));
}

}  // namespace

absl::Status Checkpoints::NoKey() {
  return Refusal(absl::StatusCode::kFailedPrecondition, "NO_CHECKPOINT_KEY",
                 "the service has no key to sign checkpoints with: its operator gives it one with "
                 "--checkpoint_key_path");
}

SignedCheckpoint Checkpoints::Signed(const std::string& org_id, std::int64_t size,
                                     const Digest& root) {
  SignedCheckpoint made{
      .checkpoint = {.origin = CheckpointOrigin(log_id_, org_id), .size = size, .root = root},
      .note = ""};
  made.note = signer_.Sign(made.checkpoint).value_or("");
  return made;
}

void Checkpoints::Get(const CallContext& call, Answer<SignedCheckpoint> answer) {
  if (!signs()) return answer(NoKey());
  Reply<SignedCheckpoint>(
      database_, damage_, call,
      [this, org_id = call.caller.org_id](AuditTree& tree, SignedCheckpoint& made) {
        made = Signed(org_id, tree.size(), tree.Root(tree.size()));
        return absl::OkStatus();
      },
      std::move(answer));
}

void Checkpoints::ProveEntry(const CallContext& call, std::int64_t number, std::int64_t size,
                             Answer<ProvenEntry> answer) {
  if (number < 1) return answer(InvalidField("number", "must be from 1 on"));
  if (size < 0) return answer(InvalidField("size", "must not be negative"));
  if (size != 0 && number > size) return answer(InvalidField("number", "must be at most size"));
  Reply<ProvenEntry>(
      database_, damage_, call,
      [this, number, size, org_id = call.caller.org_id](AuditTree& tree, ProvenEntry& proven) {
        const std::int64_t of = size == 0 ? tree.size() : size;
        if (of > tree.size()) return TooSmall("size", of, tree.size());
        if (number > of) return TooSmall("number", number, of);
        proven.index = number - 1;
        proven.hashes = tree.Inclusion(number - 1, of);
        proven.leaf = tree.Leaf(number - 1);
        proven.of = Signed(org_id, of, tree.Root(of));
        return absl::OkStatus();
      },
      std::move(answer));
}

void Checkpoints::ProveGrowth(const CallContext& call, std::int64_t first, std::int64_t second,
                              Answer<ProvenGrowth> answer) {
  if (first < 0) return answer(InvalidField("first", "must not be negative"));
  if (second < 0) return answer(InvalidField("second", "must not be negative"));
  if (second != 0 && first > second) return answer(InvalidField("first", "must be at most second"));
  Reply<ProvenGrowth>(
      database_, damage_, call,
      [this, first, second, org_id = call.caller.org_id](AuditTree& tree, ProvenGrowth& proven) {
        const std::int64_t last = second == 0 ? tree.size() : second;
        if (last > tree.size()) return TooSmall("second", last, tree.size());
        if (first > last) return TooSmall("first", first, last);
        const std::string origin = CheckpointOrigin(log_id_, org_id);
        proven.hashes = tree.Consistency(first, last);
        proven.first = {.origin = origin, .size = first, .root = tree.Root(first)};
        proven.second = Signed(org_id, last, tree.Root(last));
        return absl::OkStatus();
      },
      std::move(answer));
}

absl::StatusOr<SignedCheckpoint> Checkpoints::Newest(const std::string& org_id) {
  SignedCheckpoint made;
  const absl::Status read = database_.Read(Tenants::One(org_id), [&](Connection& connection) {
    return damage_.Look(org_id, [&] {
      AuditTree tree(connection, org_id);
      made = Signed(org_id, tree.size(), tree.Root(tree.size()));
      return absl::OkStatus();
    });
  });
  if (!read.ok()) return read;
  return made;
}

}  // namespace marginalia
