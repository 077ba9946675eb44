#include "comments-service/thread/comment.h"

#include <algorithm>
#include <optional>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace marginalia {
namespace {

constexpr std::size_t kUuidCharacters = 36;

// Takes the first character off valid UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing
// past U+10FFFF); nothing when the text does not begin with one.
std::optional<char32_t> TakeCharacter(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return std::nullopt;
  char32_t character = first & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return std::nullopt;
    character = character << 6 | (next & 0x3F);
  }
  constexpr char32_t kLeast[] = {0x80, 0x800, 0x10000};
  if (character < kLeast[length - 2] || character > 0x10FFFF) return std::nullopt;
  if (character >= 0xD800 && character <= 0xDFFF) return std::nullopt;
  text.remove_prefix(length);
  return character;
}

// Unicode's White_Space property.
bool IsWhiteSpace(char32_t character) {
  return (character >= 0x09 && character <= 0x0D) || character == 0x20 || character == 0x85 ||
         character == 0xA0 || character == 0x1680 || (character >= 0x2000 && character <= 0x200A) ||
         character == 0x2028 || character == 0x2029 || character == 0x202F || character == 0x205F ||
         character == 0x3000;
}

struct Text {
  std::size_t characters = 0;
  bool valid = true;
  bool blank = true;
  bool has_nul = false;
};

Text Measure(std::string_view bytes) {
  Text text;
  while (!bytes.empty()) {
    const std::optional<char32_t> character = TakeCharacter(bytes);
    if (!character.has_value()) {
      text.valid = false;
      return text;
    }
    ++text.characters;
    if (*character == 0) text.has_nul = true;
    if (!IsWhiteSpace(*character)) text.blank = false;
  }
  return text;
}

absl::Status CheckText(const Text& text) {
  if (!text.valid) return absl::InvalidArgumentError("must be valid UTF-8");
  if (text.has_nul) return absl::InvalidArgumentError("must not contain NUL");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckBody(std::string_view body) {
  // A character has at most four bytes, so this much needs no counting.
  if (body.size() > 4 * kBodyCharactersMax) {
    return absl::InvalidArgumentError("must be at most 10,000 characters");
  }
  const Text text = Measure(body);
  if (absl::Status checked = CheckText(text); !checked.ok()) return checked;
  if (text.blank) return absl::InvalidArgumentError("must not be blank");
  if (text.characters > kBodyCharactersMax) {
    return absl::InvalidArgumentError("must be at most 10,000 characters");
  }
  return absl::OkStatus();
}

absl::Status CheckInvoiceId(std::string_view invoice_id) {
  if (invoice_id.empty()) return absl::InvalidArgumentError("is required");
  if (invoice_id.size() > kInvoiceIdCharactersMax) {
    return absl::InvalidArgumentError("must be at most 64 characters");
  }
  const bool allowed = std::all_of(invoice_id.begin(), invoice_id.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == ':' || c == '-';
  });
  if (!allowed) {
    return absl::InvalidArgumentError("must consist of letters, digits and the characters . _ : -");
  }
  return absl::OkStatus();
}

absl::Status CheckUserId(std::string_view user_id) {
  if (user_id.empty()) return absl::InvalidArgumentError("is required");
  if (user_id.size() > kUserIdBytesMax) {
    return absl::InvalidArgumentError("must be at most 128 bytes");
  }
  return CheckText(Measure(user_id));
}

absl::Status CheckDisplayName(std::string_view display_name) {
  if (display_name.size() > 4 * kDisplayNameCharactersMax) {
    return absl::InvalidArgumentError("must be at most 200 characters");
  }
  const Text text = Measure(display_name);
  if (absl::Status checked = CheckText(text); !checked.ok()) return checked;
  if (text.characters > kDisplayNameCharactersMax) {
    return absl::InvalidArgumentError("must be at most 200 characters");
  }
  return absl::OkStatus();
}

absl::Status CheckReason(std::string_view reason) {
  if (reason.size() > 4 * kReasonCharactersMax) {
    return absl::InvalidArgumentError("must be at most 500 characters");
  }
  const Text text = Measure(reason);
  if (absl::Status checked = CheckText(text); !checked.ok()) return checked;
  if (text.characters > kReasonCharactersMax) {
    return absl::InvalidArgumentError("must be at most 500 characters");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> CanonicalCommentId(std::string_view comment_id) {
  if (comment_id.empty()) return absl::InvalidArgumentError("is required");
  bool valid = comment_id.size() == kUuidCharacters;
  for (std::size_t i = 0; valid && i < kUuidCharacters; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const auto c = static_cast<unsigned char>(comment_id[i]);
    valid = dash ? c == '-' : absl::ascii_isxdigit(c);
  }
  if (!valid) {
    return absl::InvalidArgumentError(
        "must be a UUID such as 018f4e2a-9c3b-7d10-8a55-0242ac120002");
  }
  std::string canonical(comment_id);
  absl::AsciiStrToLower(&canonical);
  return canonical;
}

std::string NewCommentId(absl::Time now) {
  thread_local absl::BitGen random;
  const auto millis = static_cast<std::uint64_t>(absl::ToUnixMillis(now)) & 0xFFFF'FFFF'FFFF;
  const auto high = absl::Uniform<std::uint64_t>(random);
  const auto low = absl::Uniform<std::uint64_t>(random);
  return absl::StrFormat("%08x-%04x-7%03x-%04x-%012x", millis >> 16, millis & 0xFFFF, high & 0xFFF,
                         0x8000 | (high >> 12 & 0x3FFF), low & 0xFFFF'FFFF'FFFF);
}

Author AuthorOf(const Caller& caller) { return Author{caller.user_id, caller.display_name}; }

absl::Time CreateTimeAfter(absl::Time previous, absl::Time now) {
  return std::max(previous + absl::Microseconds(1), absl::FromUnixMicros(absl::ToUnixMicros(now)));
}

absl::Status CheckImportTime(absl::Time previous, absl::Time time, absl::Time now) {
  if (time > now) return absl::InvalidArgumentError("must not be in the future");
  if (time < previous) {
    return absl::InvalidArgumentError("must not be before that of the comment in front of it");
  }
  return absl::OkStatus();
}

std::string CommentEtag(std::int64_t revision, bool removed, bool erased) {
  return absl::StrCat("c", revision, erased ? "e" : removed ? "r" : "");
}

bool IsReplay(const Comment& stored, const Comment& again) {
  return stored.invoice_id == again.invoice_id && (stored.erased || stored.body == again.body) &&
         stored.author.user_id == again.author.user_id;
}

}  // namespace marginalia
