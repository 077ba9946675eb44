#include "deploy/operator/audit/evidence_verify.h"

#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "comments-service/record/evidence.h"
#include "comments-service/record/evidence_check.h"
#include "deploy/operator/audit/printable.h"
#include "deploy/operator/audit/verifier_keys.h"
#include "deploy/operator/shared_flags.h"

namespace marginalia {
namespace {

constexpr char kAbout[] =
    "Verifies an evidence file, which holds a thread, its entries in the record, a proof for each, "
    "and\n"
    "the signed checkpoint that they lead to. Needs no service, only the verifier's key of the "
    "deployment,\n"
    "which must come from somebody whom the reader trusts, not with the file. Prints the thread, "
    "then\n"
    "what is proven, what is erased and what fails. It cannot tell whether this is all that was "
    "said:\n"
    "whether the thread has gone on since the checkpoint, or comments, edits or removals were left "
    "out\n"
    "with their entries, which only the tenant's whole log shows (audit-export). Exits with 0 when "
    "all holds, 1 when something fails, 2 when it cannot be "
    "verified.";

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

std::string Named(const EvidencePerson& person) {
  return absl::StrCat(Printable(person.display_name), " (", Printable(person.user_id), ")");
}

std::string TextOf(const EvidenceRevision& revision, bool removed) {
  if (revision.body.has_value()) return Printable(*revision.body, "    ");
  if (revision.erased) return "    [erased]";
  return removed ? "    [removed; this file does not show it]" : "    [not there]";
}

void PrintComment(const EvidenceComment& comment) {
  std::string text;
  for (const EvidenceRevision& revision : comment.revisions) {
    const bool first = revision.revision == 1;
    absl::StrAppend(&text, first ? absl::StrCat("#", comment.sequence, "  ") : "    edited by ",
                    Named(revision.editor), ", ",
                    TimeText(first ? comment.create_time : revision.time),
                    first && revision.time != comment.create_time
                        ? absl::StrCat(", imported as edited last ", TimeText(revision.time))
                        : "",
                    "\n", TextOf(revision, comment.removal.has_value()), "\n");
  }
  if (comment.removal.has_value()) {
    absl::StrAppend(&text, "    removed by ", Named(comment.removal->actor), ", ",
                    TimeText(comment.removal->time), comment.removal->reason.empty() ? "" : ": ",
                    Printable(comment.removal->reason), "\n");
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void PrintThread(const Evidence& evidence) {
  std::printf("Thread of invoice %s\n\n", Printable(evidence.invoice_id).c_str());
  for (const EvidenceComment& comment : evidence.comments) PrintComment(comment);
  if (evidence.state.has_value()) {
    std::printf("\n%s by %s, %s\n", evidence.state->resolved ? "Resolved" : "Reopened",
                Named(evidence.state->actor).c_str(), TimeText(evidence.state->time).c_str());
  }
}

void PrintCount(std::int64_t count, const char* one, const char* many) {
  if (count == 1) std::printf("  1 %s\n", one);
  if (count > 1) std::printf("  %lld %s\n", static_cast<long long>(count), many);
}

void PrintVerdict(const EvidenceVerdict& verdict) {
  if (!verdict.checkpoint.origin.empty()) {
    std::printf(
        "\nCheckpoint of %s: %lld entries, root %s\n", Printable(verdict.checkpoint.origin).c_str(),
        static_cast<long long>(verdict.checkpoint.size), HexOf(verdict.checkpoint.root).c_str());
  }
  std::printf("\nProven:\n");
  PrintCount(verdict.entries_proven, "entry of the record is in the tree that the checkpoint signs",
             "entries of the record are in the tree that the checkpoint signs");
  PrintCount(verdict.texts_proven, "text is word for word what its entry committed to",
             "texts are word for word what their entries committed to");
  if (verdict.entries_proven + verdict.texts_proven == 0) std::printf("  nothing\n");
  if (verdict.texts_erased + verdict.texts_withheld + verdict.texts_uncovered > 0) {
    std::printf("\nNot proven, and said to be so:\n");
  }
  PrintCount(verdict.texts_erased, "text is erased; that it was there, and when, is proven",
             "texts are erased; that they were there, and when, is proven");
  PrintCount(verdict.texts_withheld, "text of a removed comment is not in this file",
             "texts of removed comments are not in this file");
  PrintCount(verdict.texts_uncovered,
             "text is older than commitments: who wrote when is proven, not what",
             "texts are older than commitments: who wrote when is proven, not what");
  if (verdict.failures.empty()) return;
  std::printf("\nFails:\n");
  for (const std::string& failure : verdict.failures) {
    std::printf("  %s\n", Printable(failure).c_str());
  }
}

absl::Status EvidenceVerify() {
  const absl::StatusOr<std::string> from = Required("from", FLAGS_from);
  if (!from.ok()) return from.status();
  const absl::StatusOr<std::vector<VerifierKey>> keys = KeysFromFlag();
  if (!keys.ok()) return keys.status();
  const absl::StatusOr<std::string> text = ReadFileOf("from", *from, kEvidenceBytesMax);
  if (!text.ok()) return text.status();
  const absl::StatusOr<Evidence> evidence = ReadEvidence(*text);
  if (!evidence.ok()) {
    return absl::DataLossError(absl::StrCat(*from, ": ", std::string(evidence.status().message())));
  }
  const EvidenceVerdict verdict = CheckEvidence(*evidence, *keys);
  PrintThread(*evidence);
  PrintVerdict(verdict);
  if (verdict.failure_count == 0) {
    std::printf(
        "\nAll that this file says holds. Whether it is all that was said, the whole log tells.\n");
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat(*from, ": ", verdict.failure_count,
                   " of what it says does not hold; first: ", Printable(verdict.failures.front())));
}

}  // namespace

Command EvidenceVerifyCommand() {
  return {.name = "evidence-verify",
          .summary = "verifies an evidence file, without the service, and prints the thread",
          .about = kAbout,
          .example =
              "marginalia-operator evidence-verify --from=INV-1042.evidence.json"
              " --key=checkpoint.vkey",
          .flags = {"from", kKeyFlag},
          .run = EvidenceVerify};
}

}  // namespace marginalia
