#include "tests/storage/number_table.h"

#include <gtest/gtest.h>

namespace marginalia {

Migrations NumberMigrations() {
  return {{.number = 1,
           .name = "numbers",
           .statements = {"CREATE TABLE numbers (number BIGINT NOT NULL, padding TEXT, "
                          "PRIMARY KEY (number)) {clustered}"}}};
}

std::unique_ptr<Database> OpenNumbers(const std::string& url) {
  auto database = Database::Open(url, NumberMigrations());
  if (!database.ok()) {
    ADD_FAILURE() << database.status();
    return nullptr;
  }
  return *std::move(database);
}

GroupCommit::Write Insert(std::int64_t number) {
  return [number](Connection& connection) {
    connection.sql() << "INSERT INTO numbers (number) VALUES (:number)", soci::use(number);
    return absl::OkStatus();
  };
}

absl::StatusOr<std::vector<std::int64_t>> ReadNumbers(Database& database) {
  std::vector<std::int64_t> numbers;
  const absl::Status read = database.Read([&numbers](Connection& connection) {
    std::int64_t count = 0;
    connection.sql() << "SELECT count(*) FROM numbers", soci::into(count);
    numbers.resize(count);
    if (count == 0) return absl::OkStatus();
    connection.sql() << "SELECT number FROM numbers ORDER BY number", soci::into(numbers);
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return numbers;
}

std::vector<std::int64_t> Numbers(Database& database) {
  auto numbers = ReadNumbers(database);
  EXPECT_TRUE(numbers.ok()) << numbers.status();
  return numbers.value_or(std::vector<std::int64_t>{});
}

}  // namespace marginalia
