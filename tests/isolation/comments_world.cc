#include "tests/isolation/comments_world.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "comments-service/comments_rpc.h"
#include "comments-service/schema.h"
#include "comments-service/thread/wire/erased_event.h"
#include "comments-service/thread/wire/event_stub.h"
#include "services/events/log/event_feed.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/server/server.h"
#include "services/telemetry/metrics.h"
#include "tests/comments_service/service_under_test.h"

namespace marginalia {
namespace {

// The ranges of numbers that the two tenants have, and those that mean another invoice to one than
// to the other.
constexpr int kSecondTenantFrom = 10;
constexpr int kFirstTenantBefore = 30;
constexpr int kMovedFrom = 20;
constexpr int kMovedBefore = 24;

template <class T>
T OrAbort(absl::StatusOr<T> part) {
  if (part.ok()) return *std::move(part);
  std::cerr << part.status().ToString() << std::endl;
  std::abort();
}

class Directory : public InvoiceDirectory {
 public:
  void Find(const CallContext& call, const std::string& invoice_id,
            Answer<std::string> answer) override {
    for (int invoice = 0; invoice < kInvoices; ++invoice) {
      const int meant = InvoiceOf(call.caller.org_id, invoice);
      if (meant < 0) continue;
      if (invoice_id == InvoiceNumber(invoice)) return answer(InvoiceId(meant));
      if (invoice_id == InvoiceId(meant)) return answer(invoice_id);
    }
    answer(InvoiceNotFound());
  }
};

std::unique_ptr<TokenVerifier> VerifierOfMint() {
  TokenVerifierOptions options;
  options.jwks_path = Mint().jwks_path();
  options.issuer = Mint().issuer();
  options.audience = Mint().audience();
  return OrAbort(TokenVerifier::Create(std::move(options)));
}

}  // namespace

std::string InvoiceId(int invoice) {
  return absl::StrFormat("%08x-0000-4000-8000-%012x", invoice * 7919 + 1, invoice);
}

std::string InvoiceNumber(int invoice) { return absl::StrFormat("INV-%d", 1000 + invoice); }

int InvoiceOf(const std::string& org_id, int number) {
  const bool first = org_id == "northlight";
  if (first && number >= kFirstTenantBefore) return -1;
  if (!first && number < kSecondTenantFrom) return -1;
  const bool moved = !first && number >= kMovedFrom && number < kMovedBefore;
  return moved ? number + 1 : number;
}

// In main's order.
struct CommentsWorld::Parts {
  explicit Parts(const std::string& database_url)
      : tokens(VerifierOfMint()),
        database(OrAbort(Database::Open(database_url, CommentsMigrations()))),
        log(OrAbort(EventLog::Open(*database, false, CompleteEvents))),
        writer(*log, audit_log, pages),
        signer(OrAbort(CheckpointSigner::Open(""))),
        checkpoints(*database, *signer, log->id()),
        exports(*database, checkpoints),
        feed(
            *log, [this](const auto& events) { pages.OutdateFor(events); },
            [this](const Event& event) {
              if (!IsErasure(event.payload)) return false;
              exports.LetGoOf(event.org_id, event.subject);
              return true;
            }),
        writes(*database, {&pages, log.get(), &audit_log, &writer}, [](std::string_view) {}),
        invoices(*database, &directory),
        comments(*database, writes, writer, *log, invoices),
        imports(writes, writer, *log, invoices),
        changes(writes, writer, *log, invoices, kEditWindowDefault),
        settlements(writes, writer, *log, invoices),
        listing(*database, feed, invoices, pages),
        recent(*database, *log),
        thread_counts(*database, *log),
        revisions(*database, invoices),
        read_states(*database, writes, invoices),
        authors(*database),
        audit_listing(*database, invoices),
        verifier(*database, invoices),
        gate({}, *tokens, metrics),
        watch(gate, feed, invoices, watches),
        evidence(gate, exports, invoices),
        rpc(MakeCommentsRpc(gate, {comments, imports, changes, settlements, listing, recent,
                                   thread_counts, revisions, read_states, authors, audit_listing,
                                   verifier, checkpoints, watch, evidence})),
        server(OrAbort(RpcServer::Start({.address = "127.0.0.1:0"}, {rpc.get()}))),
        channel(ConnectTo(server->address())) {}

  std::unique_ptr<TokenVerifier> tokens;
  std::unique_ptr<Database> database;
  std::unique_ptr<EventLog> log;
  AuditLog audit_log;
  ThreadPages pages;
  CommentWriter writer;
  std::unique_ptr<CheckpointSigner> signer;
  Checkpoints checkpoints;
  EvidenceExports exports;
  EventFeed feed;
  GroupCommit writes;
  Directory directory;
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
  OpenWatches watches;
  Metrics metrics;
  Gate gate;
  WatchEventsRpc watch;
  EvidenceRpc evidence;
  std::unique_ptr<grpc::Service> rpc;
  std::unique_ptr<RpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
};

CommentsWorld::CommentsWorld(const std::string& database_url)
    : parts_(std::make_unique<Parts>(database_url)) {}

CommentsWorld::~CommentsWorld() {
  parts_->server->Drain([this] {
    parts_->feed.Close();
    parts_->verifier.Stop();
    parts_->exports.Stop();
  });
}

Comments& CommentsWorld::comments() { return parts_->comments; }
Imports& CommentsWorld::imports() { return parts_->imports; }
CommentListing& CommentsWorld::listing() { return parts_->listing; }
RecentListing& CommentsWorld::recent() { return parts_->recent; }
ReadStates& CommentsWorld::read_states() { return parts_->read_states; }
AuthorSearch& CommentsWorld::authors() { return parts_->authors; }
AuditListing& CommentsWorld::audit() { return parts_->audit_listing; }
AuditVerifier& CommentsWorld::verifier() { return parts_->verifier; }

Client CommentsWorld::As(const Caller& caller) const {
  return Client(parts_->channel, Mint().Mint({.org = caller.org_id,
                                              .sub = caller.user_id,
                                              .name = caller.display_name,
                                              .role = "admin"}));
}

}  // namespace marginalia
