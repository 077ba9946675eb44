#include "services/text/varint.h"

#include <google/protobuf/io/coded_stream.h>

namespace marginalia {
namespace {

using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr std::size_t kVarintBytesMax = 10;  // 64 bits

}  // namespace

void AppendVarint(std::string& out, std::uint64_t value) {
  std::uint8_t bytes[kVarintBytesMax];
  std::uint8_t* const end = CodedOutputStream::WriteVarint64ToArray(value, bytes);
  out.append(bytes, end);
}

std::optional<std::uint64_t> VarintOf(std::string_view bytes) {
  if (bytes.size() > kVarintBytesMax) return std::nullopt;
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  std::uint64_t value = 0;
  if (!in.ReadVarint64(&value)) return std::nullopt;
  std::string same;
  AppendVarint(same, value);
  return same == bytes ? std::optional(value) : std::nullopt;
}

}  // namespace marginalia
