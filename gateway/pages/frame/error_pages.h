// Failures as people read them: a page that says what was wrong and what to do. Immutable,
// thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_ERROR_PAGES_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_ERROR_PAGES_H_

#include <string_view>

#include "absl/status/status.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/http/gate/failure_pages.h"
#include "gateway/http/message.h"
#include "gateway/pages/frame/template.h"

namespace marginalia {

class ErrorPages : public FailurePages {
 public:
  // `can_sign_in`: whether there is a page to sign in on. Who is to, is sent there.
  explicit ErrorPages(bool can_sign_in) : can_sign_in_(can_sign_in) {}

  HttpResponse Page(const ApiCallFacts& facts, const absl::Status& failure) const override;

  HttpResponse Page(const ApiCallFacts& facts, int status, std::string_view detail) const override;

 private:
  const bool can_sign_in_;
  const Template template_{"error_page"};
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_ERROR_PAGES_H_
