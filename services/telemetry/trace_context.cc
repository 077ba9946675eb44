#include "services/telemetry/trace_context.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

// Of version 00: 2 + 32 + 16 + 2 digits and the hyphens between them.
constexpr std::size_t kTraceparentCharacters = 55;
constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kSpanIdAt = 36;
constexpr std::size_t kFlagsAt = 53;
constexpr std::uint64_t kInvalidVersion = 0xFF;
constexpr std::uint64_t kSampledFlag = 0x01;

constexpr std::size_t kKeyCharactersMax = 256;
constexpr std::size_t kTenantCharactersMax = 241;
constexpr std::size_t kSystemCharactersMax = 14;
constexpr std::size_t kValueCharactersMax = 256;

// Lower case only: the standard has no other.
std::optional<std::uint64_t> ParseHex(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c >= '0' && c <= '9') {
      value = value << 4 | static_cast<std::uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = value << 4 | static_cast<std::uint64_t>(c - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

void AppendHex(std::string& text, std::uint64_t value) {
  absl::StrAppend(&text, absl::Hex(value, absl::kZeroPad16));
}

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsKeyCharacter(char c) {
  return IsLower(c) || IsDigit(c) || c == '_' || c == '-' || c == '*' || c == '/';
}

bool IsKeyPart(std::string_view text, std::size_t characters_max, bool digit_may_begin) {
  return !text.empty() && text.size() <= characters_max &&
         (IsLower(text[0]) || (digit_may_begin && IsDigit(text[0]))) &&
         std::all_of(text.begin(), text.end(), IsKeyCharacter);
}

// "vendor" or "tenant@vendor".
bool IsKey(std::string_view key) {
  const std::size_t at = key.find('@');
  if (at == std::string_view::npos) return IsKeyPart(key, kKeyCharactersMax, false);
  return IsKeyPart(key.substr(0, at), kTenantCharactersMax, true) &&
         IsKeyPart(key.substr(at + 1), kSystemCharactersMax, false);
}

bool IsValue(std::string_view value) {
  return !value.empty() && value.size() <= kValueCharactersMax && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

std::string_view WithoutOuterSpace(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::optional<TraceContext> ParseTraceparent(std::string_view text) {
  if (text.size() < kTraceparentCharacters) return std::nullopt;
  const auto version = ParseHex(text.substr(0, 2));
  if (!version.has_value() || *version == kInvalidVersion) return std::nullopt;
  // A later version may say more, behind one more hyphen.
  if (text.size() > kTraceparentCharacters &&
      (*version == 0 || text[kTraceparentCharacters] != '-')) {
    return std::nullopt;
  }
  if (text[kTraceIdAt - 1] != '-' || text[kSpanIdAt - 1] != '-' || text[kFlagsAt - 1] != '-') {
    return std::nullopt;
  }
  const auto high = ParseHex(text.substr(kTraceIdAt, 16));
  const auto low = ParseHex(text.substr(kTraceIdAt + 16, 16));
  const auto span_id = ParseHex(text.substr(kSpanIdAt, 16));
  const auto flags = ParseHex(text.substr(kFlagsAt, 2));
  if (!high || !low || !span_id || !flags) return std::nullopt;
  if ((*high | *low) == 0 || *span_id == 0) return std::nullopt;
  return TraceContext{{*high, *low}, *span_id, (*flags & kSampledFlag) != 0, ""};
}

std::string FormatTraceparent(const TraceContext& context) {
  std::string text;
  text.reserve(kTraceparentCharacters);
  text += "00-";
  AppendHex(text, context.trace_id[0]);
  AppendHex(text, context.trace_id[1]);
  text += '-';
  AppendHex(text, context.span_id);
  text += context.sampled ? "-01" : "-00";
  return text;
}

bool IsTracestate(std::string_view text) {
  if (text.size() > kTracestateBytesMax) return false;
  std::vector<std::string_view> keys;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view member = WithoutOuterSpace(text.substr(begin, end - begin));
    begin = end + 1;
    // The standard allows empty members.
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = member.substr(0, equals);
    if (!IsKey(key) || !IsValue(member.substr(equals + 1))) return false;
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return false;
    keys.push_back(key);
  }
  return !keys.empty() && keys.size() <= kTracestateMembersMax;
}

std::string TraceIdText(const TraceContext& context) {
  std::string text;
  text.reserve(32);
  AppendHex(text, context.trace_id[0]);
  AppendHex(text, context.trace_id[1]);
  return text;
}

std::string SpanIdText(std::uint64_t span_id) {
  std::string text;
  text.reserve(16);
  AppendHex(text, span_id);
  return text;
}

}  // namespace marginalia
