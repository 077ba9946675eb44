// Consistency tokens, which are also what WatchEvents and an event stream resume with. The seal is
// no secret, so what is inside may be anything too.
#include "services/tokens/consistency_token.h"

#include <string>

#include "services/tokens/sealed_token.h"
#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

constexpr std::string_view kReason = "RESUME_TOKEN_INVALID";

void ReadToken(std::string_view token, std::string_view scope) {
  const auto point = ParseConsistencyToken(token, scope, "after_token", kReason);
  if (!point.ok()) return RequireRefusal(point.status(), kReason);
  Require(point->position >= 0, "a position is not negative");
  Require(point->log_id.size() == 16 &&
              point->log_id.find_first_not_of("0123456789abcdef") == point->log_id.npos,
          "a log is named by 16 hexadecimal digits");
  Require(MakeConsistencyToken(*point, scope) == token,
          "a token that is taken is the one that would be made");
  const std::string other = std::string(scope) + "x";
  Require(!ParseConsistencyToken(token, other, "after_token", kReason).ok(),
          "a consistency token is refused to another tenant");
  if (!scope.empty()) {
    Require(!ParseConsistencyToken(token, "", "after_token", kReason).ok(),
            "a person's token is refused to a machine that sees all tenants");
  }
}

// Two lines: the scope, and a token or what one is made of.
void ReadConsistencyToken(std::string_view input) {
  const auto [scope, text] = Lines<2>(input);
  ReadToken(text, scope);
  ReadToken(SealToken(text, {"consistency", scope}), scope);
}

const FuzzTarget kTarget("consistency_token", ReadConsistencyToken);

}  // namespace
}  // namespace marginalia
