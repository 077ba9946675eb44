// What a verification has found wrong, and where. A plain value.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_FINDING_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_FINDING_H_

#include <cstdint>
#include <string>

namespace marginalia {

struct Finding {
  std::int64_t position = 0;
  // Of the entry, where there is one.
  std::int64_t number = 0;
  // Where it is about one.
  std::string comment_id;
  // Completes the sentence "the comment …", or "the entry …" where it is about no comment: "does
  // not say what its entry committed to".
  std::string what;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_FINDING_H_
