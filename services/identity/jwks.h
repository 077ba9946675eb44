// The public keys that tokens are verified with, read from JWKS files (RFC 7517). A plain value,
// immutable once read: share it between threads.
#ifndef MARGINALIA_SERVICES_IDENTITY_JWKS_H_
#define MARGINALIA_SERVICES_IDENTITY_JWKS_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/identity/verification_key.h"
#include "services/process/file_stamp.h"

namespace marginalia {

inline constexpr std::size_t kJwksBytesMax = 1024 * 1024;
inline constexpr unsigned int kRsaBitsMin = 2048;

struct PublicKey {
  // The only signature algorithm that the key is good for: ES256, RS256 or EdDSA.
  std::string algorithm;
  // The public members alone, as a JWK: nothing in it names another place to fetch from.
  std::string jwk;
  // The same, parsed.
  std::shared_ptr<const VerificationKey> key;
};

// By "kid".
using KeySet = std::map<std::string, PublicKey, std::less<>>;

// Reads a JWKS file, or all *.json files of a directory. Keys for other purposes or algorithms, and
// keys without a "kid", are skipped. Fails, naming the path, when a file cannot be read, holds a
// private key or the same "kid" twice, or when no usable key is left.
absl::StatusOr<KeySet> ReadKeys(const std::string& path);

// Of the files at `path`, as ReadKeys reads them.
std::vector<FileStamp> StampsOfKeys(const std::string& path);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_JWKS_H_
