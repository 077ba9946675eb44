#include "comments-service/readers/author_store.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "comments-service/readers/author_names.h"

namespace marginalia {
namespace {

// No text that begins with a prefix stands behind the prefix and the last character that there is.
constexpr std::string_view kLastCharacter = "\xF4\x8F\xBF\xBF";

struct AuthorStatements {
  explicit AuthorStatements(Connection& connection)
      : find((connection.sql().prepare << "SELECT display_name, key_count FROM authors"
                                          " WHERE org_id = :org_id AND user_id = :user_id",
              soci::use(org_id), soci::use(user_id), soci::into(display_name),
              soci::into(key_count))),
        store((connection.sql().prepare
                   << "INSERT INTO authors (org_id, user_id, display_name, key_count)"
                      " VALUES (:org_id, :user_id, :display_name, :key_count)"
                      " ON CONFLICT (org_id, user_id) DO UPDATE SET"
                      " display_name = excluded.display_name, key_count = excluded.key_count",
               soci::use(org_id), soci::use(user_id), soci::use(display_name),
               soci::use(key_count))),
        add_key((connection.sql().prepare
                     << "INSERT INTO author_keys (org_id, search_key, user_id)"
                        " VALUES (:org_id, :search_key, :user_id) ON CONFLICT DO NOTHING",
                 soci::use(org_id), soci::use(key), soci::use(user_id))),
        drop_key((connection.sql().prepare
                      << "DELETE FROM author_keys WHERE org_id = :org_id"
                         " AND search_key = :search_key AND user_id = :user_id",
                  soci::use(org_id), soci::use(key), soci::use(user_id))) {}

  std::string org_id;
  std::string user_id;
  std::string display_name;
  std::int64_t key_count = 0;
  std::string key;
  soci::statement find;
  soci::statement store;
  soci::statement add_key;
  soci::statement drop_key;
};

struct SearchAuthorKeys {
  explicit SearchAuthorKeys(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT k.user_id, coalesce((SELECT a.display_name FROM authors a"
                          " WHERE a.org_id = :same_org AND a.user_id = k.user_id), '')"
                          " FROM author_keys k WHERE k.org_id = :org_id"
                          " AND k.search_key >= :first AND k.search_key <= :last"
                          " ORDER BY k.search_key, k.user_id LIMIT :limit",
                   soci::use(org_id), soci::use(org_id), soci::use(first), soci::use(last),
                   soci::use(limit), soci::into(author.user_id), soci::into(author.display_name))) {
  }

  std::string org_id;
  std::string first;
  std::string last;
  std::int64_t limit = 0;
  Author author;
  soci::statement statement;
};

}  // namespace

void StoreAuthor(Connection& connection, std::string_view org_id, const Author& author) {
  const std::vector<std::string> keys = AuthorKeys(author.user_id, author.display_name);
  const auto key_count = static_cast<std::int64_t>(keys.size());
  auto& statements = connection.Prepared<AuthorStatements>();
  statements.org_id = org_id;
  statements.user_id = author.user_id;
  if (statements.find.execute(true)) {
    if (statements.display_name == author.display_name && statements.key_count == key_count) return;
    for (const std::string& key : AuthorKeys(author.user_id, statements.display_name)) {
      statements.key = key;
      statements.drop_key.execute(true);
    }
  }
  statements.display_name = author.display_name;
  statements.key_count = key_count;
  statements.store.execute(true);
  for (const std::string& key : keys) {
    statements.key = key;
    statements.add_key.execute(true);
  }
}

std::vector<Author> FindAuthors(Connection& connection, std::string_view org_id,
                                std::string_view prefix, int limit) {
  auto& search = connection.Prepared<SearchAuthorKeys>();
  search.org_id = org_id;
  search.first = prefix;
  search.last = search.first + std::string(kLastCharacter);
  // However many keys each one is found by, so many rows name that many authors.
  search.limit = limit * static_cast<std::int64_t>(kAuthorKeysMax);
  std::vector<Author> authors;
  for (bool more = search.statement.execute(true); more; more = search.statement.fetch()) {
    const bool known = std::any_of(authors.begin(), authors.end(), [&search](const Author& author) {
      return author.user_id == search.author.user_id;
    });
    if (!known && authors.size() < static_cast<std::size_t>(limit)) {
      authors.push_back(search.author);
    }
  }
  return authors;
}

}  // namespace marginalia
