// Every certificate and every authority is replaced while the processes are under load, as an
// operator would do it: first all believe both authorities, then all get new certificates, then the
// old authority goes.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/rpc/client/channel.h"
#include "tests/support/await.h"
#include "tests/tls/secure_processes.h"

namespace marginalia {
namespace {

using comments::v1::CommentsService;

constexpr int kCallsMax = 100'000;

// Does one thing over and over, until it ends; a failure is kept.
class Load {
 public:
  // `call` returns what went wrong, or "".
  explicit Load(std::function<std::string()> call)
      : thread_([this, call = std::move(call)] {
          for (int i = 0; i < kCallsMax && !ended_; ++i) {
            if (const std::string failure = call(); !failure.empty()) Keep(failure);
            ++calls_;
          }
        }) {}
  ~Load() { End(); }

  int calls() const { return calls_; }
  void End() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::vector<std::string> failures() {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

 private:
  void Keep(const std::string& failure) {
    const std::lock_guard lock(mutex_);
    failures_.push_back(failure);
  }

  std::atomic<bool> ended_ = false;
  std::atomic<int> calls_ = 0;
  std::mutex mutex_;
  std::vector<std::string> failures_;
  std::thread thread_;
};

class RotationTest : public testing::Test {
 protected:
  std::string CallComments(CommentsService::Stub& stub) {
    comments::v1::AddCommentRequest request;
    request.set_invoice_id(invoice_);
    request.set_body("under load");
    comments::v1::AddCommentResponse response;
    grpc::ClientContext context;
    processes_.Prepare(context, "member");
    const grpc::Status status = stub.AddComment(&context, request, &response);
    return status.ok() ? "" : absl::StrCat("comments: ", status.error_message());
  }
  std::string CallInvoices(const UpstreamTls& tls) {
    const auto stub =
        invoices::v1::InvoicesService::NewStub(ConnectTo(processes_.invoices_address(), tls));
    invoices::v1::ListInvoiceSummariesResponse response;
    grpc::ClientContext context;
    processes_.Prepare(context, "viewer");
    const grpc::Status status = stub->ListInvoiceSummaries(&context, {}, &response);
    return status.ok() ? "" : absl::StrCat("invoices: ", status.error_message());
  }
  // Over a connection of its own.
  std::string CallComments(const UpstreamTls& tls) {
    return CallComments(*CommentsService::NewStub(ConnectTo(processes_.comments_address(), tls)));
  }
  std::string CallGateway(TlsClient& client) {
    if (!client.connected()) return absl::StrCat("gateway: ", client.error());
    const std::string answer =
        processes_.Get(client, absl::StrCat("/api/invoices/", invoice_, "/comments?limit=1"));
    return answer.find("HTTP/1.1 200") == 0 ? "" : absl::StrCat("gateway: ", answer);
  }

  // Until each load has begun and ended a call since: none still goes by what was before.
  void AwaitCalls() {
    std::vector<int> before;
    for (const auto& load : loads_) before.push_back(load->calls());
    EXPECT_TRUE(Await([&] {
      for (std::size_t i = 0; i < loads_.size(); ++i) {
        if (loads_[i]->calls() < before[i] + 2) return false;
      }
      return true;
    }));
  }

  // A client with a certificate of `authority` that believes everybody.
  UpstreamTls Stranger(const CertificateAuthority& authority) {
    const std::string path = directory_.File(authority.name());
    PutFile(path, authority.Certify("person").both());
    PutFile(path + ".ca", old_.certificate() + new_.certificate());
    return {.ca_path = path + ".ca", .identity = {path, path}};
  }
  bool BothServicesServe(const UpstreamTls& tls) {
    return CallComments(tls).empty() && CallInvoices(tls).empty();
  }
  bool NeitherServiceServes(const UpstreamTls& tls) {
    return !CallComments(tls).empty() && !CallInvoices(tls).empty();
  }
  bool AllPresentCertificatesOf(const CertificateAuthority& authority) {
    for (const std::string& address : {processes_.comments_address(), processes_.invoices_address(),
                                       processes_.gateway_address()}) {
      const TlsClient client(address, {old_.certificate() + new_.certificate()});
      if (client.issuer() != authority.name()) return false;
    }
    return true;
  }

  void StartLoads() {
    kept_stub_ =
        CommentsService::NewStub(ConnectTo(processes_.comments_address(), processes_.As("person")));
    kept_client_ = processes_.ConnectToGateway();
    for (const std::function<std::string()>& call : std::vector<std::function<std::string()>>{
             [this] { return CallComments(*kept_stub_); },
             [this] { return CallGateway(*kept_client_); },
             [this] { return CallComments(processes_.As("person")); },
             [this] { return CallInvoices(processes_.As("person")); },
             [this] { return CallGateway(*processes_.ConnectToGateway()); }}) {
      loads_.push_back(std::make_unique<Load>(call));
    }
  }

  TempDir directory_;
  const CertificateAuthority old_{"the old authority"};
  const CertificateAuthority new_{"the new authority"};
  SecureProcesses processes_{old_};
  const std::string invoice_ = processes_.NewInvoice("INV-1042");
  std::unique_ptr<CommentsService::Stub> kept_stub_;
  std::unique_ptr<TlsClient> kept_client_;
  std::vector<std::unique_ptr<Load>> loads_;
};

TEST_F(RotationTest, AllCertificatesAreReplacedUnderLoadWithoutAFailedCall) {
  const UpstreamTls with_old = Stranger(old_);
  const UpstreamTls with_new = Stranger(new_);
  ASSERT_EQ(CallComments(processes_.As("person")), "");
  EXPECT_TRUE(NeitherServiceServes(with_new));
  StartLoads();
  AwaitCalls();

  processes_.Replace(old_, {&old_, &new_});
  EXPECT_TRUE(Await([&] { return BothServicesServe(with_new); }));
  AwaitCalls();
  processes_.Replace(new_, {&old_, &new_});
  EXPECT_TRUE(Await([&] { return AllPresentCertificatesOf(new_); }));
  AwaitCalls();
  processes_.Replace(new_, {&new_});
  EXPECT_TRUE(Await([&] { return NeitherServiceServes(with_old); }));
  AwaitCalls();

  for (const auto& load : loads_) {
    load->End();
    EXPECT_EQ(load->failures(), std::vector<std::string>());
    EXPECT_LT(load->calls(), kCallsMax);
  }
  // The processes, too, find one another with nothing but what is new.
  processes_.CutTheWaysBetween();
  EXPECT_TRUE(Await([this] { return CallGateway(*kept_client_).empty(); }));
  const std::string thread = absl::StrCat("/api/invoices/", invoice_);
  std::string posted;
  EXPECT_TRUE(Await([&] {
    posted = processes_.Post(*kept_client_, thread + "/comments", R"({"body":"all is new"})");
    return posted.find("HTTP/1.1 201") == 0;
  })) << posted;
  constexpr std::string_view kToken = "\"consistencyToken\":\"";
  const std::string token = posted.substr(posted.find(kToken) + kToken.size());
  std::string summary;
  EXPECT_TRUE(Await([&] {
    summary = processes_.Get(
        *kept_client_, absl::StrCat(thread, "?consistency=", token.substr(0, token.find('"'))));
    return summary.find("HTTP/1.1 200") == 0;
  })) << summary;
}

}  // namespace
}  // namespace marginalia
