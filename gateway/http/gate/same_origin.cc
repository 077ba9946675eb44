#include "gateway/http/gate/same_origin.h"

#include <cstdint>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace marginalia {
namespace {

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kSecure = "https://";

bool IsSecure(std::string_view origin) { return origin.substr(0, kSecure.size()) == kSecure; }

struct Place {
  // As it was written; an IPv6 address keeps its brackets.
  std::string_view host;
  int port = 0;
};

std::optional<Place> PlaceOf(std::string_view authority, int default_port) {
  const bool bracketed = authority.substr(0, 1) == "[";
  const std::size_t bracket = bracketed ? authority.find(']') : 0;
  if (bracket == authority.npos) return std::nullopt;
  Place place{authority.substr(0, authority.find(':', bracket)), default_port};
  if (place.host.empty() || place.host.find_first_of("/@?#") != place.host.npos)
    return std::nullopt;
  if (bracketed && place.host.back() != ']') return std::nullopt;
  const std::string_view rest = authority.substr(place.host.size());
  if (rest.empty()) return place;
  std::uint32_t port = 0;
  const absl::string_view digits(rest.data() + 1, rest.size() - 1);
  if (digits.find_first_not_of("0123456789") != digits.npos || !absl::SimpleAtoi(digits, &port) ||
      port > 65'535) {
    return std::nullopt;
  }
  place.port = static_cast<int>(port);
  return place;
}

// What an Origin names; nothing when it is none of the web.
std::optional<Place> PlaceOfOrigin(std::string_view origin) {
  if (IsSecure(origin)) return PlaceOf(origin.substr(kSecure.size()), 443);
  if (origin.substr(0, kPlain.size()) != kPlain) return std::nullopt;
  return PlaceOf(origin.substr(kPlain.size()), 80);
}

// Whether a browser takes a host for the machine that it runs on itself
// (https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy).
bool IsLoopback(std::string_view host) {
  const absl::string_view name(host.data(), host.size());
  // A name may begin as an address does: 127.0.0.1.example.com.
  const bool is_of_numbers = name.find_first_not_of("0123456789.") == name.npos;
  return absl::EqualsIgnoreCase(name, "localhost") ||
         absl::EndsWithIgnoreCase(name, ".localhost") ||
         (is_of_numbers && absl::StartsWith(name, "127.")) || name == "[::1]";
}

}  // namespace

bool IsFromSameOrigin(const HttpRequest& request) {
  const std::string_view site = request.Header("sec-fetch-site");
  if (!site.empty()) return site == "same-origin";
  const std::string_view origin = request.Header("origin");
  const std::optional<Place> theirs = PlaceOfOrigin(origin);
  if (!theirs || (request.encrypted && !IsSecure(origin))) return false;
  // Where TLS may end in front of us, our own scheme is not known: the port that Host leaves out is
  // that of the origin's scheme.
  const std::optional<Place> ours = PlaceOf(request.Header("host"), IsSecure(origin) ? 443 : 80);
  return ours && ours->port == theirs->port &&
         absl::EqualsIgnoreCase({ours->host.data(), ours->host.size()},
                                {theirs->host.data(), theirs->host.size()});
}

bool IsFromInsecurePage(const HttpRequest& request) {
  const std::string_view origin = request.Header("origin");
  if (origin.substr(0, kPlain.size()) != kPlain) return false;
  const std::optional<Place> place = PlaceOfOrigin(origin);
  return place && !IsLoopback(place->host);
}

}  // namespace marginalia
