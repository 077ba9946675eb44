// All three processes with TLS between them and client certificates asked for.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"
#include "tests/tls/secure_processes.h"

namespace marginalia {
namespace {

using comments::v1::CommentsService;
using grpc::StatusCode;

class MtlsTest : public testing::Test {
 protected:
  grpc::Status ListCounts(const std::string& role, const UpstreamTls& tls) {
    const auto stub = CommentsService::NewStub(ConnectTo(processes_.comments_address(), tls));
    grpc::ClientContext context;
    processes_.Prepare(context, role);
    comments::v1::ListThreadCountsResponse response;
    return stub->ListThreadCounts(&context, {}, &response);
  }
  grpc::Status ListComments(const UpstreamTls& tls) {
    const auto stub = CommentsService::NewStub(ConnectTo(processes_.comments_address(), tls));
    grpc::ClientContext context;
    processes_.Prepare(context, "viewer");
    comments::v1::ListCommentsRequest request;
    request.set_invoice_id(invoice_);
    comments::v1::ListCommentsResponse response;
    return stub->ListComments(&context, request, &response);
  }
  grpc::Status ListInvoices(const UpstreamTls& tls) {
    const auto stub =
        invoices::v1::InvoicesService::NewStub(ConnectTo(processes_.invoices_address(), tls));
    grpc::ClientContext context;
    processes_.Prepare(context, "viewer");
    invoices::v1::ListInvoiceSummariesResponse response;
    return stub->ListInvoiceSummaries(&context, {}, &response);
  }

  const CertificateAuthority authority_{"our authority"};
  SecureProcesses processes_{authority_};
  const std::string invoice_ = processes_.NewInvoice("INV-1042");
};

// The gateway asks comments-service, which asks invoice-service whether the invoice is there; the
// gateway and invoice-service follow the events.
TEST_F(MtlsTest, ACommentPostedOverHttpsIsListedCountedAndStreamed) {
  const std::string thread = absl::StrCat("/api/invoices/", invoice_);
  const auto client = processes_.ConnectToGateway();
  const auto stream = processes_.ConnectToGateway();
  stream->Send(absl::StrCat("GET ", thread, "/events HTTP/1.1\r\nHost: localhost\r\n",
                            "Authorization: Bearer ", processes_.Token("viewer"), "\r\n\r\n"));
  EXPECT_NE(stream->ReadUntil("event: checkpoint"), "");
  const std::string posted =
      processes_.Post(*client, thread + "/comments", R"({"body":"over TLS"})");
  ASSERT_EQ(posted.substr(0, 12), "HTTP/1.1 201") << posted;
  EXPECT_NE(stream->ReadUntil("over TLS"), "");
  EXPECT_NE(processes_.Get(*client, thread + "/comments").find("over TLS"), std::string::npos);
  constexpr std::string_view kToken = "\"consistencyToken\":\"";
  const std::string token = posted.substr(posted.find(kToken) + kToken.size());
  const std::string summary = processes_.Get(
      *client, absl::StrCat(thread, "?consistency=", token.substr(0, token.find('"'))));
  EXPECT_NE(summary.find("\"commentCount\":1"), std::string::npos) << summary;
}

TEST_F(MtlsTest, APersonsTokenIsGoodOverTheGatewaysCertificateAndOverTheirOwn) {
  for (const char* name : {"gateway", "person"}) {
    EXPECT_TRUE(ListComments(processes_.As(name)).ok()) << name;
    EXPECT_TRUE(ListInvoices(processes_.As(name)).ok()) << name;
  }
}

TEST_F(MtlsTest, AServicesTokenIsGoodOverTheCertificateOfAServiceOnly) {
  EXPECT_TRUE(ListCounts("service", processes_.As("invoice-service")).ok());
  const grpc::Status stolen = ListCounts("service", processes_.As("person"));
  EXPECT_EQ(stolen.error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ReasonOf(FromGrpc(stolen)), "CLIENT_NOT_ALLOWED");
}

TEST_F(MtlsTest, NobodyIsServedInPlainTextOrWithoutACertificate) {
  UpstreamTls anonymous = processes_.As("person");
  anonymous.identity = {};
  for (const UpstreamTls& tls : {UpstreamTls(), anonymous}) {
    EXPECT_EQ(ListComments(tls).error_code(), StatusCode::UNAVAILABLE);
    EXPECT_EQ(ListInvoices(tls).error_code(), StatusCode::UNAVAILABLE);
  }
}

}  // namespace
}  // namespace marginalia
