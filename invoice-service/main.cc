// invoice-service: invoices, their summaries, and how many comments each has.
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "invoice-service/comment_counts.h"
#include "invoice-service/comment_events_rpc.h"
#include "invoice-service/freshness.h"
#include "invoice-service/invoices.h"
#include "invoice-service/invoices_rpc.h"
#include "invoice-service/schema.h"
#include "invoice-service/summary_cache.h"
#include "services/events/projection_progress.h"
#include "services/events/projector.h"
#include "services/identity/token_verifier.h"
#include "services/process/config.h"
#include "services/process/log.h"
#include "services/process/service_flags.h"
#include "services/process/shutdown.h"
#include "services/rpc/channel.h"
#include "services/rpc/gate.h"
#include "services/rpc/server.h"
#include "services/storage/database.h"
#include "services/storage/group_commit.h"
#include "services/telemetry/metrics.h"

ABSL_FLAG(std::string, listen_address, "127.0.0.1:50052", "Where gRPC is served: host:port.");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:9152",
          "Where GET /metrics is served: host:port.");
ABSL_FLAG(std::string, database_url, "sqlite:invoices.db",
          "The database: sqlite:PATH or postgresql://….");
ABSL_FLAG(std::string, comments_address, "127.0.0.1:50051", "The comments service: host:port.");
ABSL_FLAG(std::string, service_token_path, "",
          "A file with this service's own token (role service), with which it follows the comments "
          "service. Read again when it changes.");

namespace marginalia {
namespace {

template <class T>
T ValueOrExit(absl::StatusOr<T> value, std::string_view what) {
  if (value.ok()) return *std::move(value);
  Log(Severity::kError, what, {{"error", std::string(value.status().message())}});
  FlushLog();
  std::exit(1);
}

std::unique_ptr<TokenVerifier> VerifierOrExit() {
  TokenVerifierOptions options;
  options.jwks_path = absl::GetFlag(FLAGS_jwks_path);
  options.issuer = absl::GetFlag(FLAGS_jwt_issuer);
  options.audience = absl::GetFlag(FLAGS_jwt_audience);
  auto verifier = TokenVerifier::Create(std::move(options));
  if (!verifier.ok()) ExitOnBadFlag("jwks_path", std::string(verifier.status().message()));
  return *std::move(verifier);
}

void WarnWithoutServiceToken() {
  if (!absl::GetFlag(FLAGS_service_token_path).empty()) return;
  Log(Severity::kWarning,
      "--service_token_path is empty: the comments service will refuse to be followed, and comment "
      "counts will stay as they are");
}

void AddGauges(Metrics& metrics, const ProjectionProgress& progress) {
  metrics.AddGauge("marginalia_projection_position", "The last applied position of the event log.",
                   {}, [&progress] { return static_cast<double>(progress.point().position); });
  metrics.AddGauge("marginalia_projection_lag_seconds",
                   "How long ago it was last known that no event was missing.", {},
                   [&progress] { return absl::ToDoubleSeconds(progress.Lag(absl::Now())); });
  metrics.AddGauge("marginalia_projection_following",
                   "1 while a stream of the comments service is open and flows.", {},
                   [&progress] { return progress.following() ? 1.0 : 0.0; });
  metrics.AddGauge("marginalia_freshness_waiters", "Calls that wait for fresher counts.", {},
                   [&progress] { return static_cast<double>(progress.waiting()); });
}

ProjectorCounters CountersIn(Metrics& metrics) {
  return {metrics.AddCounter("marginalia_projection_events_applied_total", "Events applied."),
          metrics.AddCounter("marginalia_projection_rebuilds_total",
                             "Rebuilds of the projection from the snapshot."),
          metrics.AddCounter("marginalia_projection_streams_opened_total",
                             "Event streams opened at the comments service.")};
}

// Other processes that share a PostgreSQL database change invoices without a word to this one's
// cache.
std::size_t CacheEntriesMax(const Database& database) {
  return database.kind() == DatabaseKind::kSqlite ? kCachedInvoicesMax : 0;
}

int Serve() {
  Shutdown shutdown;
  const auto verifier = VerifierOrExit();
  const auto database = ValueOrExit(
      Database::Open(absl::GetFlag(FLAGS_database_url), InvoiceMigrations()), "no database");
  GroupCommit writes(*database, {}, [&](std::string_view why) { shutdown.Fail(why); });
  ProjectionProgress progress;

  Metrics metrics;
  AddGauges(metrics, progress);
  SummaryCache cache(
      CacheEntriesMax(*database), kCachedBytesMax,
      metrics.AddCounter("marginalia_summary_cache_hits_total", "Invoices served from the cache."),
      metrics.AddCounter("marginalia_summary_cache_misses_total",
                         "Invoices read from the database."));

  WarnWithoutServiceToken();
  ServiceToken token(absl::GetFlag(FLAGS_service_token_path));
  CommentEvents comments(ConnectTo(absl::GetFlag(FLAGS_comments_address)), token);
  CommentCounts counts(cache);
  Projector projector(comments, counts, *database, writes, progress, CountersIn(metrics));

  Freshness freshness(progress, [&comments](absl::Time deadline, Freshness::HeadDone done) {
    comments.AskHead(deadline, std::move(done));
  });
  Invoices invoices(*database, writes, cache);
  Gate gate({.calls_in_flight_max = absl::GetFlag(FLAGS_calls_in_flight_max)}, *verifier, metrics);
  InvoicesRpc rpc(gate, invoices, freshness, cache, projector);

  if (absl::Status serving = metrics.Serve(absl::GetFlag(FLAGS_metrics_address)); !serving.ok()) {
    ExitOnBadFlag("metrics_address", std::string(serving.message()));
  }
  auto server = RpcServer::Start({.address = absl::GetFlag(FLAGS_listen_address),
                                  .drain_grace = absl::GetFlag(FLAGS_drain_grace)},
                                 {&rpc});
  if (!server.ok()) ExitOnBadFlag("listen_address", std::string(server.status().message()));
  Log(Severity::kInfo, "listening", {{"address", (*server)->address()}});

  const int exit_code = shutdown.Wait();
  (*server)->Drain([&progress] { progress.Close(); });
  return shutdown.failed() ? EXIT_FAILURE : exit_code;
}

}  // namespace
}  // namespace marginalia

int main(int argc, char** argv) {
  marginalia::NameProcess("invoice-service");
  marginalia::ParseConfigOrExit(argc, argv, "Serves invoices with their comment counts over gRPC.");
  const int exit_code = marginalia::Serve();
  marginalia::FlushLog();
  return exit_code;
}
