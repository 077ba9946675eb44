#include "comments-service/readers/known_authors.h"

#include <utility>

#include "comments-service/readers/author_store.h"
#include "services/text/tenant_key.h"

namespace marginalia {

void KnownAuthors::Learn(Connection& connection, std::string_view org_id, const Author& author) {
  std::string key = TenantKey(org_id, author.user_id);
  const auto known = names_.find(key);
  if (known != names_.end() && known->second == author.display_name) return;
  StoreAuthor(connection, org_id, author);
  if (names_.size() >= kKnownAuthorsMax) names_.clear();
  names_.insert_or_assign(std::move(key), author.display_name);
}

}  // namespace marginalia
