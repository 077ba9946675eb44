#include "comments-service/record/commitment.h"

#include <openssl/rand.h>

#include <cstdlib>

#include "comments-service/record/digest.h"

namespace marginalia {

std::string NewSalt() {
  std::string salt(kSaltBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), kSaltBytes) != 1) std::abort();
  return salt;
}

std::string Commitment(std::string_view salt, std::string_view text) {
  std::string bytes;
  bytes.reserve(salt.size() + text.size());
  bytes.append(salt).append(text);
  return HexOf(Sha256Of(bytes));
}

}  // namespace marginalia
