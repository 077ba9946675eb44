#include "tests/comments_service/service_under_test.h"

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/ascii.h"
#include "comments-service/audit/audit_listing.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/audit/checkpoint_signer.h"
#include "comments-service/audit/checkpoints.h"
#include "comments-service/audit/tree_keeper.h"
#include "comments-service/comments_rpc.h"
#include "comments-service/evidence/evidence_rpc.h"
#include "comments-service/invoices/invoice_directory_rpc.h"
#include "comments-service/schema.h"
#include "comments-service/thread/comment_listing.h"
#include "comments-service/thread/comment_writer.h"
#include "comments-service/thread/comments.h"
#include "comments-service/thread/imports.h"
#include "comments-service/thread/revision_listing.h"
#include "comments-service/thread/thread_pages.h"
#include "comments-service/thread/wire/erased_event.h"
#include "comments-service/thread/wire/event_stub.h"
#include "comments-service/verification/audit_verifier.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/server/server.h"
#include "services/telemetry/metrics.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

template <class T>
T OrAbort(absl::StatusOr<T> part) {
  if (part.ok()) return *std::move(part);
  std::cerr << part.status().ToString() << std::endl;
  std::abort();
}

std::unique_ptr<InvoiceDirectory> DirectoryAt(const std::string& address) {
  if (address.empty()) return nullptr;
  return std::make_unique<InvoiceDirectoryRpc>(ConnectTo(address));
}

std::unique_ptr<TokenVerifier> VerifierOfMint() {
  TokenVerifierOptions options;
  options.jwks_path = Mint().jwks_path();
  options.issuer = Mint().issuer();
  options.audience = Mint().audience();
  return OrAbort(TokenVerifier::Create(std::move(options)));
}

}  // namespace

const TokenMint& Mint() {
  static const TempDir directory;
  static const std::unique_ptr<TokenMint> mint = OrAbort(TokenMint::Open(directory.File("keys")));
  return *mint;
}

// Counts for the test itself.
class Count : public Counter {
 public:
  void Add(std::int64_t amount) override { count_ += amount; }
  std::int64_t value() const { return count_; }

 private:
  std::atomic<std::int64_t> count_ = 0;
};

// In main's order.
struct ServiceUnderTest::Parts {
  explicit Parts(const ServiceOptions& options)
      : tokens(VerifierOfMint()),
        database(OrAbort(Database::Open(options.database_url, CommentsMigrations()))),
        log(OrAbort(EventLog::Open(*database, options.start_new_log, CompleteEvents,
                                   options.older_look_pause))),
        writer(*log, audit_log, pages),
        signer(
            OrAbort(CheckpointSigner::Open(options.checkpoint_key_path, absl::Milliseconds(20)))),
        checkpoints(*database, *signer, log->id()),
        exports(*database, checkpoints, options.evidence_taken_max),
        feed(
            *log, [this](const auto& events) { pages.OutdateFor(events); },
            [this](const Event& event) {
              if (!IsErasure(event.payload)) return false;
              exports.LetGoOf(event.org_id, event.subject);
              return true;
            }),
        writes(*database, {&pages, log.get(), &audit_log, &writer}, [](std::string_view) {}),
        retention(*log, feed, writes, options.retention, options.retention_interval),
        directory(DirectoryAt(options.invoices_address)),
        invoices(*database, directory.get()),
        comments(*database, writes, writer, *log, invoices),
        imports(writes, writer, *log, invoices),
        changes(writes, writer, *log, invoices, options.edit_window),
        settlements(writes, writer, *log, invoices),
        listing(*database, feed, invoices, pages),
        recent(*database, *log),
        thread_counts(*database, *log),
        revisions(*database, invoices),
        read_states(*database, writes, invoices),
        authors(*database),
        audit_listing(*database, invoices),
        verifier(*database, invoices),
        tree_keeper(*database, writes, checkpoints.damage(), options.tree_keeper_interval),
        watches(options.write_stall_max),
        gate(options.gate, *tokens, metrics),
        watch(gate, feed, invoices, watches),
        evidence(gate, exports, invoices),
        rpc(MakeCommentsRpc(gate, {comments, imports, changes, settlements, listing, recent,
                                   thread_counts, revisions, read_states, authors, audit_listing,
                                   verifier, checkpoints, watch, evidence})),
        server(OrAbort(RpcServer::Start({.address = "127.0.0.1:0"}, {rpc.get()}))),
        channel(ConnectTo(server->address())) {
    pages.CountWith(&page_hits, nullptr);
    pages.blocks().CountWith(&block_hits, nullptr);
  }

