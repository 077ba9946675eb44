// Numbers as protobuf spells them: seven bits a byte, the lowest first.
#ifndef MARGINALIA_SERVICES_TEXT_VARINT_H_
#define MARGINALIA_SERVICES_TEXT_VARINT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace marginalia {

void AppendVarint(std::string& out, std::uint64_t value);

// All of `bytes` as one number. Nothing when it is none, or not spelled as above: bytes that add
// nothing are refused.
std::optional<std::uint64_t> VarintOf(std::string_view bytes);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_VARINT_H_
