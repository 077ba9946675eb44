#include "deploy/operator/keys/keys_init.h"

#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "deploy/keys/machine_keys.h"
#include "deploy/operator/shared_flags.h"

ABSL_FLAG(
    absl::Duration, service_token_lifetime, absl::Hours(720),
    "How long the processes' own token is valid, from 1h to 8760h. It is renewed when it is a "
    "day old, or has lived half of its life, and the command runs again.");

namespace marginalia {
namespace {

constexpr absl::Duration kLifetimeMin = absl::Hours(1);
constexpr absl::Duration kLifetimeMax = absl::Hours(8760);

constexpr char kAbout[] =
    "Makes what the processes of one machine need to trust each other, in a directory of its\n"
    "own: private-key.json, which signs tokens; jwks.json, its public key, for --jwks_path;\n"
    "service.jwt, for --service_token_path of invoice-service and the gateway; token.key, for\n"
    "--token_key_path; checkpoint.pem, for --checkpoint_key_path of comments-service, and\n"
    "checkpoint.vkey, which verifies what it signs. What is there stays, so that it can be run at\n"
    "every start, and by a timer, which is what renews the token. Keys of others beside it in\n"
    "jwks.json stay as well, unless private-key.json is new. What root makes gets the owner of\n"
    "its folder.\n"
    "Exit code 0: all of it is there. 2: something could not be made, or a file is no key.";

absl::Status KeysInit() {
  const absl::StatusOr<std::string> directory = Required("keys_path", FLAGS_keys_path);
  if (!directory.ok()) return directory.status();
  const absl::Duration lifetime = absl::GetFlag(FLAGS_service_token_lifetime);
  if (lifetime < kLifetimeMin || lifetime > kLifetimeMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--service_token_lifetime: ", absl::FormatDuration(lifetime), " is not from 1h to 8760h"));
  }
  const auto files = MakeMachineKeys(*directory, lifetime);
  if (!files.ok()) return files.status();
  for (const MachineKeyFile& file : *files) {
    std::printf("%s %s\n", file.made ? "made" : "kept", file.path.c_str());
  }
  return absl::OkStatus();
}

}  // namespace

Command KeysInitCommand() {
  return {.name = "keys-init",
          .summary = "makes the keys of one machine, and renews its processes' token",
          .about = kAbout,
          .example = "marginalia-operator keys-init --keys_path=/var/lib/marginalia/keys",
          .flags = {"keys_path", "service_token_lifetime"},
          .run = KeysInit};
}

}  // namespace marginalia
