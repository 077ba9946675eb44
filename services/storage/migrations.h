// Numbered schema changes, applied in order, each once, each in its own transaction.
#ifndef MARGINALIA_SERVICES_STORAGE_MIGRATIONS_H_
#define MARGINALIA_SERVICES_STORAGE_MIGRATIONS_H_

#include <string>
#include <vector>

namespace marginalia {

// `statements` hold one SQL statement each (SQLite runs only the first of several). They may say
// {bytes} for the type of a bytes column and {clustered} at the end of CREATE TABLE for a table that
// is stored in the order of its primary key; the storage puts in what the database at hand calls it.
struct Migration {
  int number = 0;  // 1, 2, 3 … without gaps
  std::string name;
  std::vector<std::string> statements;
};

using Migrations = std::vector<Migration>;

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_MIGRATIONS_H_
