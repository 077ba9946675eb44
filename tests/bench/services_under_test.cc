#include "tests/bench/services_under_test.h"

#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/need.h"

namespace marginalia::bench {
namespace {

Service Start(std::vector<std::string> arguments, const std::filesystem::path& log) {
  Service service;
  service.process = std::make_unique<StartedProcess>(std::move(arguments), log);
  service.address = Need(service.process->Listening());
  return service;
}

// A file of its own each time: an older log would tell an older address.
std::filesystem::path LogPath(Bench& bench) { return bench.NewFolder("log") / "log"; }

std::vector<std::string> ServiceArguments(const Bench& bench, const std::string& target,
                                          const std::string& address) {
  return {bench.Program(target), "--listen_address=" + address, "--metrics_address=127.0.0.1:0",
          "--jwks_path=" + bench.mint().jwks_path()};
}

Service StartBare(Bench& bench, const std::string& target, const std::string& answer) {
  const std::filesystem::path folder = bench.NewFolder(target);
  std::ofstream(folder / "answer", std::ios::binary) << answer;
  return Start({bench.Program(target), folder / "answer"}, folder / "log");
}

}  // namespace

Service StartCommentsService(Bench& bench, const std::filesystem::path& folder,
                             const std::string& invoices_address,
                             const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = ServiceArguments(bench, "comments-service", "127.0.0.1:0");
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  arguments.push_back("--database_url=sqlite:" + (folder / "comments.db").string());
  arguments.push_back("--invoices_address=" + invoices_address);
  return Start(std::move(arguments), LogPath(bench));
}

Service StartCommentsReplica(Bench& bench, const std::string& database_url) {
  std::vector<std::string> arguments = ServiceArguments(bench, "comments-service", "127.0.0.1:0");
  arguments.push_back("--database_url=" + database_url);
  return Start(std::move(arguments), LogPath(bench));
}

Service StartInvoiceService(Bench& bench, const std::filesystem::path& folder,
                            const std::string& comments_address, const std::string& address) {
  std::vector<std::string> arguments = ServiceArguments(bench, "invoice-service", address);
  arguments.push_back("--database_url=sqlite:" + (folder / "invoices.db").string());
  arguments.push_back("--comments_address=" + comments_address);
  arguments.push_back("--service_token_path=" + bench.ServiceTokenPath());
  return Start(std::move(arguments), LogPath(bench));
}

Service StartGateway(Bench& bench, const std::string& comments_address,
                     const std::string& invoices_address) {
  std::vector<std::string> arguments = ServiceArguments(bench, "gateway", "127.0.0.1:0");
  arguments.push_back("--comments_address=" + comments_address);
  arguments.push_back("--invoices_address=" + invoices_address);
  arguments.push_back("--service_token_path=" + bench.ServiceTokenPath());
  return Start(std::move(arguments), LogPath(bench));
}

Service StartBareGrpcServer(Bench& bench, const std::string& answer) {
  return StartBare(bench, "bare_grpc_server", answer);
}

Service StartBareHttpServer(Bench& bench, const std::string& answer) {
  return StartBare(bench, "bare_http_server", answer);
}

BothServices StartBothServices(Bench& bench) {
  const std::filesystem::path folder = bench.NewFolder("services");
  // Each wants the other's address before the other runs.
  const std::string invoices_address = absl::StrCat("127.0.0.1:", FreePort());
  BothServices both;
  both.comments = StartCommentsService(bench, folder, invoices_address);
  both.invoices = StartInvoiceService(bench, folder, both.comments.address, invoices_address);
  return both;
}

std::unique_ptr<RpcClient> Client(const std::string& address, const std::string& bearer,
                                  int connections) {
  return Need(
      RpcClient::Connect({.address = address, .bearer = bearer, .connections = connections}));
}

}  // namespace marginalia::bench
