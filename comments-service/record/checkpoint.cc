#include "comments-service/record/checkpoint.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "comments-service/record/merkle_tree.h"

namespace marginalia {
namespace {

constexpr std::string_view kProofVersion = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kOriginRoot = "marginalia.dev/";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

absl::Status NoCheckpoint(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("no checkpoint: ", Absl(why)));
}

absl::Status NoProof(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("no inclusion proof: ", Absl(why)));
}

// Takes the first line off, without its end. Nothing when it has none.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// A decimal number from 0 on, without leading zeroes.
std::optional<std::int64_t> ParseCount(std::string_view text) {
  std::int64_t count = 0;
  if (!absl::SimpleAtoi(Absl(text), &count) || count < 0) return std::nullopt;
  if (absl::StrCat(count) != text) return std::nullopt;
  return count;
}

std::optional<Digest> ParseHash(std::string_view text) {
  const std::optional<std::string> bytes = BytesFromBase64(text);
  return bytes.has_value() ? DigestFromBytes(*bytes) : std::nullopt;
}

}  // namespace

std::string CheckpointOrigin(std::string_view log_id, std::string_view org_id) {
  std::string origin = absl::StrCat(Absl(kOriginRoot), Absl(log_id), "/");
  for (const char c : org_id) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' ||
        c == '~') {
      origin.push_back(c);
    } else {
      constexpr char kDigits[] = "0123456789ABCDEF";
      const auto byte = static_cast<std::uint8_t>(c);
      origin.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return origin;
}

bool IsOriginOf(std::string_view origin, std::string_view org_id) {
  const std::size_t end = origin.rfind('/');
  if (end == origin.npos || end < kOriginRoot.size()) return false;
  const std::string_view log_id = origin.substr(kOriginRoot.size(), end - kOriginRoot.size());
  return log_id.find('/') == log_id.npos && origin == CheckpointOrigin(log_id, org_id);
}

std::string CheckpointText(const Checkpoint& checkpoint) {
  return absl::StrCat(checkpoint.origin, "\n", checkpoint.size, "\n",
                      Base64Of(BytesOf(checkpoint.root)), "\n");
}

absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text) {
  const std::optional<std::string_view> origin = TakeLine(text);
  const std::optional<std::string_view> size = origin ? TakeLine(text) : std::nullopt;
  const std::optional<std::string_view> root = size ? TakeLine(text) : std::nullopt;
  if (!root.has_value()) return NoCheckpoint("it has fewer than three lines");
  if (origin->empty()) return NoCheckpoint("its origin is empty");
  const std::optional<std::int64_t> count = ParseCount(*size);
  if (!count.has_value()) return NoCheckpoint("its size is no decimal number from 0 on");
  const std::optional<Digest> hash = ParseHash(*root);
  if (!hash.has_value()) return NoCheckpoint("its root is no SHA-256 in base64");
  while (!text.empty()) {
    const std::optional<std::string_view> extension = TakeLine(text);
    if (!extension.has_value() || extension->empty()) {
      return NoCheckpoint("a line of its extensions is empty or has no end");
    }
  }
  return Checkpoint{.origin = std::string(*origin), .size = *count, .root = *hash};
}

absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note,
                                          std::span<const VerifierKey> keys) {
  const absl::StatusOr<std::string> text = OpenNote(note, keys);
  if (!text.ok()) return text.status();
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(*text);
  if (!checkpoint.ok()) return absl::DataLossError(checkpoint.status().message());
  return checkpoint;
}

std::string FormatProof(const InclusionProofText& proof) {
  std::string text = absl::StrCat(Absl(kProofVersion), "\n", Absl(kIndex), proof.index, "\n");
  for (const Digest& hash : proof.hashes) absl::StrAppend(&text, Base64Of(BytesOf(hash)), "\n");
  if (!proof.checkpoint.empty()) absl::StrAppend(&text, "\n", proof.checkpoint);
  return text;
}

absl::StatusOr<InclusionProofText> ParseProof(std::string_view text) {
  if (TakeLine(text) != kProofVersion) return NoProof("it does not begin as one");
  std::optional<std::string_view> line = TakeLine(text);
  if (line.has_value() && line->substr(0, kExtra.size()) == kExtra) {
    if (!BytesFromBase64(line->substr(kExtra.size()))) return NoProof("its extra is not base64");
    line = TakeLine(text);
  }
  if (!line.has_value() || line->substr(0, kIndex.size()) != kIndex) {
    return NoProof("it has no index");
  }
  const std::optional<std::int64_t> index = ParseCount(line->substr(kIndex.size()));
  if (!index.has_value()) return NoProof("its index is no decimal number from 0 on");
  InclusionProofText proof{.index = *index, .hashes = {}, .checkpoint = ""};
  while (!text.empty()) {
    line = TakeLine(text);
    if (!line.has_value()) return NoProof("its last line has no end");
    if (line->empty()) {
      if (text.empty()) return NoProof("no checkpoint follows its blank line");
      proof.checkpoint = text;
      break;
    }
    const std::optional<Digest> hash = ParseHash(*line);
    if (!hash.has_value()) return NoProof("a line of it is no SHA-256 in base64");
    if (proof.hashes.size() == kProofHashesMax) return NoProof("it has more than 64 hashes");
    proof.hashes.push_back(*hash);
  }
  return proof;
}

}  // namespace marginalia
