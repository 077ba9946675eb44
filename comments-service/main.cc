// comments-service: owns the comments, the audit log and the event log.
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "comments-service/audit/audit_listing.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/audit/checkpoint_log.h"
#include "comments-service/audit/checkpoint_signer.h"
#include "comments-service/audit/checkpoints.h"
#include "comments-service/audit/tree_keeper.h"
#include "comments-service/comments_rpc.h"
#include "comments-service/evidence/evidence_exports.h"
#include "comments-service/evidence/evidence_rpc.h"
#include "comments-service/invoices/invoice_directory_rpc.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/readers/author_search.h"
#include "comments-service/readers/read_states.h"
#include "comments-service/relay/relay.h"
#include "comments-service/relay/relay_flags.h"
#include "comments-service/schema.h"
#include "comments-service/thread/changes.h"
#include "comments-service/thread/comment_listing.h"
#include "comments-service/thread/comment_writer.h"
#include "comments-service/thread/comments.h"
#include "comments-service/thread/imports.h"
#include "comments-service/thread/recent_listing.h"
#include "comments-service/thread/revision_listing.h"
#include "comments-service/thread/settlements.h"
#include "comments-service/thread/thread_counts_listing.h"
#include "comments-service/thread/thread_pages.h"
#include "comments-service/thread/wire/erased_event.h"
#include "comments-service/thread/wire/event_stub.h"
#include "comments-service/verification/audit_verifier.h"
#include "comments-service/watch/open_watches.h"
#include "comments-service/watch/watch_events_rpc.h"
#include "services/events/log/event_feed.h"
#include "services/events/log/retention.h"
#include "services/identity/token_flags.h"
#include "services/identity/token_verifier.h"
#include "services/process/config.h"
#include "services/process/file_limit.h"
#include "services/process/log.h"
#include "services/process/or_exit.h"
#include "services/process/shutdown.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/client/upstream_flags.h"
#include "services/rpc/gate/gate.h"
#include "services/rpc/gate/gate_flags.h"
#include "services/rpc/reflection/reflection.h"
#include "services/rpc/server/server.h"
#include "services/rpc/server/server_flags.h"
#include "services/storage/group/group_metrics.h"
#include "services/storage/migrate_only.h"
#include "services/telemetry/metrics.h"
#include "services/telemetry/trace_export_rpc.h"
#include "services/telemetry/trace_flags.h"
#include "services/tokens/token_key_flag.h"

ABSL_FLAG(std::string, listen_address, "127.0.0.1:50051", "host:port to serve gRPC on.");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:9151",
          "host:port to serve /metrics on; not for the public.");
ABSL_FLAG(std::string, database_url, "sqlite:comments.db",
          "sqlite:PATH or postgresql://...; made when it is not there.");
ABSL_FLAG(std::string, invoices_address, "",
          "host:port of invoice-service, which knows the invoices; dns:///name:port or several "
          "ip:port with commas between for all its replicas. Empty: any invoice id is one.");
ABSL_FLAG(absl::Duration, events_age_max, absl::Hours(720),
          "Events older than this are removed from the event log; comments stay.");
ABSL_FLAG(std::int64_t, events_count_max, 10'000'000,
          "Events beyond this number are removed from the event log, oldest first.");
ABSL_FLAG(
    std::string, checkpoint_key_path, "",
    "A file with the Ed25519 keys that sign audit checkpoints, in PEM, which nobody but its owner "
    "and its group can read (marginalia-operator checkpoint-key-init); read again when it changes. "
    "Empty: nothing is signed.");
ABSL_FLAG(absl::Duration, edit_window, marginalia::kEditWindowDefault,
          "How long after writing a comment its author may edit and remove it; 0: never, inf: "
          "always.");
ABSL_FLAG(bool, start_new_log, false,
          "Give the event log a new identity: once, after a backup was restored. With "
          "--migrate_only the process then ends, so that every replica can start without it.");

