// A thread's evidence as people read and print it. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_RECORD_VIEW_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_RECORD_VIEW_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/pages/frame/template.h"

namespace marginalia {

// Fills `page` with what record_page.mustache shows of an evidence file (marginalia-evidence-1) and
// of the keys that verify its checkpoint. INTERNAL when the file is none.
absl::Status AddRecord(PageData& page, std::string_view evidence,
                       const std::vector<std::string>& verifier_keys);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_RECORD_VIEW_H_
