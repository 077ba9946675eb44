#include "gateway/api/audit_api.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/etag.h"
#include "gateway/http/json_response.h"
#include "gateway/http/target.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

using comments::v1::GetCheckpointResponse;
using comments::v1::GetConsistencyProofRequest;
using comments::v1::GetConsistencyProofResponse;
using comments::v1::GetInclusionProofRequest;
using comments::v1::GetInclusionProofResponse;

// No log is longer: what has more digits is no number of entries.
constexpr std::size_t kCountDigitsMax = 18;

// A number of entries, from 0 on; nothing when the parameter is absent.
absl::StatusOr<std::optional<std::int64_t>> QueryCount(std::string_view query,
                                                       std::string_view name) {
  const auto value = QueryParameter(query, name);
  if (!value.ok()) return value.status();
  if (!*value) return std::nullopt;
  const std::string& digits = **value;
  std::int64_t count = 0;
  if (digits.empty() || digits.size() > kCountDigitsMax ||
      !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) {
    return InvalidField(name, "must be a whole number of at most 18 digits");
  }
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

// The two of a proof: one that must be there, and the tree's size, 0 when it is left out.
struct ProofQuery {
  std::int64_t place = 0;
  std::int64_t size = 0;
};

absl::StatusOr<ProofQuery> ReadProofQuery(std::string_view query, std::string_view place_name,
                                          std::string_view size_name) {
  const auto place = QueryCount(query, place_name);
  if (!place.ok()) return place.status();
  if (!*place) return InvalidField(place_name, "is missing");
  const auto size = QueryCount(query, size_name);
  if (!size.ok()) return size.status();
  // Upstream it means the newest, here whoever wants that leaves it out.
  if (*size == 0) return InvalidField(size_name, "must be from 1 on, or left out for the newest");
  return ProofQuery{.place = **place, .size = size->value_or(0)};
}

void AnswerText(ApiCall call, std::string text) {
  const std::string tag = WeakTag(text);
  if (NamesTag(call.request(), tag)) return call.Answer(NotModified(tag));
  call.Answer(TextResponse(std::move(text), tag));
}

std::string ConsistencyText(const GetConsistencyProofResponse& proof) {
  std::string text = absl::StrCat("old ", proof.first(), "\n");
  for (const std::string& hash : proof.hashes()) {
    absl::StrAppend(&text, absl::Base64Escape(hash), "\n");
  }
  if (!proof.second_checkpoint().empty()) absl::StrAppend(&text, "\n", proof.second_checkpoint());
  return text;
}

}  // namespace

void AuditApi::GetCheckpoint(ApiCall call) {
  upstream_.GetCheckpoint(std::move(call), [](ApiCall call, const absl::Status& status,
                                              const GetCheckpointResponse& newest) {
    if (!status.ok()) return call.Fail(status);
    AnswerText(std::move(call), newest.checkpoint());
  });
}

void AuditApi::GetProof(ApiCall call) {
  const auto query = ReadProofQuery(call.query(), "number", "size");
  if (!query.ok()) return call.Fail(query.status());
  GetInclusionProofRequest request;
  request.set_number(query->place);
  request.set_size(query->size);
  upstream_.GetInclusionProof(
      std::move(call), request,
      [](ApiCall call, const absl::Status& status, const GetInclusionProofResponse& proof) {
        if (!status.ok()) return call.Fail(status);
        AnswerText(std::move(call), proof.proof());
      });
}

void AuditApi::GetConsistency(ApiCall call) {
  const auto query = ReadProofQuery(call.query(), "first", "second");
  if (!query.ok()) return call.Fail(query.status());
  GetConsistencyProofRequest request;
  request.set_first(query->place);
  request.set_second(query->size);
  upstream_.GetConsistencyProof(
      std::move(call), request,
      [](ApiCall call, const absl::Status& status, const GetConsistencyProofResponse& proof) {
        if (!status.ok()) return call.Fail(status);
        AnswerText(std::move(call), ConsistencyText(proof));
      });
}

}  // namespace marginalia
