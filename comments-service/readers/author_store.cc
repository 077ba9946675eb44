#include "comments-service/readers/author_store.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "comments-service/readers/author_names.h"
#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/statement.h"
#include "services/storage/connection/text_array.h"

namespace marginalia {
namespace {

// No text that begins with a prefix stands behind the prefix and the last character that there is.
constexpr std::string_view kLastCharacter = "\xF4\x8F\xBF\xBF";

// As it is stored of one who is known.
struct KnownAs {
  std::string display_name;
  std::int64_t key_count = 0;
};

// A key of somebody.
struct AuthorKey {
  std::string key;
  std::string user_id;
};

// On SQLite, where a statement costs next to nothing.
struct OneAuthor {
  explicit OneAuthor(Connection& connection)
      : find(connection,
             "SELECT display_name, key_count FROM authors"
             " WHERE org_id = :org_id AND user_id = :user_id",
             soci::use(org_id), soci::use(user_id), soci::into(known.display_name),
             soci::into(known.key_count)),
        drop_key(connection,
                 "DELETE FROM author_keys WHERE org_id = :org_id"
                 " AND search_key = :search_key AND user_id = :user_id",
                 soci::use(org_id), soci::use(key), soci::use(user_id)) {}

  std::string org_id;
  std::string user_id;
  std::string key;
  KnownAs known;
  Statement find;
  Statement drop_key;
};

// On PostgreSQL, where each is a round trip.
struct ManyAuthors {
  explicit ManyAuthors(Connection& connection)
      : find(connection,
             "SELECT user_id, display_name, key_count FROM authors"
             " WHERE org_id = :org_id AND user_id = ANY(CAST(:user_ids AS TEXT[]))",
             soci::use(org_id), soci::use(user_ids), soci::into(user_id),
             soci::into(known.display_name), soci::into(known.key_count)),
        drop_keys(connection,
                  "DELETE FROM author_keys WHERE org_id = :org_id"
                  " AND (search_key, user_id) IN (SELECT * FROM"
                  " unnest(CAST(:keys AS TEXT[]), CAST(:user_ids AS TEXT[])))",
                  soci::use(org_id), soci::use(keys), soci::use(user_ids)) {}

  std::string org_id;
  std::string user_ids;
  std::string keys;
  std::string user_id;
  KnownAs known;
  Statement find;
  Statement drop_keys;
};

struct AuthorRows {
  explicit AuthorRows(Connection& connection)
      : authors(connection, "INSERT INTO authors (org_id, user_id, display_name, key_count)",
                {RowInsert::kText, RowInsert::kText, RowInsert::kText, RowInsert::kInteger},
                "ON CONFLICT (org_id, user_id) DO UPDATE SET display_name = excluded.display_name,"
                " key_count = excluded.key_count"),
        keys(connection, "INSERT INTO author_keys (org_id, search_key, user_id)",
             {RowInsert::kText, RowInsert::kText, RowInsert::kText}, "ON CONFLICT DO NOTHING") {}
  RowInsert authors;
  RowInsert keys;
};

using KnownAuthorsByUser = std::unordered_map<std::string, KnownAs>;

KnownAuthorsByUser FindKnown(Connection& connection, std::string_view org_id,
                             const std::vector<Author>& authors) {
  KnownAuthorsByUser known;
  if (connection.kind() == DatabaseKind::kSqlite) {
    auto& select = connection.Prepared<OneAuthor>();
    select.org_id = org_id;
    for (const Author& author : authors) {
      select.user_id = author.user_id;
      if (select.find.Run()) known.emplace(author.user_id, select.known);
    }
    return known;
  }
  auto& select = connection.Prepared<ManyAuthors>();
  select.org_id = org_id;
  select.user_ids.clear();
  for (const Author& author : authors) AppendToArray(select.user_ids, author.user_id);
  CloseArray(select.user_ids);
  for (bool more = select.find.Run(); more; more = select.find.Fetch()) {
    known.emplace(select.user_id, select.known);
  }
  return known;
}

void DropKeys(Connection& connection, std::string_view org_id, const std::vector<AuthorKey>& keys) {
  if (keys.empty()) return;
  if (connection.kind() == DatabaseKind::kSqlite) {
    auto& one = connection.Prepared<OneAuthor>();
    one.org_id = org_id;
    for (const AuthorKey& each : keys) {
      one.key = each.key;
      one.user_id = each.user_id;
      one.drop_key.Run();
    }
    return;
  }
  auto& many = connection.Prepared<ManyAuthors>();
  many.org_id = org_id;
  many.keys.clear();
  many.user_ids.clear();
  for (const AuthorKey& each : keys) {
    AppendToArray(many.keys, each.key);
    AppendToArray(many.user_ids, each.user_id);
  }
  CloseArray(many.keys);
  CloseArray(many.user_ids);
  many.drop_keys.Run();
}

struct SearchAuthorKeys {
  explicit SearchAuthorKeys(Connection& connection)
      : statement(connection,
                  "SELECT k.user_id, coalesce((SELECT a.display_name FROM authors a"
                  " WHERE a.org_id = :same_org AND a.user_id = k.user_id), '')"
                  " FROM author_keys k WHERE k.org_id = :org_id"
                  " AND k.search_key >= :first AND k.search_key <= :last"
                  " ORDER BY k.search_key, k.user_id LIMIT :limit",
                  soci::into(author.user_id), soci::into(author.display_name)) {}

  Author author;
  StatementWith<std::string, std::string, std::string, std::string, std::int64_t> statement;
};

}  // namespace

void StoreAuthors(Connection& connection, std::string_view org_id,
                  const std::vector<Author>& authors) {
  const KnownAuthorsByUser known = FindKnown(connection, org_id, authors);
  struct New {
    const Author* author;
    std::vector<std::string> keys;
  };
  std::vector<New> changed;
  std::vector<AuthorKey> outdated;
  for (const Author& author : authors) {
    std::vector<std::string> keys = AuthorKeys(author.user_id, author.display_name);
    const auto before = known.find(author.user_id);
    if (before != known.end()) {
      const KnownAs& as = before->second;
      if (as.display_name == author.display_name &&
          as.key_count == static_cast<std::int64_t>(keys.size())) {
        continue;
      }
      for (std::string& key : AuthorKeys(author.user_id, as.display_name)) {
        outdated.push_back({.key = std::move(key), .user_id = author.user_id});
      }
    }
    changed.push_back({.author = &author, .keys = std::move(keys)});
  }
  DropKeys(connection, org_id, outdated);
  auto& rows = connection.Prepared<AuthorRows>();
  for (const New& each : changed) {
    rows.authors.Text(org_id)
        .Text(each.author->user_id)
        .Text(each.author->display_name)
        .Integer(static_cast<std::int64_t>(each.keys.size()))
        .EndRow();
    for (const std::string& key : each.keys) {
      rows.keys.Text(org_id).Text(key).Text(each.author->user_id).EndRow();
    }
  }
}

std::vector<Author> FindAuthors(Connection& connection, std::string_view org_id,
                                std::string_view prefix, int limit) {
  auto& search = connection.Prepared<SearchAuthorKeys>();
  // However many keys each one is found by, so many rows name that many authors.
  std::vector<Author> authors;
  const std::string last = std::string(prefix) + std::string(kLastCharacter);
  for (bool more = search.statement.Run(org_id, org_id, prefix, last,
                                        limit * static_cast<std::int64_t>(kAuthorKeysMax));
       more; more = search.statement.Fetch()) {
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
