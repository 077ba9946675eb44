// A scripted comments service and a projection that follows it into a database of its own.
#ifndef MARGINALIA_TESTS_PROJECTOR_PROJECTOR_FIXTURE_H_
#define MARGINALIA_TESTS_PROJECTOR_PROJECTOR_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "tests/projector/projection_under_test.h"
#include "tests/projector/scripted_comments.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"

namespace marginalia {

class ProjectorFixture : public testing::TestWithParam<DatabaseKind> {
 protected:
  ProjectorFixture() : database_url_(NewDatabaseUrl(GetParam())) {}

  void StartProjection() { projection_.emplace(database_url_, comments_.address()); }
  void StopProjection() { projection_.reset(); }
  bool CatchesUp() { return projection_->Reaches(comments_.head()); }
  std::int64_t Count(const std::string& org_id, const std::string& invoice_id) {
    return projection_->CountOf(org_id, invoice_id).comment_count;
  }
  void ExpectCountsOfTheLog() {
    for (const char* org : {"northlight", "rivalworks"}) {
      for (const char* invoice : {"a", "b", "c"}) {
        EXPECT_EQ(Count(org, invoice), comments_.CountOf(org, invoice)) << org << " " << invoice;
      }
    }
  }
  void CommentEverywhere(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (const char* invoice : {"a", "b", "c"}) comments_.Comment("northlight", invoice);
      comments_.Comment("rivalworks", "a", "Mallory");
    }
  }
  // Each page of a snapshot waits until the test sets go_on_.
  void HoldSnapshotPages() {
    comments_.OnSnapshotPage([this] {
      ++snapshot_pages_;
      Await([this] { return go_on_.load(); });
    });
  }

  const std::string database_url_;
  // The hooks of comments_ use these for as long as it is there.
  std::atomic<int> snapshot_pages_ = 0;
  std::atomic<bool> go_on_ = false;
  ScriptedComments comments_;
  std::optional<ProjectionUnderTest> projection_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_PROJECTOR_PROJECTOR_FIXTURE_H_
