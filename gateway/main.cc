// The gateway: verifies who is calling, translates HTTP to gRPC and fans the live events out.
#include <sys/resource.h>

#include <string>
#include <string_view>

#include "absl/flags/flag.h"
#include "gateway/gateway.h"
#include "services/identity/token_verifier.h"
#include "services/process/config.h"
#include "services/process/log.h"
#include "services/process/service_flags.h"
#include "services/process/shutdown.h"
#include "services/telemetry/metrics.h"

ABSL_FLAG(std::string, listen_address, "127.0.0.1:8080", "host:port to serve HTTP on");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:9153", "host:port to serve /metrics on");
ABSL_FLAG(std::string, comments_address, "127.0.0.1:50051", "host:port of comments-service");
ABSL_FLAG(std::string, invoices_address, "127.0.0.1:50052", "host:port of invoice-service");
ABSL_FLAG(std::string, service_token_path, "",
          "file with this process's own token (role service), to follow the events with");

namespace marginalia {
namespace {

// Each browser on a stream is a file descriptor; the soft limit is often 1,024.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Fail(const absl::Status& status) {
  const std::string message(status.message());
  Log(Severity::kError, "cannot start", {{"error", std::string_view(message)}});
  return 1;
}

int Run() {
  Shutdown shutdown;
  RaiseFileLimit();
  Metrics metrics;
  auto tokens =
      TokenVerifier::Create({.jwks_path = absl::GetFlag(FLAGS_jwks_path),
                             .issuer = absl::GetFlag(FLAGS_jwt_issuer),
                             .audience = absl::GetFlag(FLAGS_jwt_audience)});
  if (!tokens.ok()) return Fail(tokens.status());
  GatewayOptions options;
  options.http.address = absl::GetFlag(FLAGS_listen_address);
  options.comments_address = absl::GetFlag(FLAGS_comments_address);
  options.invoices_address = absl::GetFlag(FLAGS_invoices_address);
  options.service_token_path = absl::GetFlag(FLAGS_service_token_path);
  auto gateway = Gateway::Start(options, **tokens, metrics);
  if (!gateway.ok()) return Fail(gateway.status());
  if (auto served = metrics.Serve(absl::GetFlag(FLAGS_metrics_address)); !served.ok()) {
    return Fail(served);
  }
  const std::string metrics_address = metrics.address();
  Log(Severity::kInfo, "listening",
      {{"address", std::string_view((*gateway)->address())},
       {"metrics_address", std::string_view(metrics_address)}});
  shutdown.Wait();
  (*gateway)->Drain(absl::GetFlag(FLAGS_drain_grace));
  gateway->reset();
  Log(Severity::kInfo, "stopped");
  return shutdown.failed() ? 1 : 0;
}

}  // namespace
}  // namespace marginalia

int main(int argc, char** argv) {
  marginalia::NameProcess("gateway");
  marginalia::ParseConfigOrExit(argc, argv,
                                "Serves the HTTP/JSON API of Marginalia and its live event streams.");
  return marginalia::Run();
}
