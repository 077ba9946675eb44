// Bearer tokens of strangers: what their header and claims say, and whether the library under the
// signature check ever takes one of them.
#include "services/identity/jwt.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "services/text/base64url.h"
#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

namespace json = boost::json;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
constexpr std::string_view kIssuer = "marginalia";
// Of RFC 8037, appendix A.2, and of RFC 7515, appendix A.3.1.
constexpr char kEd25519Key[] =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
constexpr char kP256Key[] =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

// All that a refusal may say: nothing of the token is among it.
constexpr std::array<std::string_view, 22> kRefusals = {
    "is no signed JWT",
    "has a header that cannot be read",
    "must be signed with ES256, RS256 or EdDSA",
    "names a key or an extension in its header",
    "names no key id",
    "has a bad signature",
    "has claims that cannot be read",
    "has a claim exp, nbf or iat that is no time before the year 10000",
    "has no claim exp",
    "has expired",
    "is not valid yet",
    "is from another issuer",
    "is for another audience",
    "must have a claim role: viewer, member, admin or service",
    "must have a claim sub of 1 to 128 bytes, one line with something to see",
    "must have a claim org",
    "has a claim org that is not 1 to 128 bytes, one line with something to see",
    "has a claim name that is no text",
    "has a claim name that must be valid UTF-8",
    "has a claim name that must be at most 200 characters",
    "has a claim name that must not be blank",
    "has a claim name that must be one line without control characters",
};

void RequireKnownRefusal(const absl::Status& status) {
  const std::string_view message(status.message().data(), status.message().size());
  Require(status.code() == absl::StatusCode::kUnauthenticated, "a bad token is UNAUTHENTICATED");
  Require(std::find(kRefusals.begin(), kRefusals.end(), message) != kRefusals.end(),
          "a refusal quotes nothing of the token");
}

bool IsIdText(const std::string& text) {
  return !text.empty() && text.size() <= kIdBytesMax &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

void ReadHeader(std::string_view token) {
  const auto header = ReadJwtHeader(token);
  if (!header.ok()) return RequireKnownRefusal(header.status());
  Require(
      header->algorithm == "ES256" || header->algorithm == "RS256" || header->algorithm == "EdDSA",
      "only listed algorithms are taken");
  Require(!header->kid.empty(), "a taken header names a key id");
  const auto text = DecodeBase64Url(token.substr(0, token.find('.')));
  const json::object object = json::parse(*text).as_object();
  for (const char* name : {"jku", "jwk", "x5u", "x5c", "crit"}) {
    Require(!object.contains(name), "a taken header brings no key and no extension");
  }
}

void ReadClaims(std::string_view token) {
  const auto verified = ReadJwtClaims(token, kIssuer, kIssuer, kNow);
  if (!verified.ok()) return RequireKnownRefusal(verified.status());
  const Caller& caller = verified->caller;
  Require(verified->expires > kNow, "a token that is taken has not expired");
  Require(IsIdText(caller.user_id), "a caller has an id without controls");
  Require(IsIdText(caller.org_id) || (caller.org_id.empty() && caller.role == Role::kService),
          "a person has a tenant");
  Require(!caller.display_name.empty(), "a caller has a name to show");
}

// None of them has the keys that these are the public halves of.
void ReadSignature(std::string_view token) {
  const PublicKey ed25519{"EdDSA", kEd25519Key, VerificationKey::FromJwk(kEd25519Key, "EdDSA")};
  const PublicKey p256{"ES256", kP256Key, VerificationKey::FromJwk(kP256Key, "ES256")};
  for (const PublicKey& key : {ed25519, p256}) {
    const absl::Status signature = CheckJwtSignature(token, key);
    Require(!signature.ok(), "a token that nobody signed is refused");
    RequireKnownRefusal(signature);
  }
}

// Three lines: header, claims and signature, as text or as a token has them.
void ReadJwt(std::string_view input) {
  const auto [header, claims, signature] = Lines<3>(input);
  const std::string made =
      EncodeBase64Url(header) + "." + EncodeBase64Url(claims) + "." + EncodeBase64Url(signature);
  for (const std::string_view token : {input, std::string_view(made)}) {
    ReadHeader(token);
    ReadClaims(token);
    ReadSignature(token);
  }
}

const FuzzTarget kTarget("jwt", ReadJwt);

}  // namespace
}  // namespace marginalia
