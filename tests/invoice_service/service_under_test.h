// invoice-service as its main puts it together, in this process and over loopback, following a
// scripted comments service. Destroying it and making another over the same database is a restart.
#ifndef MARGINALIA_TESTS_INVOICE_SERVICE_SERVICE_UNDER_TEST_H_
#define MARGINALIA_TESTS_INVOICE_SERVICE_SERVICE_UNDER_TEST_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "deploy/keys/token_mint.h"
#include "invoice-service/comment_counts.h"
#include "invoice-service/comment_events_rpc.h"
#include "invoice-service/freshness.h"
#include "invoice-service/invoice_reads.h"
#include "invoice-service/invoices.h"
#include "invoice-service/invoices_rpc.h"
#include "invoice-service/summary_cache.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "services/events/projection/position.h"
#include "services/events/projection/progress.h"
#include "services/events/projection/projector.h"
#include "services/identity/token_verifier.h"
#include "services/process/stopwatch.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/server/server.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"
#include "services/telemetry/metrics.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

class ServiceUnderTest {
 public:
  ServiceUnderTest(const std::string& database_url, const std::string& comments_address);

  // A bearer token for a person of a tenant, or for a machine of none.
  std::string Person(const std::string& org, const std::string& role = "member") const;
  std::string Machine() const;

  // Calls a method of the stub: Call(&Stub::GetInvoice, token, request).
  template <class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (invoices::v1::InvoicesService::Stub::*method)(
                                    grpc::ClientContext*, const Request&, Response*),
                                const std::string& token, const Request& request,
                                absl::Duration timeout = absl::Seconds(20));

  Database& database() { return *database_; }
  GroupCommit& writes() { return writes_; }
  ProjectionProgress& progress() { return progress_; }
  SummaryCache& cache() { return cache_; }
  std::shared_ptr<grpc::Channel> channel() { return channel_; }

 private:
  TempDir keys_;
  std::unique_ptr<TokenMint> mint_;
  std::unique_ptr<TokenVerifier> verifier_;
  std::unique_ptr<Database> database_;
  PositionLock position_lock_;
  GroupCommit writes_;
  ProjectionProgress progress_;
  Metrics metrics_;
  SummaryCache cache_;
  ServiceToken token_{""};
  CommentEvents comments_;
  CommentCounts counts_;
  Projector projector_;
  Freshness freshness_;
  Invoices invoices_;
  InvoiceReads reads_;
  Gate gate_;
  std::unique_ptr<grpc::Service> rpc_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<invoices::v1::InvoicesService::Stub> stub_;
};

template <class Request, class Response>
absl::StatusOr<Response> ServiceUnderTest::Call(
    grpc::Status (invoices::v1::InvoicesService::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
    const std::string& token, const Request& request, absl::Duration timeout) {
  grpc::ClientContext context;
  PrepareCall(context, token, "", SteadyTime::Now() + timeout);
  Response response;
  const grpc::Status status = ((*stub_).*method)(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_INVOICE_SERVICE_SERVICE_UNDER_TEST_H_
