// What the commands are made of, where a test must come between: copies, files in the making,
// lines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "deploy/operator/audit/line_reader.h"
#include "deploy/operator/backup/database_copy.h"
#include "deploy/operator/backup/sqlite_file.h"
#include "deploy/operator/backup/table_digest.h"
#include "deploy/operator/unfinished_file.h"
#include "tests/operator/operator_run.h"
#include "tests/storage/faulty_vfs.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

class DatabaseCopyTest : public testing::Test {
 protected:
  DatabaseCopyTest() {
    auto file = SqliteFile::Open(directory_.File("live"), SqliteAccess::kPrivate);
    EXPECT_TRUE(file.ok()) << file.status();
    writer_ = *std::move(file);
    Write("PRAGMA journal_mode = WAL");
    Write("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, bytes BLOB)");
    for (int i = 0; i < 200; ++i) {
      Write("INSERT INTO notes (text, bytes) VALUES ('note " + std::to_string(i) +
            "', randomblob(50))");
    }
  }
  void Write(const std::string& sql) {
    const absl::Status status = writer_->Run(sql);
    EXPECT_TRUE(status.ok()) << status;
  }
  std::unique_ptr<SqliteFile> Live() {
    return SqliteFile::Open(directory_.File("live"), SqliteAccess::kLive).value();
  }
  absl::StatusOr<std::string> DigestOfCopy() {
    const auto copy = SqliteFile::Open(directory_.File("copy"), SqliteAccess::kFinished);
    if (!copy.ok()) return copy.status();
    return TableDigest(**copy);
  }

  TempDir directory_;
  std::unique_ptr<SqliteFile> writer_;
};

TEST_F(DatabaseCopyTest, EveryDamagedByteOfARowIsFound) {
  const auto digest = CopyDatabase(*Live(), directory_.File("copy"));
  ASSERT_TRUE(digest.ok()) << digest.status();
  ASSERT_EQ(DigestOfCopy().value(), *digest);
  const std::string whole = ReadWhole(directory_.File("copy"));
  for (const std::string text : {"note 0", "note 77", "note 199"}) {
    const std::size_t at = whole.find(text);
    ASSERT_NE(at, std::string::npos);
    // In the text, and in the random bytes behind it, of which no check of SQLite's knows.
    for (const std::size_t offset : {at, at + text.size() + 1, at + text.size() + 49}) {
      WriteWhole(directory_.File("copy"), whole);
      DamageByte(directory_.File("copy"), offset);
      const auto damaged = DigestOfCopy();
      EXPECT_TRUE(!damaged.ok() || *damaged != *digest) << offset;
    }
  }
}

TEST_F(DatabaseCopyTest, WhatIsWrittenMeanwhileIsNotInTheCopy) {
  const auto live = Live();
  ASSERT_TRUE(live->Run("BEGIN").ok());
  ASSERT_EQ(SelectInteger(*live, "SELECT count(*) FROM notes").value(), 200);
  Write("INSERT INTO notes (text) VALUES ('later')");
  ASSERT_TRUE(live->Run("COMMIT").ok());
  ASSERT_TRUE(CopyDatabase(*live, directory_.File("copy")).ok());
  Write("INSERT INTO notes (text) VALUES ('much later')");
  const auto copy = SqliteFile::Open(directory_.File("copy"), SqliteAccess::kFinished);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(SelectInteger(**copy, "SELECT count(*) FROM notes").value(), 201);
}

TEST_F(DatabaseCopyTest, AFullDiskIsSaidWithHowMuchRoomItTakes) {
  const auto live = Live();
  FaultyVfs disk;
  sqlite3_vfs* ordinary = sqlite3_vfs_find(nullptr);
  sqlite3_vfs_register(sqlite3_vfs_find(FaultyVfs::name()), /*makeDflt=*/1);
  disk.FillDisk(true);
  const auto copied = CopyDatabase(*live, directory_.File("copy"));
  sqlite3_vfs_register(ordinary, /*makeDflt=*/1);
  EXPECT_EQ(copied.status().code(), absl::StatusCode::kResourceExhausted) << copied.status();
  EXPECT_THAT(std::string(copied.status().message()), HasSubstr("no room for "));
  EXPECT_THAT(std::string(copied.status().message()), HasSubstr(" were left on that disk"));
}

TEST(UnfinishedFileTest, ItHasItsNameOnlyWhenItIsFinished) {
  TempDir directory;
  const std::string target = directory.File("target");
  {
    const auto file = UnfinishedFile::Begin(target);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Append("half").ok());
    EXPECT_FALSE(std::filesystem::exists(target));
    EXPECT_THAT(std::string(UnfinishedFile::Begin(target).status().message()),
                HasSubstr("another process is writing"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  const auto file = UnfinishedFile::Begin(target);
  ASSERT_TRUE((*file)->Append("whole").ok());
  EXPECT_EQ((*file)->Digest()->bytes, 5);
  ASSERT_TRUE((*file)->Finish().ok());
  EXPECT_EQ(ReadWhole(target), "whole");
  EXPECT_EQ(std::filesystem::status(target).permissions(), std::filesystem::perms(0600));
}

TEST(UnfinishedFileTest, ANameThatIsTakenMeanwhileIsNotTakenAway) {
  TempDir directory;
  const std::string target = directory.File("target");
  {
    const auto file = UnfinishedFile::Begin(target);
    WriteWhole(target, "precious");
    EXPECT_EQ((*file)->Finish().code(), absl::StatusCode::kAlreadyExists);
  }
  EXPECT_EQ(ReadWhole(target), "precious");
  EXPECT_FALSE(std::filesystem::exists(target + ".unfinished"));
}

TEST(LineReaderTest, LinesOfEveryLengthUpToTheLimitComeWhole) {
  TempDir directory;
  std::string text;
  for (std::size_t length = 0; length <= 64; ++length) text += std::string(length, 'a') + "\n";
  WriteWhole(directory.File("lines"), text);
  const auto lines = LineReader::Open(directory.File("lines"), 64);
  ASSERT_TRUE(lines.ok()) << lines.status();
  std::size_t length = 0;
  while ((*lines)->Next()) EXPECT_EQ((*lines)->line().size(), length++);
  EXPECT_EQ(length, 65u);
  EXPECT_TRUE((*lines)->status().ok()) << (*lines)->status();
}

}  // namespace
}  // namespace marginalia
