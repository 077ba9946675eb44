// What shows a failure to a person. The HTTP side is handed one and knows no page. Thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_FAILURE_PAGES_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_FAILURE_PAGES_H_

#include <string_view>

#include "absl/status/status.h"
#include "gateway/http/message.h"

namespace marginalia {

struct ApiCallFacts;

class FailurePages {
 public:
  virtual ~FailurePages() = default;

  virtual HttpResponse Page(const ApiCallFacts& facts, const absl::Status& failure) const = 0;

  // The same for what only HTTP knows. `detail` says what was wrong.
  virtual HttpResponse Page(const ApiCallFacts& facts, int status,
                            std::string_view detail) const = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_FAILURE_PAGES_H_
