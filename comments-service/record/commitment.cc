#include "comments-service/record/commitment.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "comments-service/record/digest.h"

namespace marginalia {
namespace {

// Asked for one by one, two salts cost the writer as much as a row. A salt is wiped where it was
// taken from: an erased text's own must not stay behind.
class SaltStock {
 public:
  std::string Take() {
    if (next_ == bytes_.end()) {
      if (RAND_bytes(bytes_.data(), static_cast<int>(bytes_.size())) != 1) std::abort();
      next_ = bytes_.begin();
    }
    std::string salt(next_, next_ + kSaltBytes);
    next_ = std::fill_n(next_, kSaltBytes, 0);
    return salt;
  }

 private:
  static constexpr std::size_t kSalts = 64;
  std::array<unsigned char, kSalts* kSaltBytes> bytes_ = {};
  decltype(bytes_)::iterator next_ = bytes_.end();
};

}  // namespace

std::string NewSalt() {
  thread_local SaltStock stock;
  return stock.Take();
}

std::string Commitment(std::string_view salt, std::string_view text) {
  std::string bytes;
  bytes.reserve(salt.size() + text.size());
  bytes.append(salt).append(text);
  return HexOf(Sha256Of(bytes));
}

EntrySalts EntrySaltsOf(std::string_view stored) {
  const std::string_view name = stored.substr(0, kSaltBytes);
  return {.name = std::string(name), .reason = std::string(stored.substr(name.size()))};
}

}  // namespace marginalia
