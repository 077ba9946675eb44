#include "services/rpc/gate/request_id.h"

#include <algorithm>
#include <cstdint>

#include "services/process/random_bits.h"

namespace marginalia {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
// As many characters as a std::string holds without allocating.
constexpr std::size_t kCharacters = 15;

bool IsAllowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

std::string NewRequestId() {
  std::string id(kCharacters, '0');
  std::uint64_t bits = RandomBits();
  for (std::size_t i = 0; i < kCharacters; ++i) {
    if (i == kCharacters / 2) bits = RandomBits();
    id[i] = kAlphabet[bits & 0x1F];
    bits >>= 5;
  }
  return id;
}

bool IsRequestId(std::string_view text) {
  return !text.empty() && text.size() <= kRequestIdCharactersMax &&
         std::all_of(text.begin(), text.end(), IsAllowed);
}

}  // namespace marginalia
