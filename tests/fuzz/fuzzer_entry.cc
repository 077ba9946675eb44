// What libFuzzer calls with each input: the one target that is linked in.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  marginalia::FuzzTarget::All().front().Read({reinterpret_cast<const char*>(data), size});
  return 0;
}
