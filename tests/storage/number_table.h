// A table of numbers: what the storage's tests write and read.
#ifndef MARGINALIA_TESTS_STORAGE_NUMBER_TABLE_H_
#define MARGINALIA_TESTS_STORAGE_NUMBER_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

Migrations NumberMigrations();

// Opens the database at `url` with the table; fails the test when it cannot.
std::unique_ptr<Database> OpenNumbers(const std::string& url);

// A write that inserts `number`; it throws when the number is there already.
GroupCommit::Write Insert(std::int64_t number);

// All numbers in order.
absl::StatusOr<std::vector<std::int64_t>> ReadNumbers(Database& database);
// The same where reading must not fail.
std::vector<std::int64_t> Numbers(Database& database);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_STORAGE_NUMBER_TABLE_H_
