#include "services/tokens/consistency_token.h"

#include <cstddef>
#include <optional>

#include "absl/strings/escaping.h"
#include "services/errors/errors.h"
#include "services/tokens/sealed_token.h"

namespace marginalia {
namespace {

constexpr std::string_view kBinding = "consistency";
constexpr std::size_t kLogIdBytes = 8;
constexpr std::size_t kPositionBytesMax = 9;  // 63 bits, seven a byte
void AppendVarint(std::string& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  bytes += static_cast<char>(value);
}

// All of `bytes` as one varint, spelled as above: a byte too many that adds nothing is refused.
std::optional<std::int64_t> PositionOf(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kPositionBytesMax) return std::nullopt;
  if (bytes.size() > 1 && bytes.back() == '\0') return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if ((byte & 0x80) != 0 && i + 1 == bytes.size()) return std::nullopt;
    if ((byte & 0x80) == 0 && i + 1 < bytes.size()) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::string_view TokenScope(const Caller& caller) {
  return caller.acts_for_all_tenants() ? std::string_view() : std::string_view(caller.org_id);
}

std::string MakeConsistencyToken(const LogPoint& point, std::string_view scope) {
  std::string payload = absl::HexStringToBytes(point.log_id);
  payload.resize(kLogIdBytes, '\0');
  AppendVarint(payload, static_cast<std::uint64_t>(point.position));
  return SealFreshToken(payload, {kBinding, scope});
}

absl::StatusOr<LogPoint> ParseConsistencyToken(std::string_view token, std::string_view scope,
                                               std::string_view field, std::string_view reason) {
  const std::optional<std::string> payload = OpenToken(token, {kBinding, scope});
  if (payload && payload->size() > kLogIdBytes) {
    const std::string_view bytes = *payload;
    if (const auto position = PositionOf(bytes.substr(kLogIdBytes))) {
      return LogPoint{absl::BytesToHexString({bytes.data(), kLogIdBytes}), *position};
    }
  }
  return InvalidField(field, "must be a token as an earlier answer gave it, unaltered", reason);
}

}  // namespace marginalia
