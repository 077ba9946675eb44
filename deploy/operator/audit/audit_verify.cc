#include "deploy/operator/audit/audit_verify.h"

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "deploy/operator/audit/audit_chain.h"
#include "deploy/operator/audit/audit_line.h"
#include "deploy/operator/audit/line_reader.h"
#include "deploy/operator/shared_flags.h"

ABSL_FLAG(std::int64_t, position, 0,
          "Of a receipt, or of an earlier export's end: this entry must be there, with --hash.");
ABSL_FLAG(std::string, hash, "", "The hash that goes with --position, 64 hexadecimal digits.");

namespace marginalia {
namespace {

constexpr char kAbout[] =
    "Recomputes the hash chain of an export, from its first entry to its last, and names the "
    "first\n"
    "line that does not follow from the one before. Needs no service and no key. A chain whose "
    "tail\n"
    "was cut off is whole in itself: that shows against a receipt of any later AddComment, or the "
    "end\n"
    "of any later export, given as --position and --hash. Parts of an export are verified "
    "together:\n"
    "cat part1 part2 | marginalia-operator audit-verify --from=-\n"
    "Exits with 0 when it is intact, 1 when it is broken or cut off, 2 when it cannot be verified.";

// An entry that somebody has proof of.
struct Receipt {
  std::int64_t position = 0;
  std::string hash;
};

absl::StatusOr<Receipt> ReceiptFromFlags() {
  Receipt receipt{absl::GetFlag(FLAGS_position), absl::GetFlag(FLAGS_hash)};
  if (receipt.position == 0 && receipt.hash.empty()) return receipt;
  if (receipt.position < 1) {
    return absl::InvalidArgumentError("--position goes with --hash and is from 1 on");
  }
  if (!IsAuditHash(receipt.hash)) {
    return absl::InvalidArgumentError(
        "--hash goes with --position and is 64 hexadecimal digits in lower case");
  }
  return receipt;
}

absl::Status Missing(const Receipt& receipt, const AuditHead& head) {
  return absl::DataLossError(
      absl::StrCat("position ", receipt.position, " is not there, and a receipt says that it was: ",
                   head.position < receipt.position
                       ? absl::StrCat("the log is cut off after position ", head.position)
                       : "the log was written anew"));
}

absl::Status AddLine(const LineReader& lines, const Receipt& receipt, AuditChain& chain,
                     bool& found) {
  const absl::StatusOr<AuditEntry> entry = ParseAuditLine(lines.line());
  if (!entry.ok()) return entry.status();
  const absl::Status added = chain.Add(*entry);
  if (!added.ok() || entry->position != receipt.position) return added;
  found = true;
  if (entry->hash == receipt.hash) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("position ", entry->position,
                   " carries another hash than its receipt: the log was written anew"));
}

absl::Status AuditVerify() {
  const absl::StatusOr<Receipt> receipt = ReceiptFromFlags();
  if (!receipt.ok()) return receipt.status();
  const absl::StatusOr<std::string> from = Required("from", FLAGS_from);
  if (!from.ok()) return from.status();
  const auto lines = LineReader::Open(*from, kAuditLineBytesMax);
  if (!lines.ok()) return lines.status();
  AuditChain chain;
  bool found = receipt->position == 0;
  while ((*lines)->Next()) {
    const absl::Status added = AddLine(**lines, *receipt, chain, found);
    if (added.ok()) continue;
    return absl::DataLossError(
        absl::StrCat(*from, ", line ", (*lines)->number(), ": ", std::string(added.message())));
  }
  if (!(*lines)->status().ok()) return (*lines)->status();
  if (!found) return Missing(*receipt, chain.head());
  if (chain.head().entry_count == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(*from, " holds no entry, so there is nothing to verify"));
  }
  std::printf("intact: %" PRId64 " entries of %s, the last at position %" PRId64 " with hash %s\n",
              chain.head().entry_count, chain.org_id().c_str(), chain.head().position,
              chain.head().hash.c_str());
  return absl::OkStatus();
}

}  // namespace

Command AuditVerifyCommand() {
  return {.name = "audit-verify",
          .summary = "verifies an exported audit log, without the service",
          .about = kAbout,
          .example =
              "marginalia-operator audit-verify --from=audit.jsonl --position=41"
              " --hash=9f2c…",
          .flags = {"from", "position", "hash"},
          .run = AuditVerify};
}

}  // namespace marginalia