namespace marginalia {
namespace {

// Whoever follows the stream needs time to come back: with less, each pause is a rebuild.
const FlagBounds kEventsAge("events_age_max", absl::Minutes(1), absl::Hours(24 * 366 * 10),
                            FlagBounds::Infinite::kAllowed);
const FlagBounds kEditWindow("edit_window", absl::ZeroDuration(), absl::Hours(24 * 366 * 10),
                             FlagBounds::Infinite::kAllowed);
const FlagBounds kEventsCount("events_count_max", 1, 1'000'000'000);

RetentionBounds RetentionFromFlags() {
  return {.age_max = absl::GetFlag(FLAGS_events_age_max),
          .count_max = absl::GetFlag(FLAGS_events_count_max)};
}

std::unique_ptr<InvoiceDirectory> DirectoryFromFlags(const UpstreamTls& tls) {
  const std::string address = absl::GetFlag(FLAGS_invoices_address);
  if (address.empty()) return nullptr;
  return std::make_unique<InvoiceDirectoryRpc>(
      ConnectTo(CheckedUpstreamAddress("invoices_address", address), tls));
}

void AddGauges(Metrics& metrics, const EventLog& log, const AuditLog& audit_log,
               const OpenWatches& watches) {
  metrics.AddGauge("marginalia_event_log_head", "The newest position of the event log.", {},
                   [&log] { return static_cast<double>(log.head()); });
  metrics.AddHistogram("marginalia_head_lock_seconds",
                       "How long groups waited for the lock by which replicas take turns.", {},
                       log.lock_seconds());
  metrics.AddGauge("marginalia_audit_head",
                   "The position of the newest audit entry that this process has committed; NaN "
                   "before the first.",
                   {}, [&audit_log] {
                     const std::int64_t head = audit_log.head();
                     return head == 0 ? std::numeric_limits<double>::quiet_NaN()
                                      : static_cast<double>(head);
                   });
  metrics.AddGauge("marginalia_watchers", "Open WatchEvents streams.", {},
                   [&watches] { return static_cast<double>(watches.count()); });
}

absl::StatusOr<std::unique_ptr<EventLog>> OpenLog(Database& database) {
  const absl::Status whole = CheckAuditReachesHead(database);
  if (!whole.ok()) return whole;
  return EventLog::Open(database, absl::GetFlag(FLAGS_start_new_log), CompleteEvents);
}

absl::Status StartNewLogIfAsked(Database& database) {
  if (!absl::GetFlag(FLAGS_start_new_log)) return absl::OkStatus();
  const auto log = OpenLog(database);
  if (log.ok()) Log(Severity::kInfo, "the event log has a new id", {{"log_id", (*log)->id()}});
  return log.status();
}

int Run(int argc, char** argv) {
  Shutdown shutdown;
  NameProcess("comments-service");
  ParseConfigOrExit(argc, argv, "Owns the comments, the audit log and the event log.");
  MigrateAndExitIfAsked(absl::GetFlag(FLAGS_database_url), CommentsMigrations(),
                        StartNewLogIfAsked);
  RaiseFileLimit();
  const RetentionBounds retention_bounds = RetentionFromFlags();
  const absl::Duration edit_window = absl::GetFlag(FLAGS_edit_window);
  const RpcServerOptions server_options = ServerFromFlags(absl::GetFlag(FLAGS_listen_address));
  GateOptions gate_options = GateFromFlags();
  const TraceOptions trace_options = TracesFromFlags();
  const UpstreamTls upstream_tls = UpstreamTlsFromFlags();
  const auto relay_options = RelayFromFlags();
  SealTokensAsFlagged();
  const auto tokens = OrExit(TokensFromFlags(), "--jwks_path");
  const auto signer = OrExit(CheckpointSigner::Open(absl::GetFlag(FLAGS_checkpoint_key_path)),
                             "--checkpoint_key_path");

  const auto database = OrExit(
      Database::Open(absl::GetFlag(FLAGS_database_url), CommentsMigrations()), "--database_url");
  const auto log = OrExit(OpenLog(*database), "--database_url");
  AuditLog audit_log;
  ThreadPages pages;
  CommentWriter writer(*log, audit_log, pages);
  Checkpoints checkpoints(*database, *signer, log->id());
  EvidenceExports exports(*database, checkpoints);
  EventFeed feed(
      *log, [&pages](const auto& events) { pages.OutdateFor(events); },
      [&exports](const Event& event) {
        if (!IsErasure(event.payload)) return false;
        exports.LetGoOf(event.org_id, event.subject);
        return true;
      });
  // The pages come first, so that they are out of date before watchers hear of what outdated them.
  GroupCommit writes(*database, {&pages, log.get(), &audit_log, &writer},
                     [&shutdown](std::string_view reason) { shutdown.Fail(reason); });
  Retention retention(*log, feed, writes, retention_bounds);

  const std::unique_ptr<InvoiceDirectory> directory = DirectoryFromFlags(upstream_tls);
  InvoiceLookup invoices(*database, directory.get());
  Comments comments(*database, writes, writer, *log, invoices);
  Imports imports(writes, writer, *log, invoices);
  Changes changes(writes, writer, *log, invoices, edit_window);
  Settlements settlements(writes, writer, *log, invoices);
  CommentListing listing(*database, feed, invoices, pages);
  RecentListing recent(*database, *log);
  ThreadCountsListing thread_counts(*database, *log);
  RevisionListing revisions(*database, invoices);
  ReadStates read_states(*database, writes, invoices);
  AuthorSearch authors(*database);
  AuditListing audit_listing(*database, invoices);
  AuditVerifier verifier(*database, invoices);
  TreeKeeper tree_keeper(*database, writes, checkpoints.damage());
  const auto checkpoint_log =
      signer->signs() ? std::make_unique<CheckpointLog>(*database, checkpoints) : nullptr;
  OpenWatches watches;

  Metrics metrics;
  AddGauges(metrics, *log, audit_log, watches);
  AddGroupMetrics(metrics, writes, database->kind());
  pages.CountWith(
      metrics.AddCounter("marginalia_page_cache_hits_total", "Pages answered from the cache."),
      metrics.AddCounter("marginalia_page_cache_misses_total",
                         "Newest pages that were not in the cache."));
  pages.blocks().CountWith(
      metrics.AddCounter("marginalia_block_cache_hits_total",
                         "Pages below the newest put together from memory."),
      metrics.AddCounter("marginalia_block_cache_misses_total",
                         "Pages below the newest that the database was asked for."));
  metrics.AddGauge("marginalia_block_cache_bytes",
                   "Memory that the comments of pages below the newest are kept in.", {},
                   [&pages] { return static_cast<double>(pages.blocks().bytes()); });
  const auto tracer = StartTracer(
      trace_options, [](const std::string& address) { return ConnectTo(address); },
      "comments-service", metrics);
  gate_options.tracer = tracer.get();
  Gate gate(gate_options, *tokens, metrics);
  WatchEventsRpc watch(gate, feed, invoices, watches);
  EvidenceRpc evidence(gate, exports, invoices);
  const auto rpc = MakeCommentsRpc(
      gate, {comments, imports, changes, settlements, listing, recent, thread_counts, revisions,
             read_states, authors, audit_listing, verifier, checkpoints, watch, evidence});
  const auto relay = StartRelay(relay_options, absl::GetFlag(FLAGS_database_url), *database, writes,
                                feed, signer->signs() ? &checkpoints : nullptr, metrics);

  Reflection reflection(gate, {"marginalia.comments.v1.CommentsService"});
  std::vector<grpc::Service*> served = reflection.services();
  served.push_back(rpc.get());

  OrExit(metrics.Serve(absl::GetFlag(FLAGS_metrics_address)), "--metrics_address");
  const auto server = OrExit(RpcServer::Start(server_options, served), "gRPC server");
  Log(Severity::kInfo, "listening",
      {{"address", server->address()},
       {"metrics_address", metrics.address()},
       {"probe_address", server->probe_address()},
       {"log_id", log->id()}});

  const int exit_code = shutdown.Wait();
  shutdown.EndWithin(server_options.drain_grace);
  server->Drain([&feed, &verifier, &exports, &reflection] {
    reflection.End();
    feed.Close();
    verifier.Stop();
    exports.Stop();
  });
  database->EndReads();
  Log(Severity::kInfo, "stopped", {{"log_head", log->head()}});
  FlushLog();
  return shutdown.failed() ? EXIT_FAILURE : exit_code;
}

}  // namespace
}  // namespace marginalia

int main(int argc, char** argv) { return marginalia::Run(argc, argv); }
