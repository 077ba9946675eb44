// The gateway: verifies who is calling, translates HTTP to gRPC and fans the live events out.
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/flags/flag.h"
#include "gateway/gateway.h"
#include "services/identity/token_flags.h"
#include "services/identity/token_verifier.h"
#include "services/net/listener_flags.h"
#include "services/process/config.h"
#include "services/process/file_limit.h"
#include "services/process/log.h"
#include "services/process/or_exit.h"
#include "services/process/service_flags.h"
#include "services/process/shutdown.h"
#include "services/rpc/client/upstream_flags.h"
#include "services/rpc/gate/rate_flags.h"
#include "services/telemetry/metrics.h"
#include "services/telemetry/trace_export_rpc.h"
#include "services/telemetry/trace_flags.h"
#include "services/tokens/token_key_flag.h"

ABSL_FLAG(std::string, listen_address, "127.0.0.1:8080", "host:port to serve HTTP on.");
ABSL_FLAG(absl::Duration, idle_connection_max, marginalia::kIdleConnectionDefault,
          "How long a connection stays open without a request. Longer than the load "
          "balancer in front keeps it.");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:9153",
          "host:port to serve /metrics on; not for the public.");
ABSL_FLAG(std::string, comments_address, "127.0.0.1:50051",
          "host:port of comments-service; dns:///name:port or several ip:port with commas between "
          "for all its replicas.");
ABSL_FLAG(std::string, invoices_address, "127.0.0.1:50052",
          "host:port of invoice-service, written likewise.");
ABSL_FLAG(std::string, service_token_path, "",
          "file with this process's own token (role service), to follow the events with.");
ABSL_FLAG(std::string, demo_people_path, "",
          "file with the people of a demo, tokens included: lets everybody sign in as any of them. "
          "Never with real data.");

namespace marginalia {
namespace {

const FlagBounds kIdleConnection("idle_connection_max", absl::Seconds(1), absl::Hours(1));

GatewayOptions GatewayFromFlags() {
  GatewayOptions options;
  options.http.address = absl::GetFlag(FLAGS_listen_address);
  options.http.idle_max = absl::GetFlag(FLAGS_idle_connection_max);
  options.http.tls = ListenerIdentityFromFlags(options.http.address);
  options.upstream_tls = UpstreamTlsFromFlags();
  options.comments_address =
      CheckedUpstreamAddress("comments_address", absl::GetFlag(FLAGS_comments_address));
  options.invoices_address =
      CheckedUpstreamAddress("invoices_address", absl::GetFlag(FLAGS_invoices_address));
  options.service_token_path = absl::GetFlag(FLAGS_service_token_path);
  options.rates = RatesFromFlags();
  options.demo_people_path = absl::GetFlag(FLAGS_demo_people_path);
  return options;
}

int Run(int argc, char** argv) {
  Shutdown shutdown;
  NameProcess("gateway");
  ParseConfigOrExit(argc, argv, "Serves the HTTP/JSON API and the live event streams.");
  GatewayOptions options = GatewayFromFlags();
  SealTokensAsFlagged();
  const TraceOptions trace_options = TracesFromFlags();
  const auto tokens = OrExit(TokensFromFlags(), "--jwks_path");
  RaiseFileLimit();
  if (!options.demo_people_path.empty()) {
    Log(Severity::kWarning, "everybody can sign in as anybody of the demo",
        {{"demo_people_path", options.demo_people_path}});
  }

  Metrics metrics;
  const auto tracer = StartTracer(
      trace_options, [](const std::string& address) { return ConnectTo(address); }, "gateway",
      metrics);
  options.tracer = tracer.get();
  const auto gateway = OrExit(Gateway::Start(options, *tokens, metrics), "--listen_address");
  OrExit(metrics.Serve(absl::GetFlag(FLAGS_metrics_address)), "--metrics_address");
  Log(Severity::kInfo, "listening",
      {{"address", gateway->address()}, {"metrics_address", metrics.address()}});

  const int exit_code = shutdown.Wait();
  shutdown.EndWithin(absl::GetFlag(FLAGS_drain_grace));
  gateway->Drain(absl::GetFlag(FLAGS_drain_grace));
  Log(Severity::kInfo, "stopped");
  FlushLog();
  return shutdown.failed() ? EXIT_FAILURE : exit_code;
}

}  // namespace
}  // namespace marginalia

int main(int argc, char** argv) { return marginalia::Run(argc, argv); }
