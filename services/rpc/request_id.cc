#include "services/rpc/request_id.h"

#include <algorithm>
#include <cstdint>
#include <random>

namespace marginalia {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
// As many characters as a std::string holds without allocating.
constexpr std::size_t kCharacters = 15;

std::uint64_t Seed() {
  std::random_device random;
  return static_cast<std::uint64_t>(random()) << 32 | random();
}

// SplitMix64: unique is all that an id must be; nobody is kept from guessing one.
std::uint64_t NextRandom() {
  thread_local std::uint64_t state = Seed();
  std::uint64_t mixed = state += 0x9E3779B97F4A7C15;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

bool IsAllowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

std::string NewRequestId() {
  std::string id(kCharacters, '0');
  std::uint64_t bits = NextRandom();
  for (std::size_t i = 0; i < kCharacters; ++i) {
    if (i == kCharacters / 2) bits = NextRandom();
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
