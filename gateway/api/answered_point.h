// How far in the log an answer from upstream is.
#ifndef MARGINALIA_GATEWAY_API_ANSWERED_POINT_H_
#define MARGINALIA_GATEWAY_API_ANSWERED_POINT_H_

#include <optional>
#include <string>

#include "gateway/http/gate/api_call.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

// The point of an answer's token; nothing when it is unreadable, which only costs what it is for.
inline std::optional<LogPoint> AnsweredPoint(const ApiCall& call, const std::string& token) {
  auto point = ParseConsistencyToken(token, TokenScope(call.caller()), "", "");
  if (!point.ok()) return std::nullopt;
  return *std::move(point);
}

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_ANSWERED_POINT_H_
