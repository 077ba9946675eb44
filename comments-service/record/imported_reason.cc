#include "comments-service/record/imported_reason.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "comments-service/record/commitment.h"

namespace marginalia {
namespace {

constexpr std::string_view kAuthorId = "author_id=";
constexpr std::string_view kCreateTime = " create_time=";
constexpr std::string_view kEditTime = " edit_time=";
constexpr std::string_view kRemovalTime = " removal_time=";
constexpr std::string_view kRemoverId = " remover_id=";
constexpr std::string_view kRemoverName = " remover_name=";
constexpr std::string_view kRemoverCommitment = " remover_name_commitment=";
constexpr std::string_view kRemovalReason = " removal_reason=";
constexpr std::string_view kStateTime = "state_time=";
constexpr std::string_view kStateActorId = " state_actor_id=";
constexpr std::string_view kStateActorName = " state_actor_name=";
constexpr std::string_view kStateActorCommitment = " state_actor_name_commitment=";
constexpr std::size_t kCommitmentDigits = 64;

void AppendTime(std::string& text, std::string_view key, absl::Time time) {
  text += key;
  absl::StrAppend(&text, absl::ToUnixMicros(time));
}

// In quotes, so that nothing that people write can pass for more of the reason.
void AppendQuoted(std::string& text, std::string_view key, std::string_view value) {
  text += key;
  text += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
}

void AppendName(std::string& text, std::string_view clear_key, std::string_view commitment_key,
                const RecordedName& name) {
  if (name.commitment.empty()) return AppendQuoted(text, clear_key, name.clear);
  text += commitment_key;
  text += name.commitment;
}

// Takes values off a reason, the last one first: the first one, which stands there as it is, may
// look like any of them.
class FromTheEnd {
 public:
  explicit FromTheEnd(std::string_view text) : text_(text) {}

  bool EndsQuoted() const { return text_.ends_with('"'); }
  std::string_view rest() const { return text_; }

  // Nothing when the text does not end with `key` and such a value.
  std::optional<std::string> Quoted(std::string_view key) {
    if (!EndsQuoted()) return std::nullopt;
    std::size_t begin = text_.size() - 1;
    do {
      begin = begin == 0 ? text_.npos : text_.rfind('"', begin - 1);
      if (begin == text_.npos) return std::nullopt;
    } while (IsEscaped(begin));
    std::string value;
    for (std::size_t i = begin + 1; i < text_.size() - 1; ++i) {
      if (text_[i] == '\\') ++i;
      value += text_[i];
    }
    if (!DropKey(begin, key)) return std::nullopt;
    return value;
  }

  std::optional<absl::Time> Time(std::string_view key) {
    const std::size_t begin = text_.find_last_of('=') + 1;
    std::int64_t micros = 0;
    if (begin == 0 || !absl::SimpleAtoi(std::string(text_.substr(begin)), &micros) ||
        !DropKey(begin, key)) {
      return std::nullopt;
    }
    return absl::FromUnixMicros(micros);
  }

  std::optional<std::string> Commitment(std::string_view key) {
    if (text_.size() < kCommitmentDigits) return std::nullopt;
    const std::size_t begin = text_.size() - kCommitmentDigits;
    const std::string digits(text_.substr(begin));
    const bool hex = std::all_of(digits.begin(), digits.end(), [](char c) {
      return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
    });
    if (!hex || !DropKey(begin, key)) return std::nullopt;
    return digits;
  }

