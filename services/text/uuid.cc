#include "services/text/uuid.h"

#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cstdint>
#include <stdexcept>

#include "absl/random/random.h"

namespace marginalia {
namespace {

constexpr std::size_t kUuidCharacters = 36;

std::optional<boost::uuids::uuid> ReadUuid(std::string_view text) {
  // The library also takes braces, and a UUID without its dashes.
  if (text.size() != kUuidCharacters || text[8] != '-') return std::nullopt;
  try {
    return boost::uuids::string_generator()(text.begin(), text.end());
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

}  // namespace

bool IsUuid(std::string_view text) { return ReadUuid(text).has_value(); }

std::optional<std::string> CanonicalUuid(std::string_view text) {
  const std::optional<boost::uuids::uuid> uuid = ReadUuid(text);
  if (!uuid) return std::nullopt;
  return boost::uuids::to_string(*uuid);
}

bool IsNilOrMaxUuid(std::string_view canonical) {
  return canonical == "00000000-0000-0000-0000-000000000000" ||
         canonical == "ffffffff-ffff-ffff-ffff-ffffffffffff";
}

std::string NewUuid(absl::Time now) {
  thread_local absl::BitGen random;
  boost::uuids::uuid uuid;
  for (auto& byte : uuid) byte = absl::Uniform<std::uint8_t>(random);
  const auto millis = static_cast<std::uint64_t>(absl::ToUnixMillis(now));
  for (int i = 0; i < 6; ++i) uuid.data[i] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));
  uuid.data[6] = (uuid.data[6] & 0x0F) | 0x70;  // the version
  uuid.data[8] = (uuid.data[8] & 0x3F) | 0x80;  // the variant
  return boost::uuids::to_string(uuid);
}

}  // namespace marginalia
