// Another tenant's ids and tokens over gRPC.
#include <string>
#include <utility>
#include <vector>

#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "tests/isolation/refusals_under_test.h"

namespace marginalia {
namespace {

namespace cv1 = comments::v1;
namespace iv1 = invoices::v1;

class GrpcRefusalsTest : public RefusalsUnderTest {
 protected:
  std::vector<Rpc> CommentsRpcsWithAnInvoice(const std::string& foreign);
  std::vector<Rpc> CommentsRpcsWithAToken();
  std::vector<Rpc> InvoicesRpcsWithAnInvoice(const std::string& foreign);
  std::vector<Rpc> InvoicesRpcsWithAToken();
};

INSTANTIATE_ON_EVERY_DATABASE(GrpcRefusalsTest);

// How a watch ended that should not have begun.
grpc::Status EndOf(cv1::CommentsService::Stub& stub, grpc::ClientContext& context,
                   const cv1::WatchEventsRequest& request) {
  const auto stream = stub.WatchEvents(&context, request);
  cv1::WatchEventsResponse message;
  if (stream->Read(&message)) context.TryCancel();
  return stream->Finish();
}

std::vector<Rpc> GrpcRefusalsTest::CommentsRpcsWithAnInvoice(const std::string& foreign) {
  auto& stub = processes_.comments_stub();
  const std::string made_up = MadeUp(foreign);
  return {{"ListComments", foreign, made_up,
           [&stub](auto& context, const auto& id) {
             cv1::ListCommentsRequest request;
             request.set_invoice_id(id);
             cv1::ListCommentsResponse response;
             return stub.ListComments(&context, request, &response);
           }},
          {"ExportEvidence", foreign, made_up,
           [&stub](auto& context, const auto& id) {
             cv1::ExportEvidenceRequest request;
             request.set_invoice_id(id);
             const auto stream = stub.ExportEvidence(&context, request);
             cv1::ExportEvidenceResponse piece;
             if (stream->Read(&piece)) context.TryCancel();
             return stream->Finish();
           }},
          {"AddComment", foreign, made_up,
           [&stub](auto& context, const auto& id) {
             cv1::AddCommentRequest request;
             request.set_invoice_id(id);
             request.set_body("Mine?");
             cv1::AddCommentResponse response;
             return stub.AddComment(&context, request, &response);
           }},
          {"GetComment", foreign, made_up,
           [this, &stub](auto& context, const auto& id) {
             cv1::GetCommentRequest request;
             request.set_invoice_id(id);
             request.set_comment_id(theirs_.comment_id);
             cv1::GetCommentResponse response;
             return stub.GetComment(&context, request, &response);
           }},
          {"ListAuditEntries", foreign, made_up,
           [&stub](auto& context, const auto& id) {
             cv1::ListAuditEntriesRequest request;
             request.set_invoice_id(id);
             cv1::ListAuditEntriesResponse response;
             return stub.ListAuditEntries(&context, request, &response);
           }},
          {"WatchEvents", foreign, made_up, [&stub](auto& context, const auto& id) {
             cv1::WatchEventsRequest request;
             request.set_from_beginning(true);
             request.set_invoice_id(id);
             return EndOf(stub, context, request);
           }}};
}

std::vector<Rpc> GrpcRefusalsTest::CommentsRpcsWithAToken() {
  auto& stub = processes_.comments_stub();
  return {{"ListComments", theirs_.thread_page_token, MadeUpToken(theirs_.thread_page_token),
           [this, &stub](auto& context, const auto& token) {
             cv1::ListCommentsRequest request;
             request.set_invoice_id(mine_.invoice_id);
             request.set_page_token(token);
             cv1::ListCommentsResponse response;
             return stub.ListComments(&context, request, &response);
           }},
          {"ListRecentComments", theirs_.recent_page_token, MadeUpToken(theirs_.recent_page_token),
           [&stub](auto& context, const auto& token) {
             cv1::ListRecentCommentsRequest request;
             request.set_page_token(token);
             cv1::ListRecentCommentsResponse response;
             return stub.ListRecentComments(&context, request, &response);
           }},
          {"ListAuditEntries", theirs_.audit_page_token, MadeUpToken(theirs_.audit_page_token),
           [&stub](auto& context, const auto& token) {
             cv1::ListAuditEntriesRequest request;
             request.set_page_token(token);
             cv1::ListAuditEntriesResponse response;
             return stub.ListAuditEntries(&context, request, &response);
           }},
          {"WatchEvents", theirs_.consistency_token, MadeUpToken(theirs_.consistency_token),
           [&stub](auto& context, const auto& token) {
             cv1::WatchEventsRequest request;
             request.set_after_token(token);
             return EndOf(stub, context, request);
           }}};
}

std::vector<Rpc> GrpcRefusalsTest::InvoicesRpcsWithAnInvoice(const std::string& foreign) {
  using Stub = iv1::InvoicesService::Stub;
  auto& stub = processes_.invoices_stub();
  const std::string made_up = MadeUp(foreign);
  // Of SendInvoice, PayInvoice and VoidInvoice, which are alike.
  const auto move = [&stub](auto method, auto request, auto response) {
    return [&stub, method, request, response](grpc::ClientContext& context,
                                              const std::string& id) mutable {
      request.set_invoice_id(id);
      request.set_etag("an etag");
      return (stub.*method)(&context, request, &response);
    };
  };
  return {{"GetInvoice", foreign, made_up,
           [&stub](auto& context, const auto& id) {
             iv1::GetInvoiceRequest request;
             request.set_invoice_id(id);
             iv1::GetInvoiceResponse response;
             return stub.GetInvoice(&context, request, &response);
           }},
          {"BatchGetInvoiceSummaries", foreign, made_up,
           [this, &stub](auto& context, const auto& id) {
             iv1::BatchGetInvoiceSummariesRequest request;
             request.add_invoice_ids(mine_.invoice_id);
             request.add_invoice_ids(id);
             iv1::BatchGetInvoiceSummariesResponse response;
             return stub.BatchGetInvoiceSummaries(&context, request, &response);
           }},
          {"UpdateInvoice", foreign, made_up,
           [&stub](auto& context, const auto& id) {
             iv1::UpdateInvoiceRequest request;
             request.mutable_invoice()->set_invoice_id(id);
             request.set_etag("an etag");
             iv1::UpdateInvoiceResponse response;
             return stub.UpdateInvoice(&context, request, &response);
           }},
          {"SendInvoice", foreign, made_up,
           move(&Stub::SendInvoice, iv1::SendInvoiceRequest(), iv1::SendInvoiceResponse())},
          {"PayInvoice", foreign, made_up,
           move(&Stub::PayInvoice, iv1::PayInvoiceRequest(), iv1::PayInvoiceResponse())},
          {"VoidInvoice", foreign, made_up,
           move(&Stub::VoidInvoice, iv1::VoidInvoiceRequest(), iv1::VoidInvoiceResponse())}};
}

std::vector<Rpc> GrpcRefusalsTest::InvoicesRpcsWithAToken() {
  auto& stub = processes_.invoices_stub();
  const std::string made_up = MadeUpToken(theirs_.consistency_token);
  return {{"GetInvoice", theirs_.consistency_token, made_up,
           [this, &stub](auto& context, const auto& token) {
             iv1::GetInvoiceRequest request;
             request.set_invoice_id(mine_.invoice_id);
             request.mutable_consistency()->set_at_least_as_fresh(token);
             iv1::GetInvoiceResponse response;
             return stub.GetInvoice(&context, request, &response);
           }},
          {"ListInvoiceSummaries at least as fresh", theirs_.consistency_token, made_up,
           [&stub](auto& context, const auto& token) {
             iv1::ListInvoiceSummariesRequest request;
             request.mutable_consistency()->set_at_least_as_fresh(token);
             iv1::ListInvoiceSummariesResponse response;
             return stub.ListInvoiceSummaries(&context, request, &response);
           }},
          {"ListInvoiceSummaries", theirs_.invoices_page_token,
           MadeUpToken(theirs_.invoices_page_token), [&stub](auto& context, const auto& token) {
             iv1::ListInvoiceSummariesRequest request;
             request.set_page_token(token);
             iv1::ListInvoiceSummariesResponse response;
             return stub.ListInvoiceSummaries(&context, request, &response);
           }}};
}

TEST_P(GrpcRefusalsTest, AnothersInvoiceIsOneThatDoesNotExist) {
  for (const std::string& invoice : {theirs_.invoice_id, theirs_.number}) {
    for (const Rpc& rpc : CommentsRpcsWithAnInvoice(invoice)) {
      ExpectAlike(rpc, Token(), grpc::StatusCode::NOT_FOUND);
    }
    for (const Rpc& rpc : InvoicesRpcsWithAnInvoice(invoice)) {
      ExpectAlike(rpc, Token(), grpc::StatusCode::NOT_FOUND);
    }
  }
}

TEST_P(GrpcRefusalsTest, AnothersCommentIsOneThatDoesNotExist) {
  const Rpc get = {"GetComment", theirs_.comment_id, MadeUp(theirs_.comment_id),
                   [this](auto& context, const auto& id) {
                     cv1::GetCommentRequest request;
                     request.set_invoice_id(mine_.invoice_id);
                     request.set_comment_id(id);
                     cv1::GetCommentResponse response;
                     return processes_.comments_stub().GetComment(&context, request, &response);
                   }};
  ExpectAlike(get, Token(), grpc::StatusCode::NOT_FOUND);
}

TEST_P(GrpcRefusalsTest, AnothersTokenIsNone) {
  for (const Rpc& rpc : CommentsRpcsWithAToken()) {
    ExpectAlike(rpc, Token(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  for (const Rpc& rpc : InvoicesRpcsWithAToken()) {
    ExpectAlike(rpc, Token(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_P(GrpcRefusalsTest, AMachineOfOneTenantFindsNoInvoiceOfAnother) {
  const Rpc import = {"ImportComments", theirs_.invoice_id, MadeUp(theirs_.invoice_id),
                      [this](auto& context, const auto& id) {
                        cv1::ImportCommentsRequest request;
                        request.set_invoice_id(id);
                        auto& comment = *request.add_comments();
                        comment.set_comment_id(theirs_.comment_id);
                        comment.mutable_author()->set_user_id("old");
                        comment.mutable_author()->set_display_name("Old Hand");
                        comment.set_body("Imported.");
                        comment.mutable_create_time()->set_seconds(1'600'000'000);
                        cv1::ImportCommentsResponse response;
                        return processes_.comments_stub().ImportComments(&context, request,
                                                                         &response);
                      }};
  ExpectAlike(import, Token("service"), grpc::StatusCode::NOT_FOUND);
}

TEST_P(GrpcRefusalsTest, AMachineOfOneTenantIsRefusedAnothersTokens) {
  for (const Rpc& rpc : CommentsRpcsWithAToken()) {
    if (rpc.name == "ListAuditEntries") continue;  // no machine may call it
    ExpectAlike(rpc, Token("service"), grpc::StatusCode::INVALID_ARGUMENT);
  }
  for (const Rpc& rpc : InvoicesRpcsWithAToken()) {
    ExpectAlike(rpc, Token("service"), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_P(GrpcRefusalsTest, AMachineOfOneTenantFollowsThatTenantAlone) {
  grpc::ClientContext context;
  processes_.Prepare(context, Token("service"));
  cv1::WatchEventsRequest request;
  request.set_from_beginning(true);
  const auto stream = processes_.comments_stub().WatchEvents(&context, request);
  cv1::WatchEventsResponse message;
  int seen = 0;
  // The other tenant's events are later ones: the last checkpoint stands behind them.
  ASSERT_TRUE(stream->Read(&message));
  for (bool ended = false; !ended; ended = message.events().empty()) {
    for (const cv1::Event& event : message.events()) {
      EXPECT_EQ(event.comment_added().comment().invoice_id(), mine_.invoice_id);
      ++seen;
    }
    ASSERT_TRUE(stream->Read(&message));
  }
  EXPECT_EQ(seen, 3);
  context.TryCancel();
  stream->Finish();
}

TEST_P(GrpcRefusalsTest, AMachineOfOneTenantCountsThatTenantsThreadsAlone) {
  const auto count = [this](const std::string& token, const std::string& page_token,
                            cv1::ListThreadCountsResponse& response) {
    grpc::ClientContext context;
    processes_.Prepare(context, token);
    cv1::ListThreadCountsRequest request;
    request.set_page_size(1);
    request.set_page_token(page_token);
    return processes_.comments_stub().ListThreadCounts(&context, request, &response);
  };
  cv1::ListThreadCountsResponse response;
  ASSERT_TRUE(count(Token("service"), "", response).ok());
  ASSERT_EQ(response.counts_size(), 1);
  EXPECT_EQ(response.counts(0).invoice_id(), mine_.invoice_id);
  EXPECT_EQ(response.next_page_token(), "");
  // The page of a machine that acts for all ends with the other tenant's thread.
  ASSERT_TRUE(count(processes_.Token("ops", "service", ""), "", response).ok());
  ASSERT_EQ(response.counts(0).invoice_id(), theirs_.invoice_id);
  EXPECT_EQ(count(Token("service"), response.next_page_token(), response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_P(GrpcRefusalsTest, TendingTheProjectionIsNoCustomersBusiness) {
  const auto reason_for = [this](const std::string& token, auto method, auto request,
                                 auto response) {
    grpc::ClientContext context;
    processes_.Prepare(context, token);
    return ReasonOf(FromGrpc((processes_.invoices_stub().*method)(&context, request, &response)));
  };
  using Stub = iv1::InvoicesService::Stub;
  for (const auto& [token, reason] :
       {std::pair(Token("admin"), "ROLE_TOO_LOW"), std::pair(Token("member"), "ROLE_TOO_LOW"),
        std::pair(Token("service"), "ALL_TENANTS_REQUIRED"),
        std::pair(processes_.Token("ops", "service", ""), "")}) {
    EXPECT_EQ(reason_for(token, &Stub::VerifyProjection, iv1::VerifyProjectionRequest(),
                         iv1::VerifyProjectionResponse()),
              reason);
    EXPECT_EQ(reason_for(token, &Stub::RebuildProjection, iv1::RebuildProjectionRequest(),
                         iv1::RebuildProjectionResponse()),
              reason);
  }
}

}  // namespace
}  // namespace marginalia
