#include "gateway/http/etag.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "absl/strings/match.h"

namespace marginalia {
namespace {

// One more when the same things are shown in another form, so that no client keeps the old one.
constexpr std::uint64_t kFormVersion = 1;

// MurmurHash64A (Austin Appleby, public domain), eight bytes at a time. Not against attackers: who
// finds a collision deceives himself alone.
class TagHash {
 public:
  void Add(std::string_view text) {
    Mix(text.size());
    for (; text.size() >= sizeof(std::uint64_t); text.remove_prefix(sizeof(std::uint64_t))) {
      std::uint64_t word;
      std::memcpy(&word, text.data(), sizeof(word));
      Mix(word);
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, text.data(), text.size());
    Mix(rest);
  }
  void Add(std::uint64_t number) { Mix(number); }

  std::uint64_t Finish() const {
    std::uint64_t hash = hash_;
    hash ^= hash >> 47;
    hash *= kMultiplier;
    return hash ^ hash >> 47;
  }

 private:
  static constexpr std::uint64_t kMultiplier = 0xC6A4A7935BD1E995;

  void Mix(std::uint64_t word) {
    word *= kMultiplier;
    word ^= word >> 47;
    word *= kMultiplier;
    hash_ = (hash_ ^ word) * kMultiplier;
  }

  std::uint64_t hash_ = kFormVersion;
};

void AppendHex(std::string& tag, std::uint64_t hash) {
  constexpr char kHex[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) tag += kHex[hash >> shift & 0xF];
}

// Takes one entity tag off the front, its quotes included and W/ left out; empty when there is
// none.
std::string_view TakeTag(std::string_view& list) {
  list.remove_prefix(std::min(list.size(), list.find_first_not_of(" \t,")));
  if (list.substr(0, 2) == "W/") list.remove_prefix(2);
  if (list.empty() || list.front() != '"') return {};
  const std::size_t end = list.find('"', 1);
  if (end == list.npos) return {};
  const std::string_view tag = list.substr(0, end + 1);
  list.remove_prefix(tag.size());
  return tag;
}

template <typename Predicate>
bool AnyCondition(const HttpRequest& request, Predicate predicate) {
  constexpr absl::string_view kName = "if-none-match";
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const HeaderField& field) {
    return field.name.size() == kName.size() &&
           absl::EqualsIgnoreCase({field.name.data(), field.name.size()}, kName) &&
           predicate(field.value);
  });
}

}  // namespace

std::string ThreadPageTag(const ThreadPageVersion& version) {
  TagHash hash;
  hash.Add(version.log_id);
  hash.Add(version.org_id);
  hash.Add(version.invoice_id);
  hash.Add(version.cursor);
  hash.Add(static_cast<std::uint64_t>(version.limit));
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), version.total_size).ptr;
  std::string tag;
  tag.reserve(sizeof("\"0123456789abcdef-\"") + sizeof(digits));
  tag += '"';
  AppendHex(tag, hash.Finish());
  tag += '-';
  tag.append(digits, end);
  tag += '"';
  return tag;
}

std::string WeakTag(std::string_view text) {
  TagHash hash;
  hash.Add(text);
  std::string tag = "W/\"";
  AppendHex(tag, hash.Finish());
  tag += '"';
  return tag;
}

bool IsConditional(const HttpRequest& request) {
  return AnyCondition(request, [](std::string_view) { return true; });
}

bool MatchesAnything(const HttpRequest& request) {
  return AnyCondition(request, [](std::string_view value) { return value == "*"; });
}

bool NamesTag(const HttpRequest& request, std::string_view tag) {
  if (tag.substr(0, 2) == "W/") tag.remove_prefix(2);
  return AnyCondition(request, [tag](std::string_view value) {
    if (value == "*") return true;
    for (auto named = TakeTag(value); !named.empty(); named = TakeTag(value)) {
      if (named == tag) return true;
    }
    return false;
  });
}

}  // namespace marginalia
