#include "deploy/operator/audit/audit_verify.h"

#include <cinttypes>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "comments-service/record/checkpoint.h"
#include "deploy/operator/audit/audit_chain.h"
#include "deploy/operator/audit/audit_line.h"
#include "deploy/operator/audit/line_reader.h"
#include "deploy/operator/audit/verifier_keys.h"
#include "deploy/operator/shared_flags.h"

ABSL_FLAG(std::int64_t, position, 0,
          "Of a receipt of format 1, or of an earlier export's end: this entry must be there, with "
          "--hash.");
ABSL_FLAG(std::int64_t, number, 0,
          "Of a receipt, or of an earlier export's end: this entry must be there, with --hash.");
ABSL_FLAG(std::string, hash, "",
          "The hash that goes with --number or --position, 64 hexadecimal digits.");
ABSL_FLAG(std::string, checkpoint, "",
          "A file with a checkpoint, verified with --key: the log must begin with the entries that "
          "it signs.");

namespace marginalia {
namespace {

constexpr char kAbout[] =
    "Recomputes the hash chain of an export, from its first entry to its last, and names the "
    "first\n"
    "line that does not follow from the one before. Needs no service and no key. A chain whose "
    "tail\n"
    "was cut off is whole in itself: that shows against a receipt of any later AddComment, or the "
    "end\n"
    "of any later export, given as --number (--position where entries have none) and --hash, or\n"
    "against a checkpoint, which covers all that came before it. Parts of an export are verified "
    "together:\n"
    "cat part1 part2 | marginalia-operator audit-verify --from=-\n"
    "Exits with 0 when it is intact, 1 when it is broken or cut off, 2 when it cannot be verified.";

// What somebody has proof of.
struct Expected {
  std::int64_t position = 0;
  std::int64_t number = 0;
  std::string hash;
  std::optional<Checkpoint> checkpoint;
};

absl::Status ReadReceipt(Expected& expected) {
  expected.position = absl::GetFlag(FLAGS_position);
  expected.number = absl::GetFlag(FLAGS_number);
  expected.hash = absl::GetFlag(FLAGS_hash);
  if (expected.position == 0 && expected.number == 0 && expected.hash.empty()) {
    return absl::OkStatus();
  }
  if (expected.position != 0 && expected.number != 0) {
    return absl::InvalidArgumentError("--position and --number are not given together");
  }
  if (expected.position < 0 || expected.number < 0 || expected.position + expected.number < 1) {
    return absl::InvalidArgumentError("--number or --position goes with --hash and is from 1 on");
  }
  if (IsAuditHash(expected.hash)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--hash goes with --number or --position and is 64 hexadecimal digits in lower case");
}

absl::Status ReadCheckpoint(Expected& expected) {
  const std::string path = absl::GetFlag(FLAGS_checkpoint);
  if (path.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> note = ReadFileOf("checkpoint", path, kNoteBytesMax);
  if (!note.ok()) return note.status();
  const absl::StatusOr<std::vector<VerifierKey>> keys = KeysFromFlag();
  if (!keys.ok()) return keys.status();
  const absl::StatusOr<Checkpoint> checkpoint = OpenCheckpoint(*note, *keys);
  if (!checkpoint.ok()) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", std::string(checkpoint.status().message())));
  }
  expected.checkpoint = *checkpoint;
  return absl::OkStatus();
}

absl::Status Missing(const Expected& expected, const AuditHead& head) {
  const bool by_number = expected.number != 0;
  const std::string name = by_number ? absl::StrCat("number ", expected.number)
                                     : absl::StrCat("position ", expected.position);
  const std::string end = by_number ? absl::StrCat("number ", head.entry_count)
                                    : absl::StrCat("position ", head.position);
  const bool cut =
      by_number ? head.entry_count < expected.number : head.position < expected.position;
  return absl::DataLossError(absl::StrCat(
      name, " is not there, and a receipt says that it was: ",
      cut ? absl::StrCat("the log is cut off after ", end) : "the log was written anew"));
}

absl::Status CheckTree(const Checkpoint& checkpoint, const AuditChain& chain) {
  if (chain.tree().size() != checkpoint.size) return absl::OkStatus();
  if (!IsOriginOf(checkpoint.origin, chain.org_id())) {
    return absl::DataLossError(absl::StrCat("the checkpoint is of ", checkpoint.origin,
                                            ", and the log of \"", chain.org_id(), "\""));
  }
  if (chain.tree().Root() == checkpoint.root) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the first ", checkpoint.size,
                   " entries are not those that the checkpoint signs: the log was written anew"));
}

// Follows the lines, and what is expected of them.
class Verification {
 public:
  explicit Verification(const Expected& expected)
      : expected_(expected), receipt_found_(expected.position == 0 && expected.number == 0) {}

