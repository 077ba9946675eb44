// invoice-service: invoices, their summaries, and how many comments each has.
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/flags/flag.h"
#include "invoice-service/comment_counts.h"
#include "invoice-service/comment_events_rpc.h"
#include "invoice-service/freshness.h"
#include "invoice-service/invoice_reads.h"
#include "invoice-service/invoices.h"
#include "invoice-service/invoices_rpc.h"
#include "invoice-service/schema.h"
#include "invoice-service/summary_cache.h"
#include "services/events/projection/position.h"
#include "services/events/projection/progress.h"
#include "services/events/projection/projector.h"
#include "services/identity/token_flags.h"
#include "services/identity/token_verifier.h"
#include "services/process/config.h"
#include "services/process/file_limit.h"
#include "services/process/log.h"
#include "services/process/or_exit.h"
#include "services/process/shutdown.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/client/upstream_flags.h"
#include "services/rpc/gate/gate.h"
#include "services/rpc/gate/gate_flags.h"
#include "services/rpc/reflection/reflection.h"
#include "services/rpc/server/server.h"
#include "services/rpc/server/server_flags.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"
#include "services/storage/group/group_metrics.h"
#include "services/storage/migrate_only.h"
#include "services/telemetry/metrics.h"
#include "services/telemetry/trace_export_rpc.h"
#include "services/telemetry/trace_flags.h"
#include "services/tokens/token_key_flag.h"

ABSL_FLAG(std::string, listen_address, "127.0.0.1:50052", "host:port to serve gRPC on.");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:9152",
          "host:port to serve /metrics on; not for the public.");
ABSL_FLAG(std::string, database_url, "sqlite:invoices.db",
          "sqlite:PATH or postgresql://...; made when it is not there.");
ABSL_FLAG(std::string, comments_address, "127.0.0.1:50051",
          "host:port of comments-service, whose events are followed; dns:///name:port or several "
          "ip:port with commas between for all its replicas.");
ABSL_FLAG(
    std::string, service_token_path, "",
    "A file with this service's own token (role service, no claim org), with which it follows "
    "the comments service. Read again when it changes.");

