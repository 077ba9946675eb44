// A projector that follows a scripted comments service into a database, as invoice-service has it.
// Stopping and starting it again is a restart of the process.
#ifndef MARGINALIA_TESTS_PROJECTOR_PROJECTION_UNDER_TEST_H_
#define MARGINALIA_TESTS_PROJECTOR_PROJECTION_UNDER_TEST_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "invoice-service/comment_counts.h"
#include "invoice-service/comment_events_rpc.h"
#include "invoice-service/invoice.h"
#include "invoice-service/summary_cache.h"
#include "services/events/projection/progress.h"
#include "services/events/projection/projector.h"
#include "services/events/projection/rebuild.h"
#include "services/rpc/client/channel.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

class ProjectionUnderTest {
 public:
  // `participants` take part in the transactions of the projection.
  ProjectionUnderTest(const std::string& database_url, const std::string& comments_address,
                      std::vector<GroupParticipant*> participants = {});

  // False when it has not come to include the point within 20 seconds.
  bool Reaches(const LogPoint& point);

  CommentCount CountOf(const std::string& org_id, const std::string& invoice_id);
  // Changes the tables behind the projection's back.
  void Execute(const std::string& sql);
  // A number, as a write beside the projection's own finds it.
  std::int64_t Select(const std::string& sql);

  // Waits for the answer.
  absl::StatusOr<ProjectionCheck> Check(Rebuild::Kind kind);

  ProjectionProgress& progress() { return progress_; }
  SummaryCache& cache() { return cache_; }
  Database& database() { return *database_; }

 private:
  std::unique_ptr<Database> database_;
  GroupCommit writes_;
  ProjectionProgress progress_;
  SummaryCache cache_;
  ServiceToken token_{""};
  CommentEvents comments_;
  CommentCounts counts_;
  Projector projector_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_PROJECTOR_PROJECTION_UNDER_TEST_H_
