#include "services/process/random_bits.h"

#include <random>

namespace marginalia {
namespace {

std::uint64_t Seed() {
  std::random_device random;
  return static_cast<std::uint64_t>(random()) << 32 | random();
}

}  // namespace

// SplitMix64.
std::uint64_t RandomBits() {
  thread_local std::uint64_t state = Seed();
  std::uint64_t mixed = state += 0x9E3779B97F4A7C15;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

}  // namespace marginalia
