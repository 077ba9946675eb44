#include "comments-service/readers/author_search.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "comments-service/readers/author_names.h"
#include "comments-service/readers/author_store.h"
#include "services/errors/errors.h"
#include "services/storage/read_value.h"
#include "services/text/lower_case.h"
#include "services/text/utf8.h"

namespace marginalia {

void AuthorSearch::Find(const CallContext& call, const std::string& prefix, std::int32_t page_size,
                        Answer<std::vector<Author>> answer) {
  if (page_size < 0) return answer(InvalidField("page_size", "must not be negative"));
  if (!IsValidUtf8(prefix)) return answer(InvalidField("prefix", "must be valid UTF-8"));
  if (prefix.find('\0') != prefix.npos) {
    return answer(InvalidField("prefix", "must not contain NUL"));
  }
  if (CountCharacters(prefix, kAuthorPrefixCharactersMax + 1) > kAuthorPrefixCharactersMax) {
    return answer(InvalidField(
        "prefix", absl::StrCat("must be at most ", kAuthorPrefixCharactersMax, " characters")));
  }
  const int limit = page_size == 0 ? kFoundAuthorsDefault : std::min(page_size, kFoundAuthorsMax);
  ReadValueThen(
      database_, call.deadline, Tenants::One(call.caller.org_id),
      [org_id = call.caller.org_id, prefix = LowerCase(prefix), limit](Connection& connection) {
        return FindAuthors(connection, org_id, prefix, limit);
      },
      std::move(answer));
}

}  // namespace marginalia
