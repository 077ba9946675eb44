#include "tests/projector/projection_under_test.h"

#include <cstdlib>
#include <future>
#include <iostream>
#include <utility>

#include "invoice-service/schema.h"
#include "services/process/stopwatch.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

std::unique_ptr<Database> OpenOrAbort(const std::string& url) {
  absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(url, InvoiceMigrations());
  if (database.ok()) return *std::move(database);
  std::cerr << database.status() << std::endl;
  std::abort();
}

}  // namespace

ProjectionUnderTest::ProjectionUnderTest(const std::string& database_url,
                                         const std::string& comments_address,
                                         std::vector<GroupParticipant*> participants)
    : database_(OpenOrAbort(database_url)),
      writes_(*database_, std::move(participants), [](std::string_view) { std::abort(); }),
      comments_(ConnectTo(comments_address), token_),
      counts_(cache_),
      projector_(comments_, counts_, database_url, *database_, writes_, progress_) {}

bool ProjectionUnderTest::Reaches(const LogPoint& point) {
  return Await([&] {
    const LogPoint reached = progress_.point();
    return reached.log_id == point.log_id && reached.position >= point.position;
  });
}

CommentCount ProjectionUnderTest::CountOf(const std::string& org_id,
                                          const std::string& invoice_id) {
  CommentCount count;
  const absl::Status read = database_->Read(Tenants::All(), [&](Connection& connection) {
    count = CommentCountStore::Find(connection, org_id, invoice_id);
    return absl::OkStatus();
  });
  if (!read.ok()) std::cerr << read << std::endl;
  return count;
}

void ProjectionUnderTest::Execute(const std::string& sql) {
  const absl::Status written =
      writes_.SubmitAndWait(SteadyTime::Never(), Tenants::All(), [&sql](Connection& connection) {
        connection.sql() << sql;
        return absl::OkStatus();
      });
  if (!written.ok()) std::cerr << written << std::endl;
}

std::int64_t ProjectionUnderTest::Select(const std::string& sql) {
  std::int64_t number = -1;
  const absl::Status read =
      writes_.SubmitAndWait(SteadyTime::Never(), Tenants::All(), [&](Connection& connection) {
        connection.sql() << sql, soci::into(number);
        return absl::OkStatus();
      });
  if (!read.ok()) std::cerr << read << std::endl;
  return number;
}

absl::StatusOr<ProjectionCheck> ProjectionUnderTest::Check(Rebuild::Kind kind) {
  std::promise<absl::StatusOr<ProjectionCheck>> answered;
  projector_.Check(kind, [&answered](const absl::StatusOr<ProjectionCheck>& check) {
    answered.set_value(check);
  });
  return answered.get_future().get();
}

}  // namespace marginalia
