#include "tests/fuzz/fuzz_target.h"

#include <stdexcept>
#include <string>

#include "services/errors/errors.h"
#include "services/text/utf8.h"

namespace marginalia {

FuzzTarget::FuzzTarget(std::string_view name, Reader read) : name_(name), read_(read) {
  Registered().push_back(*this);
}

const std::vector<FuzzTarget>& FuzzTarget::All() { return Registered(); }

// Made when first needed: targets register themselves in no known order.
std::vector<FuzzTarget>& FuzzTarget::Registered() {
  static auto* targets = new std::vector<FuzzTarget>;
  return *targets;
}

void Require(bool truth, std::string_view what) {
  if (!truth) throw std::logic_error(std::string(what));
}

void RequireRefusal(const absl::Status& status, std::string_view reason) {
  Require(status.code() == absl::StatusCode::kInvalidArgument, "a refusal is INVALID_ARGUMENT");
  Require(ReasonOf(status) == reason, "a refusal has the reason that its reader promises");
  Require(IsValidUtf8({status.message().data(), status.message().size()}),
          "the message of a refusal is UTF-8");
  for (const FieldViolation& violation : FieldViolationsOf(status)) {
    Require(IsValidUtf8(violation.field) && IsValidUtf8(violation.description),
            "a field violation is told in UTF-8");
  }
}

}  // namespace marginalia