  absl::Status Add(std::string_view line) {
    const absl::StatusOr<AuditEntry> entry = ParseAuditLine(line);
    if (!entry.ok()) return entry.status();
    absl::Status status = chain_.Add(*entry);
    if (status.ok()) status = CheckReceipt(*entry);
    if (status.ok() && expected_.checkpoint) status = CheckTree(*expected_.checkpoint, chain_);
    last_ = NameOf(*entry);
    return status;
  }

  absl::Status End() const {
    if (!receipt_found_) return Missing(expected_, chain_.head());
    if (!expected_.checkpoint || chain_.tree().size() >= expected_.checkpoint->size) {
      return absl::OkStatus();
    }
    return absl::DataLossError(absl::StrCat("the log is cut off after ", chain_.tree().size(),
                                            " entries, and the checkpoint signs ",
                                            expected_.checkpoint->size));
  }

  const AuditChain& chain() const { return chain_; }
  const std::string& last() const { return last_; }

 private:
  absl::Status CheckReceipt(const AuditEntry& entry) {
    const bool meant = expected_.number != 0
                           ? chain_.head().entry_count == expected_.number
                           : expected_.position != 0 && entry.position == expected_.position;
    if (!meant) return absl::OkStatus();
    receipt_found_ = true;
    if (entry.hash == expected_.hash) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(
        NameOf(entry), " carries another hash than its receipt: the log was written anew"));
  }

  const Expected& expected_;
  AuditChain chain_;
  bool receipt_found_;
  std::string last_;
};

absl::Status AuditVerify() {
  Expected expected;
  absl::Status status = ReadReceipt(expected);
  const absl::StatusOr<std::string> from = Required("from", FLAGS_from);
  if (status.ok()) status = from.status();
  if (status.ok()) status = ReadCheckpoint(expected);
  if (!status.ok()) return status;
  const auto lines = LineReader::Open(*from, kAuditLineBytesMax);
  if (!lines.ok()) return lines.status();
  Verification verification(expected);
  while ((*lines)->Next()) {
    const absl::Status added = verification.Add((*lines)->line());
    if (added.ok()) continue;
    return absl::DataLossError(
        absl::StrCat(*from, ", line ", (*lines)->number(), ": ", std::string(added.message())));
  }
  if (!(*lines)->status().ok()) return (*lines)->status();
  status = verification.End();
  if (!status.ok()) return status;
  const AuditChain& chain = verification.chain();
  if (chain.head().entry_count == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(*from, " holds no entry, so there is nothing to verify"));
  }
  std::printf("intact: %" PRId64 " entries of %s, the last at %s with hash %s\n",
              chain.head().entry_count, chain.org_id().c_str(), verification.last().c_str(),
              chain.head().hash.c_str());
  return absl::OkStatus();
}

}  // namespace

Command AuditVerifyCommand() {
  return {.name = "audit-verify",
          .summary = "verifies an exported audit log, without the service",
          .about = kAbout,
          .example =
              "marginalia-operator audit-verify --from=audit.jsonl --number=41"
              " --hash=9f2c…",
          .flags = {"from", "number", "position", "hash", "checkpoint", kKeyFlag},
          .run = AuditVerify};
}

}  // namespace marginalia
