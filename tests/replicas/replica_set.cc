#include "tests/replicas/replica_set.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "comments-service/record/checkpoint.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"

namespace marginalia {
namespace {

constexpr char kCommentsDatabase[] = "comments";
constexpr char kInvoicesDatabase[] = "invoices";

std::vector<std::unique_ptr<Replica>> MakeReplicas(const std::string& binary,
                                                   const std::string& name, std::size_t count,
                                                   const TempDir& directory) {
  std::vector<std::unique_ptr<Replica>> replicas;
  for (std::size_t i = 0; i < count; ++i) {
    replicas.push_back(std::make_unique<Replica>(absl::StrCat(name, "-", i), binary, directory));
  }
  return replicas;
}

constexpr int kLastWords = 20;

// All of them, for a client that balances its calls.
std::string AddressesOf(const std::vector<std::unique_ptr<Replica>>& replicas) {
  std::vector<std::string> addresses;
  for (const auto& replica : replicas) addresses.push_back(replica->address());
  return absl::StrJoin(addresses, ",");
}

bool IsReady(const Replica& gateway) {
  return HttpClient(gateway.address()).Get("/readyz").status == 200;
}

}  // namespace

Replica::Replica(std::string name, const std::string& binary, const TempDir& directory)
    : name_(std::move(name)), process_(binary, directory.File(name_ + ".log")) {}

void Replica::Start() {
  process_.Start(flags_);
  front_.LeadTo(process_.address());
}

void Replica::Kill() {
  process_.Kill();
  front_.Cut();
}

int Replica::Terminate() {
  process_.Signal(SIGTERM);
  return process_.Wait();
}

std::string Replica::LastWords() {
  std::vector<std::string> lines = process_.log().lines();
  lines.erase(lines.begin(), lines.size() > kLastWords ? lines.end() - kLastWords : lines.begin());
  return absl::StrCat(name_, ": ", absl::StrJoin(lines, "\n"));
}

ReplicaSet::ReplicaSet(ReplicaSetOptions options)
    : options_(std::move(options)),
      mint_(TokenMint::Open(directory_.File("keys")).value()),
      comments_(
          MakeReplicas(COMMENTS_SERVICE_BINARY, "comments", options_.comments_count, directory_)),
      invoices_(MakeReplicas(INVOICE_SERVICE_BINARY, "invoices", kInvoicesReplicas, directory_)),
      gateways_(MakeReplicas(GATEWAY_BINARY, "gateway", kGateways, directory_)) {
  std::ofstream(directory_.File("service.jwt"))
      << mint_->Mint({.sub = "marginalia", .role = "service"}, absl::Hours(24));
  const SigningKey signing = SigningKey::Make();
  checkpoint_key_ = signing.Verifier(kCheckpointKeyName).Text();
  std::ofstream(directory_.File("checkpoint.pem")) << signing.Pem();
  std::filesystem::permissions(directory_.File("checkpoint.pem"), std::filesystem::perms(0600));
  options_.node->NewDatabase(kCommentsDatabase);
  options_.node->NewDatabase(kInvoicesDatabase);
  for (Replica* replica : with_database()) LeadToDatabase(*replica);
  SetFlags();
  for (Replica* replica : all()) replica->Start();
  for (const auto& gateway : gateways_) {
    EXPECT_TRUE(Await([&gateway] { return IsReady(*gateway); }))
        << gateway->name() << " does not become ready";
  }
}

std::vector<Replica*> ReplicaSet::all() {
  std::vector<Replica*> all = with_database();
  for (const auto& gateway : gateways_) all.push_back(gateway.get());
  return all;
}

std::vector<Replica*> ReplicaSet::with_database() {
  std::vector<Replica*> replicas;
  for (const auto& replica : comments_) replicas.push_back(replica.get());
  for (const auto& replica : invoices_) replicas.push_back(replica.get());
  return replicas;
}

std::string ReplicaSet::DatabaseFlag(Replica& replica, const std::string& database) {
  std::string parameters = options_.database_parameters;
  if (parameters.empty()) {
    const std::string& link = replica.database_link().address();
    parameters = absl::StrCat("host=127.0.0.1&port=", link.substr(link.rfind(':') + 1));
  }
  return absl::StrCat("--database_url=postgresql://", kPostgresPlainRole, "@/", database, "?",
                      parameters);
}

void ReplicaSet::SetFlags() {
  const std::vector<std::string> common = {
      "--listen_address=127.0.0.1:0", "--metrics_address=127.0.0.1:0",
      "--jwks_path=" + mint_->jwks_path(),
      // A client that is idle reads the server's goodbye only every five seconds.
      "--drain_grace=2s"};
  const std::string service_token = "--service_token_path=" + directory_.File("service.jwt");
  const std::string comments_flag = "--comments_address=" + AddressesOf(comments_);
  const std::string invoices_flag = "--invoices_address=" + AddressesOf(invoices_);
  const auto set = [&common](std::vector<std::unique_ptr<Replica>>& replicas,
                             const std::vector<std::string>& more) {
    for (const auto& replica : replicas) {
      std::vector<std::string> flags = common;
      flags.insert(flags.end(), more.begin(), more.end());
      replica->set_flags(std::move(flags));
    }
  };
  set(comments_, {invoices_flag, "--checkpoint_key_path=" + directory_.File("checkpoint.pem")});
  set(invoices_, {comments_flag, service_token});
  set(gateways_, {comments_flag, invoices_flag, service_token});
  for (const auto& replica : comments_) replica->AddFlag(DatabaseFlag(*replica, kCommentsDatabase));
  for (const auto& replica : invoices_) replica->AddFlag(DatabaseFlag(*replica, kInvoicesDatabase));
}

std::string ReplicaSet::Token(const std::string& user, const std::string& role,
                              const std::string& org) const {
  // Longer than any run of a test.
  return mint_->Mint({.org = org, .sub = user, .name = user, .role = role}, absl::Hours(24));
}

}  // namespace marginalia
