// Every input that is kept, read by its target: the seeds, and whatever once broke something.
#include <gtest/gtest.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

namespace fs = std::filesystem;

// `what` is corpus or regressions.
fs::path FolderOf(const std::string& what) { return fs::path(FUZZ_FOLDER) / what; }

std::string ContentOf(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class CorpusTest : public testing::TestWithParam<FuzzTarget> {};

TEST_P(CorpusTest, WhatIsKeptHolds) {
  std::size_t seeds = 0;
  for (const char* what : {"corpus", "regressions"}) {
    const fs::path folder = FolderOf(what) / GetParam().name();
    if (!fs::exists(folder)) continue;
    for (const auto& file : fs::directory_iterator(folder)) {
      try {
        GetParam().Read(ContentOf(file));
      } catch (const std::exception& failure) {
        ADD_FAILURE() << file.path() << ": " << failure.what();
      }
      ++seeds;
    }
  }
  EXPECT_GT(seeds, 0U) << "give " << GetParam().name() << " a seed in tests/fuzz/corpus/";
}

INSTANTIATE_TEST_SUITE_P(Fuzz, CorpusTest, testing::ValuesIn(FuzzTarget::All()),
                         [](const auto& target) { return std::string(target.param.name()); });

TEST(CorpusFoldersTest, EachBelongsToATarget) {
  std::set<std::string> names;
  for (const FuzzTarget& target : FuzzTarget::All()) names.emplace(target.name());
  for (const char* what : {"corpus", "regressions"}) {
    for (const auto& folder : fs::directory_iterator(FolderOf(what))) {
      if (!folder.is_directory()) continue;
      EXPECT_EQ(names.count(folder.path().filename()), 1U) << folder.path();
    }
  }
}

}  // namespace
}  // namespace marginalia