 private:
  bool IsEscaped(std::size_t at) const {
    std::size_t backslashes = 0;
    while (backslashes < at && text_[at - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  }

  bool DropKey(std::size_t end, std::string_view key) {
    if (!text_.substr(0, end).ends_with(key)) return false;
    text_ = text_.substr(0, end - key.size());
    return true;
  }

  std::string_view text_;
};

std::optional<RecordedName> TakeName(FromTheEnd& text, std::string_view clear_key,
                                     std::string_view commitment_key, std::string_view salt) {
  if (text.EndsQuoted()) {
    std::optional<std::string> clear = text.Quoted(clear_key);
    if (!clear) return std::nullopt;
    return RecordedName{.clear = *std::move(clear)};
  }
  std::optional<std::string> commitment = text.Commitment(commitment_key);
  if (!commitment) return std::nullopt;
  return RecordedName{.clear = "", .commitment = *std::move(commitment), .salt = std::string(salt)};
}

std::optional<ImportedRemoval> TakeRemoval(FromTheEnd& text, std::string_view salt) {
  std::optional<std::string> reason = text.Quoted(kRemovalReason);
  std::optional<RecordedName> name = TakeName(text, kRemoverName, kRemoverCommitment, salt);
  std::optional<std::string> id = text.Quoted(kRemoverId);
  const std::optional<absl::Time> time = text.Time(kRemovalTime);
  if (!reason || !name || !id || !time) return std::nullopt;
  return ImportedRemoval{.time = *time,
                         .actor_id = *std::move(id),
                         .actor_name = *std::move(name),
                         .reason = *std::move(reason)};
}

}  // namespace

RecordedName RecordedName::CommittedTo(std::string_view name, std::string salt) {
  return {.clear = "", .commitment = Commitment(salt, name), .salt = std::move(salt)};
}

bool RecordedName::Is(std::string_view name) const {
  if (commitment.empty()) return name == clear;
  return salt.size() == kSaltBytes && Commitment(salt, name) == commitment;
}

std::string ImportedReason(const ImportedOrigin& origin) {
  std::string reason(kAuthorId);
  reason += origin.author_id;
  AppendTime(reason, kCreateTime, origin.create_time);
  if (origin.edit_time) AppendTime(reason, kEditTime, *origin.edit_time);
  if (!origin.removal) return reason;
  AppendTime(reason, kRemovalTime, origin.removal->time);
  AppendQuoted(reason, kRemoverId, origin.removal->actor_id);
  AppendName(reason, kRemoverName, kRemoverCommitment, origin.removal->actor_name);
  AppendQuoted(reason, kRemovalReason, origin.removal->reason);
  return reason;
}

std::string ImportedReason(const ImportedClosing& closing) {
  std::string reason = ImportedClosingPrefix(closing.time, closing.actor_id);
  AppendName(reason, kStateActorName, kStateActorCommitment, closing.actor_name);
  return reason;
}

std::string ImportedClosingPrefix(absl::Time time, std::string_view actor_id) {
  std::string prefix;
  AppendTime(prefix, kStateTime, time);
  AppendQuoted(prefix, kStateActorId, actor_id);
  return prefix;
}

std::optional<ImportedOrigin> ImportedOriginOf(const AuditEntry& entry, std::string_view salt) {
  if (entry.action != kActionImported || entry.format == 1) return std::nullopt;
  FromTheEnd text(entry.reason);
  ImportedOrigin origin;
  if (text.EndsQuoted()) origin.removal = TakeRemoval(text, salt);
  origin.edit_time = text.Time(kEditTime);
  const std::optional<absl::Time> create_time = text.Time(kCreateTime);
  if (!create_time || !text.rest().starts_with(kAuthorId)) return std::nullopt;
  origin.create_time = *create_time;
  origin.author_id = text.rest().substr(kAuthorId.size());
  // Only what is written in the one way: then nothing in it was not read.
  if (ImportedReason(origin) != entry.reason) return std::nullopt;
  return origin;
}

std::optional<ImportedClosing> ImportedClosingOf(const AuditEntry& entry, std::string_view salt) {
  if (entry.action != kActionResolved) return std::nullopt;
  FromTheEnd text(entry.reason);
  std::optional<RecordedName> name = TakeName(text, kStateActorName, kStateActorCommitment, salt);
  std::optional<std::string> id = text.Quoted(kStateActorId);
  const std::optional<absl::Time> time = text.Time(kStateTime);
  if (!name || !id || !time) return std::nullopt;
  ImportedClosing closing{
      .time = *time, .actor_id = *std::move(id), .actor_name = *std::move(name)};
  if (ImportedReason(closing) != entry.reason) return std::nullopt;
  return closing;
}

}  // namespace marginalia
