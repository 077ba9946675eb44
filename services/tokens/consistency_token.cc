#include "services/tokens/consistency_token.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/escaping.h"
#include "services/errors/errors.h"
#include "services/text/varint.h"
#include "services/tokens/sealed_token.h"

namespace marginalia {
namespace {

constexpr std::string_view kBinding = "consistency";
constexpr std::size_t kLogIdBytes = 8;

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
    const std::optional<std::uint64_t> position = VarintOf(bytes.substr(kLogIdBytes));
    if (position && *position <= std::numeric_limits<std::int64_t>::max()) {
      return LogPoint{absl::BytesToHexString({bytes.data(), kLogIdBytes}),
                      static_cast<std::int64_t>(*position)};
    }
  }
  return InvalidField(field, "must be a token as an earlier answer gave it, unaltered", reason);
}

}  // namespace marginalia
