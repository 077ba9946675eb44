#include "tests/tls/secure_processes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

constexpr const char* kNames[] = {"comments-service", "invoice-service", "gateway", "person"};

}  // namespace

SecureProcesses::SecureProcesses(const CertificateAuthority& authority)
    : mint_(TokenMint::Open(directory_.File("keys")).value()),
      comments_(COMMENTS_SERVICE_BINARY, directory_.File("comments.log")),
      invoices_(INVOICE_SERVICE_BINARY, directory_.File("invoices.log")),
      gateway_(GATEWAY_BINARY, directory_.File("gateway.log")) {
  PutFile(directory_.File("service.jwt"), mint_->Mint({.sub = "marginalia", .role = "service"}));
  Replace(authority, {&authority});
  const std::string service_token = "--service_token_path=" + directory_.File("service.jwt");
  const std::string known = "--service_client_names=gateway,invoice-service";
  auto flags = FlagsOf("comments-service");
  flags.insert(flags.end(), {known, "--database_url=sqlite:" + directory_.File("comments.db"),
                             "--invoices_address=" + invoices_front_.address()});
  comments_.Start(flags);
  comments_front_.LeadTo(comments_.address());
  flags = FlagsOf("invoice-service");
  flags.insert(flags.end(), {known, "--database_url=sqlite:" + directory_.File("invoices.db"),
                             "--comments_address=" + comments_front_.address(), service_token});
  invoices_.Start(flags);
  invoices_front_.LeadTo(invoices_.address());
  flags = FlagsOf("gateway");
  // Only a service asks its clients for certificates.
  std::erase_if(flags, [](const std::string& flag) { return flag.find("client_ca") != flag.npos; });
  flags.insert(flags.end(), {"--comments_address=" + comments_front_.address(),
                             "--invoices_address=" + invoices_front_.address(), service_token});
  gateway_.Start(flags);
  EXPECT_TRUE(Await([this] {
    const auto client = ConnectToGateway();
    return Get(*client, "/readyz").find("HTTP/1.1 200") == 0;
  }));
}

void SecureProcesses::Replace(const CertificateAuthority& identities,
                              const std::vector<const CertificateAuthority*>& believed) {
  namespace fs = std::filesystem;
  const fs::path fresh = directory_.File(absl::StrCat("certificates-", ++replacements_));
  fs::create_directory(fresh);
  std::string authorities;
  for (const CertificateAuthority* one : believed) authorities += one->certificate();
  PutFile(fresh / "authorities.pem", authorities);
  for (const char* name : kNames) {
    PutFile(fresh / absl::StrCat(name, ".pem"), identities.Certify(name).both());
  }
  // gRPC knows a file that changes while it reads by the second of its time.
  for (const auto& file : fs::directory_iterator(fresh)) {
    fs::last_write_time(file,
                        fs::file_time_type::clock::now() - std::chrono::hours(1) / replacements_);
  }
  fs::create_directory_symlink(fresh, directory_.File("next"));
  fs::rename(directory_.File("next"), directory_.File("certificates"));
}

std::string SecureProcesses::File(const std::string& name) const {
  return directory_.path() / "certificates" / (name + ".pem");
}

std::vector<std::string> SecureProcesses::FlagsOf(const std::string& name) const {
  return {"--listen_address=127.0.0.1:0",
          "--metrics_address=127.0.0.1:0",
          "--drain_grace=2s",
          "--jwks_path=" + mint_->jwks_path(),
          "--tls_certificate_path=" + File(name),
          "--tls_key_path=" + File(name),
          "--tls_client_ca_path=" + File("authorities"),
          "--upstream_ca_path=" + File("authorities"),
          "--upstream_certificate_path=" + File(name),
          "--upstream_key_path=" + File(name)};
}

UpstreamTls SecureProcesses::As(const std::string& name) const {
  return {.ca_path = File("authorities"), .identity = {File(name), File(name)}};
}

std::string SecureProcesses::Authorities() const {
  std::ifstream file(File("authorities"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void SecureProcesses::CutTheWaysBetween() {
  comments_front_.Cut();
  invoices_front_.Cut();
  comments_front_.LeadTo(comments_.address());
  invoices_front_.LeadTo(invoices_.address());
}

std::string SecureProcesses::Token(const std::string& role) const {
  return mint_->Mint(
      {.org = role == "service" ? "" : "northlight", .sub = "dana", .name = "Dana", .role = role});
}

void SecureProcesses::Prepare(grpc::ClientContext& context, const std::string& role) const {
  PrepareCall(context, Token(role), "", SteadyTime::Now() + absl::Seconds(20));
}

std::string SecureProcesses::NewInvoice(const std::string& number) const {
  const auto stub =
      invoices::v1::InvoicesService::NewStub(ConnectTo(invoices_address(), As("person")));
  invoices::v1::CreateInvoiceRequest request;
  auto& invoice = *request.mutable_invoice();
  invoice.set_number(number);
  invoice.mutable_customer()->set_name("Acme Corp");
  invoice.set_due_date("2026-06-30");
  invoice.set_currency("USD");
  auto& line = *invoice.add_line_items();
  line.set_description("Design review");
  line.set_amount(480000);
  invoices::v1::CreateInvoiceResponse response;
  grpc::ClientContext context;
  Prepare(context, "member");
  const grpc::Status status = stub->CreateInvoice(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.invoice().invoice_id();
}

std::string SecureProcesses::Get(TlsClient& client, const std::string& target) const {
  client.Send(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ",
                           Token("member"), "\r\n\r\n"));
  return client.ReadAnswer();
}

std::string SecureProcesses::Post(TlsClient& client, const std::string& target,
                                  const std::string& json) const {
  client.Send(absl::StrCat(
      "POST ", target, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ", Token("member"),
      "\r\nContent-Type: application/json\r\n", "Content-Length: ", json.size(), "\r\n\r\n", json));
  return client.ReadAnswer();
}

std::unique_ptr<TlsClient> SecureProcesses::ConnectToGateway() const {
  return std::make_unique<TlsClient>(gateway_address(), TlsClientOptions{Authorities()});
}

}  // namespace marginalia
