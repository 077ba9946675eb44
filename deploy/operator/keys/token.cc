#include "deploy/operator/keys/token.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "deploy/keys/token_mint.h"
#include "deploy/operator/shared_flags.h"
#include "services/identity/token_verifier.h"

ABSL_FLAG(std::string, org, "", "The tenant. Required, but for a service of all tenants.");
ABSL_FLAG(std::string, sub, "", "Required. The caller's id within the tenant.");
ABSL_FLAG(std::string, name, "", "The caller's name, as others see it; empty: its id.");
ABSL_FLAG(std::string, role, "member", "viewer, member, admin or service.");
ABSL_FLAG(absl::Duration, lifetime, absl::Hours(12), "How long it is valid, up to 8760h.");

namespace marginalia {
namespace {

constexpr absl::Duration kLifetimeMax = absl::Hours(8760);
constexpr std::array kRoles = {"viewer", "member", "admin", "service"};

constexpr char kAbout[] =
    "Prints a bearer token, signed with the key that keys-init made: for a machine that calls\n"
    "the services, or to try an installation. People get theirs where they sign in: the services\n"
    "take tokens that are signed with any key of --jwks_path. Exit code 0: they will take this\n"
    "one. 2: there is none.";

absl::StatusOr<TokenClaims> ClaimsFromFlags() {
  const absl::StatusOr<std::string> sub = Required("sub", FLAGS_sub);
  if (!sub.ok()) return sub.status();
  TokenClaims claims = {.org = absl::GetFlag(FLAGS_org),
                        .sub = *sub,
                        .name = absl::GetFlag(FLAGS_name),
                        .role = absl::GetFlag(FLAGS_role)};
  if (!absl::c_linear_search(kRoles, claims.role)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--role: \"", claims.role, "\" is not one of viewer, member, admin and service"));
  }
  if (claims.org.empty() && claims.role != "service") {
    return absl::InvalidArgumentError("--org is required for a person");
  }
  if (claims.name.empty()) claims.name = claims.sub;
  return claims;
}

absl::Status Token() {
  const absl::StatusOr<std::string> directory = Required("keys_path", FLAGS_keys_path);
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<TokenClaims> claims = ClaimsFromFlags();
  if (!claims.ok()) return claims.status();
  const absl::Duration lifetime = absl::GetFlag(FLAGS_lifetime);
  if (lifetime <= absl::ZeroDuration() || lifetime > kLifetimeMax) {
    return absl::InvalidArgumentError(absl::StrCat("--lifetime: ", absl::FormatDuration(lifetime),
                                                   " is not above 0 and up to 8760h"));
  }
  std::error_code ignored;
  if (!std::filesystem::exists(*directory + "/private-key.json", ignored)) {
    return absl::NotFoundError(absl::StrCat("--keys_path: ", *directory,
                                            " holds no private-key.json that could be read: "
                                            "marginalia-operator keys-init makes it"));
  }
  const auto mint = TokenMint::Open(*directory);
  if (!mint.ok()) return mint.status();
  const std::string token = (*mint)->Mint(*claims, lifetime);
  // As the services will read it: what they would refuse is not handed out.
  const auto verifier = TokenVerifier::Create({.jwks_path = (*mint)->jwks_path(),
                                               .issuer = (*mint)->issuer(),
                                               .audience = (*mint)->audience()});
  if (!verifier.ok()) return verifier.status();
  const auto verified = (*verifier)->Verify(token);
  if (!verified.ok()) return verified.status();
  std::printf("%s\n", token.c_str());
  return absl::OkStatus();
}

}  // namespace

Command TokenCommand() {
  return {.name = "token",
          .summary = "prints a bearer token, signed with the machine's key",
          .about = kAbout,
          .example =
              "marginalia-operator token --keys_path=/var/lib/marginalia/keys"
              " --org=acme --sub=dana --name=Dana",
          .flags = {"keys_path", "org", "sub", "name", "role", "lifetime"},
          .run = Token};
}

}  // namespace marginalia
