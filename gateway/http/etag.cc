#include "gateway/http/etag.h"

#include <algorithm>
#include <array>
#include <optional>

// Inlined: it is little code, and another library less to load.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

// What an answer's coding adds to its tag, ours and that of proxies which compress.
constexpr std::array<std::string_view, 4> kCodingSuffixes = {"--gzip", "-gzip", ";gzip", "-br"};

// Whether a client's tag is `tag`, both with their quotes, and if so what a coding added to it.
std::optional<std::string_view> SuffixOf(std::string_view named, std::string_view tag) {
  if (named == tag) return "";
  for (const std::string_view suffix : kCodingSuffixes) {
    if (named.size() == tag.size() + suffix.size() &&
        named.substr(tag.size() - 1, suffix.size()) == suffix &&
        named.substr(0, tag.size() - 1) == tag.substr(0, tag.size() - 1)) {
      return suffix;
    }
  }
  return std::nullopt;
}

// One more when the same things are shown in another form, so that no client keeps the old one.
constexpr std::uint64_t kFormVersion = 2;

// Not against attackers: who finds a collision deceives himself alone.
class TagHash {
 public:
  TagHash() { XXH64_reset(&state_, kFormVersion); }

  // With its length in front, so that no two texts run into each other.
  void Add(std::string_view text) {
    Add(text.size());
    XXH64_update(&state_, text.data(), text.size());
  }
  void Add(std::uint64_t number) { XXH64_update(&state_, &number, sizeof(number)); }

  // 16 hexadecimal digits.
  std::string Finish() const {
    return absl::StrCat(absl::Hex(XXH64_digest(&state_), absl::kZeroPad16));
  }

 private:
  XXH64_state_t state_;
};

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

std::string WithSuffix(std::string_view tag, std::string_view suffix) {
  std::string with(tag.substr(0, tag.size() - 1));
  with += suffix;
  with += '"';
  return with;
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
  if (!version.around.empty()) hash.Add(version.around);
  hash.Add(static_cast<std::uint64_t>(version.limit));
  return absl::StrCat("W/\"", hash.Finish(), "-", version.revision, "\"");
}

std::string WeakTag(std::string_view text) {
  TagHash hash;
  hash.Add(text);
  return absl::StrCat("W/\"", hash.Finish(), "\"");
}

std::string StrongTag(std::string_view etag) { return "\"" + std::string(etag) + "\""; }

absl::StatusOr<std::string> IfMatch(const HttpRequest& request) {
  std::string_view tag = request.Header("if-match");
  if (tag.empty()) return std::string();
  // Proxies that compress make a strong tag weak. Of what is changed here a tag is its revision,
  // which no two states of it share as long as the log is the same, so that a weak one is as good.
  // Behind a restored backup a revision may be given again, to other words.
  if (tag.substr(0, 2) == "W/") tag.remove_prefix(2);
  if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') {
    return InvalidField("If-Match", "must be one entity tag, in quotes");
  }
  tag = tag.substr(1, tag.size() - 2);
  if (tag.find('"') != tag.npos) {
    return InvalidField("If-Match", "must be one entity tag, in quotes");
  }
  for (const std::string_view suffix : kCodingSuffixes) {
    if (absl::EndsWith(absl::string_view(tag.data(), tag.size()), {suffix.data(), suffix.size()})) {
      tag.remove_suffix(suffix.size());
      break;
    }
  }
  return std::string(tag);
}

std::string TagInCoding(std::string_view tag, ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kGzip:
      return WithSuffix(tag, "-gzip");
    case ContentCoding::kBrotli:
      return WithSuffix(tag, "-br");
    case ContentCoding::kIdentity:
      break;
  }
  return std::string(tag);
}

bool IsConditional(const HttpRequest& request) {
  return AnyCondition(request, [](std::string_view) { return true; });
}

bool MatchesAnything(const HttpRequest& request) {
  return AnyCondition(request, [](std::string_view value) { return value == "*"; });
}

bool NamesTag(const HttpRequest& request, std::string_view tag) {
  return MatchesAnything(request) || !TagAsNamed(request, tag).empty();
}

std::string TagAsNamed(const HttpRequest& request, std::string_view tag) {
  std::string named_so;
  std::string_view opaque = tag;
  if (opaque.substr(0, 2) == "W/") opaque.remove_prefix(2);
  AnyCondition(request, [&](std::string_view value) {
    for (auto named = TakeTag(value); !named.empty(); named = TakeTag(value)) {
      const auto suffix = SuffixOf(named, opaque);
      if (!suffix) continue;
      named_so = WithSuffix(tag, *suffix);
      return true;
    }
    return false;
  });
  return named_so;
}

}  // namespace marginalia
