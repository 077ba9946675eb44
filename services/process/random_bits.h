// Random bits for ids, which have to be unique and not secret. Thread-safe.
#ifndef MARGINALIA_SERVICES_PROCESS_RANDOM_BITS_H_
#define MARGINALIA_SERVICES_PROCESS_RANDOM_BITS_H_

#include <cstdint>

namespace marginalia {

// 64 bits of a sequence that each thread begins somewhere else. Whoever sees some can tell the
// next: never make a key or a token of them.
std::uint64_t RandomBits();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_RANDOM_BITS_H_