  std::unique_ptr<TokenVerifier> tokens;
  std::unique_ptr<Database> database;
  std::unique_ptr<EventLog> log;
  AuditLog audit_log;
  Count page_hits;
  Count block_hits;
  ThreadPages pages;
  CommentWriter writer;
  std::unique_ptr<CheckpointSigner> signer;
  Checkpoints checkpoints;
  EvidenceExports exports;
  EventFeed feed;
  GroupCommit writes;
  Retention retention;
  std::unique_ptr<InvoiceDirectory> directory;
  InvoiceLookup invoices;
  Comments comments;
  Imports imports;
  Changes changes;
  Settlements settlements;
  CommentListing listing;
  RecentListing recent;
  ThreadCountsListing thread_counts;
  RevisionListing revisions;
  ReadStates read_states;
  AuthorSearch authors;
  AuditListing audit_listing;
  AuditVerifier verifier;
  TreeKeeper tree_keeper;
  OpenWatches watches;
  Metrics metrics;
  Gate gate;
  WatchEventsRpc watch;
  EvidenceRpc evidence;
  std::unique_ptr<grpc::Service> rpc;
  std::unique_ptr<RpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
  bool drained = false;
};

ServiceUnderTest::ServiceUnderTest(ServiceOptions options)
    : parts_(std::make_unique<Parts>(options)) {}

ServiceUnderTest::~ServiceUnderTest() { Drain(); }

Client ServiceUnderTest::As(const std::string& org, const std::string& user,
                            const std::string& role, absl::Duration token_lifetime) const {
  return Client(
      parts_->channel,
      Mint().Mint({.org = org, .sub = user, .name = absl::AsciiStrToUpper(user), .role = role},
                  token_lifetime));
}

Client ServiceUnderTest::AsService(const std::string& org) const {
  return Client(
      parts_->channel,
      Mint().Mint({.org = org, .sub = "importer", .name = "Importer", .role = "service"}));
}

void ServiceUnderTest::Drain() {
  if (std::exchange(parts_->drained, true)) return;
  parts_->server->Drain([this] {
    parts_->feed.Close();
    parts_->verifier.Stop();
    parts_->exports.Stop();
  });
}

void ServiceUnderTest::Tamper(absl::AnyInvocable<void(soci::session&)> change) {
  const absl::Status written = parts_->writes.SubmitAndWait(SteadyTime::Never(), Tenants::All(),
                                                            [&](Connection& connection) {
                                                              change(connection.sql());
                                                              return absl::OkStatus();
                                                            });
  if (written.ok()) return;
  std::cerr << "cannot tamper: " << written << "\n";
  std::abort();
}

std::int64_t ServiceUnderTest::CountRows(const std::string& table) {
  std::int64_t count = 0;
  const absl::Status read = parts_->database->Read(Tenants::All(), [&](Connection& connection) {
    connection.sql() << "SELECT count(*) FROM " + table, soci::into(count);
    return absl::OkStatus();
  });
  return read.ok() ? count : -1;
}

std::int64_t ServiceUnderTest::page_cache_hits() const { return parts_->page_hits.value(); }
std::int64_t ServiceUnderTest::block_cache_hits() const { return parts_->block_hits.value(); }
EventFeed& ServiceUnderTest::feed() { return parts_->feed; }
OpenWatches& ServiceUnderTest::watches() { return parts_->watches; }
Database& ServiceUnderTest::database() { return *parts_->database; }
const std::string& ServiceUnderTest::address() const { return parts_->server->address(); }

}  // namespace marginalia
