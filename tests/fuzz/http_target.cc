// The target of a request: its path, matched and decoded, and its query.
#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "gateway/http/gate/router.h"
#include "gateway/http/percent_encoding.h"
#include "gateway/http/target.h"
#include "gateway/pages/frame/page_address.h"
#include "services/errors/errors.h"
#include "services/text/utf8.h"
#include "services/tokens/page_token.h"
#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

const Router& Routes() {
  static const auto* router =
      new Router(*Router::Create({{"GET", "/", {}, {}},
                                  {"GET", "/invoices", {}, {}},
                                  {"GET", "/api/invoices/{id}", {}, {}},
                                  {"POST", "/api/invoices/{id}/comments", {}, {}},
                                  {"GET", "/{a}/{b}/{c}/{d}", {}, {}}}));
  return *router;
}

void RequireText(const std::string& decoded) {
  Require(IsValidUtf8(decoded), "what is decoded is UTF-8");
  Require(std::none_of(decoded.begin(), decoded.end(), absl::ascii_iscntrl),
          "what is decoded holds no control character");
  Require(PercentDecode(PercentEncode(decoded)) == decoded,
          "what is decoded reads the same when it is encoded again");
}

void ReadPath(std::string_view path) {
  for (const std::string_view method : {"GET", "HEAD", "POST", "DELETE"}) {
    const auto match = Routes().Match(method, path);
    if (!match.ok()) {
      RequireRefusal(match.status(), "TARGET_INVALID");
      continue;
    }
    Require(match->route == nullptr || match->allow.empty(), "a route is found or refused");
    std::string again(match->route == nullptr ? "" : match->route->path);
    for (const std::string& parameter : match->parameters) {
      RequireText(parameter);
      Require(!parameter.empty(), "no segment that is taken for a parameter is empty");
      again.replace(again.find('{'), again.find('}') - again.find('{') + 1,
                    PercentEncode(parameter));
    }
    if (match->route == nullptr) continue;
    const auto second = Routes().Match(method, again);
    Require(second.ok() && second->route == match->route && second->parameters == match->parameters,
            "what a route took leads to it again");
  }
}

void ReadQuery(std::string_view query) {
  for (const std::string_view name : {"cursor", "consistency", "after"}) {
    const auto value = QueryParameter(query, name);
    if (!value.ok()) {
      RequireRefusal(value.status(), "INVALID_FIELD");
    } else if (*value) {
      RequireText(**value);
      const std::string again = std::string(name) + "=" + PercentEncode(**value);
      Require(QueryText(again, name).value() == **value,
              "a parameter reads the same when it is written again");
    }
  }
  const auto limit = QueryLimit(query);
  if (!limit.ok()) return RequireRefusal(limit.status(), "INVALID_FIELD");
  Require(*limit >= 1 && *limit <= kPageSizeMax, "a limit is within its bounds");
}

void ReadTarget(std::string_view input) {
  const auto target = SplitTarget(input);
  if (!target.ok()) return RequireRefusal(target.status(), "TARGET_INVALID");
  Require(!target->path.empty() && target->path.front() == '/', "a path begins with a slash");
  Require(target->path.find_first_of("?#") == target->path.npos, "a path holds no query");
  std::string again(target->path);
  if (!target->query.empty()) again += "?" + std::string(target->query);
  const auto second = SplitTarget(again);
  Require(second.ok() && second->path == target->path && second->query == target->query,
          "a target is taken apart in one way");
  ReadPath(target->path);
  ReadQuery(target->query);
}

const FuzzTarget kTarget("http_target", ReadTarget);

}  // namespace
}  // namespace marginalia
