#include "comments-service/readers/known_authors.h"

#include "comments-service/readers/author_store.h"
#include "services/text/tenant_key.h"

namespace marginalia {

bool KnownAuthors::Knows(std::string_view org_id, const Author& author) const {
  const auto known = names_.find(TenantKey(org_id, author.user_id));
  return known != names_.end() && known->second == author.display_name;
}

void KnownAuthors::Learn(Connection& connection, std::string_view org_id, const Author& author) {
  if (!Knows(org_id, author)) Learn(connection, org_id, std::vector<const Author*>{&author});
}

void KnownAuthors::Learn(Connection& connection, std::string_view org_id,
                         const std::vector<const Author*>& authors) {
  std::unordered_map<std::string_view, const Author*> newest;
  for (const Author* const author : authors) newest[author->user_id] = author;
  std::vector<Author> unknown;
  for (const auto& [user_id, author] : newest) {
    if (!Knows(org_id, *author)) unknown.push_back(*author);
  }
  if (unknown.empty()) return;
  StoreAuthors(connection, org_id, unknown);
  if (names_.size() + unknown.size() > kKnownAuthorsMax) names_.clear();
  for (const Author& author : unknown) {
    names_.insert_or_assign(TenantKey(org_id, author.user_id), author.display_name);
  }
}

}  // namespace marginalia
