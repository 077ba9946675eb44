// What the processes of one machine share to trust each other, in a directory of its own:
// private-key.json and jwks.json (TokenMint); service.jwt, the token that invoice-service and the
// gateway call with; token.key, which page and consistency tokens are sealed with (TokenKeys);
// checkpoint.pem, which the audit log's checkpoints are signed with, and checkpoint.vkey, which
// everybody may have to check them. Made by deploy/run and by marginalia-operator keys-init.
#ifndef MARGINALIA_DEPLOY_KEYS_MACHINE_KEYS_H_
#define MARGINALIA_DEPLOY_KEYS_MACHINE_KEYS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace marginalia {

// A service token is renewed when it is a day old, or has lived half of its life.
inline constexpr absl::Duration kServiceTokenAgeMax = absl::Hours(24);

struct MachineKeyFile {
  std::string path;
  // False: it was there already, and stays as it is.
  bool made = false;
};

// Makes what is missing and renews a service token that is old or that the key has not signed;
// again, it changes nothing. The directory and what is secret are for their owner only. Safe while
// processes use the files. Errors name the path.
absl::StatusOr<std::vector<MachineKeyFile>> MakeMachineKeys(const std::string& directory,
                                                            absl::Duration service_token_lifetime);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_KEYS_MACHINE_KEYS_H_