namespace marginalia {
namespace {

void WarnWithoutServiceToken() {
  if (!absl::GetFlag(FLAGS_service_token_path).empty()) return;
  Log(Severity::kWarning,
      "--service_token_path is empty: the comments service will refuse to be followed, and comment "
      "counts will stay as they are");
}

const MetricLabels& ProjectionLabels() {
  static const auto* labels = new MetricLabels{{"projection", "comment_counts"}};
  return *labels;
}

void AddGauges(Metrics& metrics, const ProjectionProgress& progress) {
  const MetricLabels& labels = ProjectionLabels();
  metrics.AddGauge("marginalia_projection_position",
                   "The last applied position of the event log; NaN while none is known.", labels,
                   [&progress] {
                     const LogPoint point = progress.point();
                     return point.log_id.empty() ? std::numeric_limits<double>::quiet_NaN()
                                                 : static_cast<double>(point.position);
                   });
  metrics.AddGauge(
      "marginalia_projection_lag_seconds",
      "How long ago it was last known that no event was missing; +Inf while no position "
      "is known.",
      labels, [&progress] {
        return progress.point().log_id.empty()
                   ? std::numeric_limits<double>::infinity()
                   : absl::ToDoubleSeconds(progress.Lag(SteadyTime::Now()));
      });
  metrics.AddGauge("marginalia_projection_following",
                   "1 while a stream of the comments service is open and flows.", labels,
                   [&progress] { return progress.following() ? 1.0 : 0.0; });
  metrics.AddGauge("marginalia_projection_drift",
                   "Rows that the last VerifyProjection found to differ; 0 after a rebuild, NaN "
                   "before the first verification.",
                   labels, [&progress] { return progress.drift(); });
  metrics.AddGauge("marginalia_projection_verified_timestamp_seconds",
                   "When the projection was last verified or rebuilt, in Unix time; NaN: never.",
                   labels, [&progress] {
                     const absl::Time when = progress.verified_at();
                     return when == absl::UnixEpoch()
                                ? std::numeric_limits<double>::quiet_NaN()
                                : static_cast<double>(absl::ToUnixSeconds(when));
                   });
  metrics.AddGauge("marginalia_freshness_waiters", "Calls that wait for fresher counts.", {},
                   [&progress] { return static_cast<double>(progress.waiting()); });
}

ProjectorCounters ProjectorCountersIn(Metrics& metrics) {
  const MetricLabels& labels = ProjectionLabels();
  return {
      metrics.AddCounter("marginalia_projection_events_applied_total", "Events applied.", labels),
      metrics.AddCounter("marginalia_projection_rebuilds_total",
                         "Rebuilds of the projection from the snapshot.", labels),
      metrics.AddCounter("marginalia_projection_streams_opened_total",
                         "Event streams opened at the comments service.", labels)};
}

CacheCounters CacheCountersIn(Metrics& metrics) {
  return {
      metrics.AddCounter("marginalia_invoice_cache_hits_total", "Invoices served from the cache."),
      metrics.AddCounter("marginalia_invoice_cache_misses_total",
                         "Invoices read from the database.")};
}

// Processes that share a PostgreSQL database change invoices without a word to one another's cache.
std::size_t CachedInvoicesMaxFor(DatabaseKind kind) {
  return kind == DatabaseKind::kSqlite ? kCachedInvoicesMax : 0;
}

void BeginToServe(RpcServer& server, bool counts_are_known) {
  if (!counts_are_known) {
    Log(Severity::kWarning,
        "the comments service is away and comment counts were never built: serving without them "
        "until it is back");
  }
  server.SetServing(true);
}

int Run(int argc, char** argv) {
  Shutdown shutdown;
  NameProcess("invoice-service");
  ParseConfigOrExit(argc, argv, "Owns the invoices, and derives how many comments each has.");
  MigrateAndExitIfAsked(absl::GetFlag(FLAGS_database_url), InvoiceMigrations());
  RaiseFileLimit();
  RpcServerOptions server_options = ServerFromFlags(absl::GetFlag(FLAGS_listen_address));
  // Not before it is known how many comments each invoice has.
  server_options.serving = false;
  GateOptions gate_options = GateFromFlags();
  const TraceOptions trace_options = TracesFromFlags();
  const UpstreamTls upstream_tls = UpstreamTlsFromFlags();
  SealTokensAsFlagged();
  const std::string comments_address =
      CheckedUpstreamAddress("comments_address", absl::GetFlag(FLAGS_comments_address));
  const auto tokens = OrExit(TokensFromFlags(), "--jwks_path");
  WarnWithoutServiceToken();

  const auto database = OrExit(
      Database::Open(absl::GetFlag(FLAGS_database_url), InvoiceMigrations()), "--database_url");
  PositionLock position_lock;
  GroupCommit writes(*database, {&position_lock},
                     [&shutdown](std::string_view reason) { shutdown.Fail(reason); });
  ProjectionProgress progress;

  // After what the gauges ask, before what counts.
  Metrics metrics;
  AddGauges(metrics, progress);
  AddGroupMetrics(metrics, writes, database->kind());
  SummaryCache cache(CachedInvoicesMaxFor(database->kind()), kCachedBytesMax,
                     CacheCountersIn(metrics));
  const auto tracer = StartTracer(
      trace_options, [](const std::string& address) { return ConnectTo(address); },
      "invoice-service", metrics);
  gate_options.tracer = tracer.get();

  ServiceToken service_token(absl::GetFlag(FLAGS_service_token_path));
  service_token.AddMetrics(metrics);
  CommentEvents comments(ConnectTo(comments_address, upstream_tls), service_token, tracer.get());
  CommentCounts counts(cache);
  Projector projector(comments, counts, absl::GetFlag(FLAGS_database_url), *database, writes,
                      progress, ProjectorCountersIn(metrics));

  Freshness freshness(
      progress, [&comments](const Trace& trace, SteadyTime deadline, Freshness::HeadDone done) {
        comments.AskHead(trace, deadline, std::move(done));
      });
  Invoices invoices(*database, writes, cache);
  InvoiceReads reads(invoices, freshness, cache);
  Gate gate(gate_options, *tokens, metrics);
  const auto rpc = MakeInvoicesRpc(gate, {invoices, reads, projector});

  Reflection reflection(gate, {"marginalia.invoices.v1.InvoicesService"});
  std::vector<grpc::Service*> served = reflection.services();
  served.push_back(rpc.get());

  OrExit(metrics.Serve(absl::GetFlag(FLAGS_metrics_address)), "--metrics_address");
  const auto server = OrExit(RpcServer::Start(server_options, served), "gRPC server");
  Log(Severity::kInfo, "listening",
      {{"address", server->address()},
       {"metrics_address", metrics.address()},
       {"probe_address", server->probe_address()}});

  progress.WhenReady([&server](bool known) { BeginToServe(*server, known); });

  const int exit_code = shutdown.Wait();
  shutdown.EndWithin(server_options.drain_grace);
  // Whoever waits for fresher counts goes on waiting: events are applied until the end.
  server->Drain([&progress, &reflection, &server_options] {
    reflection.End();
    progress.CloseAt(SteadyTime::Now() + server_options.drain_grace / 2);
  });
  progress.Close();
  database->EndReads();
  Log(Severity::kInfo, "stopped", {{"projection_position", progress.point().position}});
  FlushLog();
  return shutdown.failed() ? EXIT_FAILURE : exit_code;
}

}  // namespace
}  // namespace marginalia

int main(int argc, char** argv) { return marginalia::Run(argc, argv); }
