#include "services/identity/jwt.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <optional>

#include "services/text/base64url.h"
#include "services/text/shown_name.h"

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 3> kAlgorithms = {"ES256", "RS256", "EdDSA"};
// Headers that bring a key or say where to fetch one, and the one that demands extensions.
constexpr std::array<const char*, 5> kRefusedHeaders = {"jku", "jwk", "x5u", "x5c", "crit"};
// 9999-12-31T23:59:59Z.
constexpr double kUnixSecondsMax = 253'402'300'799;

absl::Status Wrong(const std::string& what) { return absl::UnauthenticatedError(what); }

struct Parts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
};

std::optional<Parts> Split(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == token.npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1)};
}

std::optional<json::object> DecodeObject(std::string_view part) {
  const std::optional<std::string> text = DecodeBase64Url(part);
  if (!text) return std::nullopt;
  json::error_code error;
  json::value value = json::parse(*text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

// A string member; nothing when it is absent or something else.
std::optional<std::string> TextOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

bool IsId(const std::optional<std::string>& text) {
  return text && text->size() <= kIdBytesMax && FaultOfName(*text, kIdBytesMax).empty();
}

// A NumericDate; nothing when it is absent. Fails when it is no time at all.
absl::StatusOr<std::optional<absl::Time>> TimeOf(const json::object& claims, const char* name) {
  const json::value* value = claims.if_contains(name);
  if (value == nullptr) return std::nullopt;
  json::error_code error;
  const double seconds = value->is_number() ? value->to_number<double>(error) : -1;
  if (error || !(seconds >= 0 && seconds <= kUnixSecondsMax)) {
    return Wrong("has a claim exp, nbf or iat that is no time before the year 10000");
  }
  return absl::FromUnixSeconds(0) + absl::Seconds(seconds);
}

// Whether it is a text that is one of those which commas separate.
bool IsOneOf(std::string_view list, const json::value& value) {
  if (!value.is_string() || value.get_string().empty()) return false;
  const std::string_view text(value.get_string());
  while (!list.empty()) {
    const std::string_view first = list.substr(0, list.find(','));
    if (first == text) return true;
    list.remove_prefix(std::min(first.size() + 1, list.size()));
  }
  return false;
}

bool IsFrom(const json::object& claims, std::string_view issuers) {
  const json::value* iss = claims.if_contains("iss");
  return iss != nullptr && IsOneOf(issuers, *iss);
}

bool IsFor(const json::object& claims, std::string_view audiences) {
  const json::value* aud = claims.if_contains("aud");
  if (aud == nullptr) return false;
  if (!aud->is_array()) return IsOneOf(audiences, *aud);
  const json::array& list = aud->get_array();
  return std::any_of(list.begin(), list.end(),
                     [audiences](const json::value& value) { return IsOneOf(audiences, value); });
}

// An expired token is refused at once: the skew is for clocks that see a new token too early.
absl::StatusOr<absl::Time> CheckTimes(const json::object& claims, absl::Time now) {
  const auto expires = TimeOf(claims, "exp");
  const auto not_before = TimeOf(claims, "nbf");
  const auto issued = TimeOf(claims, "iat");
  for (const auto* time : {&expires, &not_before, &issued}) {
    if (!time->ok()) return time->status();
  }
  if (!expires->has_value()) return Wrong("has no claim exp");
  if (**expires <= now) return Wrong("has expired");
  for (const auto* time : {&not_before, &issued}) {
    if (time->value().has_value() && *time->value() > now + kClockSkewMax) {
      return Wrong("is not valid yet");
    }
  }
  return **expires;
}

std::optional<Role> RoleOf(const json::object& claims) {
  const std::string role = TextOf(claims, "role").value_or("");
  if (role == "viewer") return Role::kViewer;
  if (role == "member") return Role::kMember;
  if (role == "admin") return Role::kAdmin;
  if (role == "service") return Role::kService;
  return std::nullopt;
}

absl::StatusOr<Caller> ReadCaller(const json::object& claims) {
  const std::optional<Role> role = RoleOf(claims);
  if (!role) return Wrong("must have a claim role: viewer, member, admin or service");
  const auto sub = TextOf(claims, "sub");
  if (!IsId(sub))
    return Wrong("must have a claim sub of 1 to 128 bytes, one line with something to see");
  const auto org = TextOf(claims, "org");
  // An empty one does not count as absent: a provider that fills in nothing would let its bearer
  // act for all tenants.
  const bool org_absent = !claims.contains("org");
  if (org_absent && *role != Role::kService) return Wrong("must have a claim org");
  if (!org_absent && !IsId(org))
    return Wrong("has a claim org that is not 1 to 128 bytes, one line with something to see");
  const auto name = TextOf(claims, "name");
  if (claims.contains("name") && !name) return Wrong("has a claim name that is no text");
  if (name && !name->empty()) {
    const std::string fault = FaultOfName(*name, kDisplayNameCharactersMax);
    if (!fault.empty()) return Wrong("has a claim name that " + fault);
  }
  return Caller{org.value_or(""), *sub, name.value_or("").empty() ? *sub : *name, *role};
}

}  // namespace

absl::StatusOr<JwtHeader> ReadJwtHeader(std::string_view token) {
  const std::optional<Parts> parts = Split(token);
  if (!parts) return Wrong("is no signed JWT");
  const std::optional<json::object> header = DecodeObject(parts->header);
  if (!header) return Wrong("has a header that cannot be read");
  const std::string algorithm = TextOf(*header, "alg").value_or("");
  if (std::find(kAlgorithms.begin(), kAlgorithms.end(), algorithm) == kAlgorithms.end()) {
    return Wrong("must be signed with ES256, RS256 or EdDSA");
  }
  for (const char* name : kRefusedHeaders) {
    if (header->contains(name)) return Wrong("names a key or an extension in its header");
  }
  const std::string kid = TextOf(*header, "kid").value_or("");
  if (kid.empty()) return Wrong("names no key id");
  return JwtHeader{algorithm, kid};
}

absl::Status CheckJwtSignature(std::string_view token, const PublicKey& key) {
  const std::optional<Parts> parts = Split(token);
  // In the one spelling that its bytes have.
  const auto signature = parts ? DecodeBase64Url(parts->signature) : std::nullopt;
  if (!signature) return Wrong("has a bad signature");
  const std::string_view text = token.substr(0, parts->header.size() + 1 + parts->claims.size());
  return key.key->Verifies(text, *signature) ? absl::OkStatus() : Wrong("has a bad signature");
}

absl::StatusOr<VerifiedToken> ReadJwtClaims(std::string_view token, std::string_view issuers,
                                            std::string_view audiences, absl::Time now) {
  const std::optional<Parts> parts = Split(token);
  const auto claims = parts ? DecodeObject(parts->claims) : std::nullopt;
  if (!claims) return Wrong("has claims that cannot be read");
  const absl::StatusOr<absl::Time> expires = CheckTimes(*claims, now);
  if (!expires.ok()) return expires.status();
  if (!IsFrom(*claims, issuers)) return Wrong("is from another issuer");
  if (!IsFor(*claims, audiences)) return Wrong("is for another audience");
  absl::StatusOr<Caller> caller = ReadCaller(*claims);
  if (!caller.ok()) return caller.status();
  return VerifiedToken{*std::move(caller), *expires};
}

}  // namespace marginalia
