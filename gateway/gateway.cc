#include "gateway/gateway.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "gateway/api/answered_point.h"
#include "gateway/http/gate/ended_sessions.h"
#include "gateway/http/gate/http_gate.h"
#include "gateway/http/gate/router.h"
#include "gateway/http/io_thread.h"
#include "gateway/live/known_pages.h"
#include "gateway/live/thread_versions.h"
#include "gateway/pages/frame/error_pages.h"
#include "gateway/routes.h"
#include "gateway/upstream/upstream.h"
#include "services/identity/verification_queue.h"
#include "services/rpc/client/channel.h"

namespace marginalia {

struct Gateway::Parts {
  explicit Parts(const GatewayOptions& options)
      : service_token(options.service_token_path),
        upstream(
            ConnectTo(options.comments_address, options.upstream_tls),
            ConnectTo(options.invoices_address, options.upstream_tls),
            [this](const ApiCall& call, const std::string& asked_id, const std::string& invoice_id,
                   const std::string& token) {
              if (const auto point = AnsweredPoint(call, token)) {
                versions.Changed(*point, call.caller().org_id, asked_id, invoice_id);
              }
            },
            options.tracer),
        sse_clients_max(options.sse_clients_max),
        places(options.sse_clients_max, options.sse_clients_per_user_max),
        evidence(io, upstream),
        invoice_page(upstream),
        record_page(io, upstream),
        error_pages(!options.demo_people_path.empty()) {}

  // What the metrics ask, from their own thread, and may still ask when the gateway is gone.
  struct Gauges {
    std::mutex mutex;
    const Parts* parts = nullptr;

    template <typename Value>
    double Ask(Value value) {
      const std::lock_guard lock(mutex);
      return parts == nullptr ? 0 : static_cast<double>(value(*parts));
    }
  };

  void AddGauges(Metrics& metrics) {
    gauges->parts = this;
    service_token.AddMetrics(metrics);
    metrics.AddGauge("marginalia_http_connections", "Open connections.", {}, [gauges = gauges] {
      return gauges->Ask([](const Parts& parts) { return parts.server->connections(); });
    });
    metrics.AddGauge("marginalia_sse_clients_max", "Event streams beyond so many are refused.", {},
                     [most = sse_clients_max] { return static_cast<double>(most); });
    metrics.AddGauge("marginalia_sse_clients", "Open event streams.", {}, [gauges = gauges] {
      return gauges->Ask([](const Parts& parts) { return parts.places.taken(); });
    });
    metrics.AddGauge(
        "marginalia_known_pages_bytes", "What pages of threads take in memory.", {},
        [gauges = gauges] {
          return gauges->Ask([](const Parts& parts) { return parts.known_pages.bytes(); });
        });
    metrics.AddCounter(
        "marginalia_known_pages_found_total", "Pages of threads that were answered from memory.",
        {}, [gauges = gauges] {
          return gauges->Ask([](const Parts& parts) { return parts.known_pages.found(); });
        });
    metrics.AddGauge(
        "marginalia_event_subscription_lag_seconds",
        "How far behind the event log the gateway may be; +Inf while it does not follow it.", {},
        [gauges = gauges] {
          return gauges->Ask(
              [](const Parts& parts) { return absl::ToDoubleSeconds(parts.events->lag()); });
        });
  }

  // In the order in which they are made; ended in the reverse one, by ~Gateway.
  IoThread io;
  ServiceToken service_token;
  ThreadVersions versions;
  Upstream upstream;
  KnownPages known_pages;
  const std::size_t sse_clients_max;
  StreamPlaces places;
  EndedSessions ended_sessions;
  std::unique_ptr<EventStream> events;
  EvidenceApi evidence;
  InvoicePage invoice_page;
  RecordPage record_page;
  ErrorPages error_pages;
  std::unique_ptr<Apis> apis;
  std::unique_ptr<Pages> pages;
  std::unique_ptr<HttpGate> gate;
  std::unique_ptr<VerificationQueue> verifications;
  std::unique_ptr<HttpServer> server;
  const std::shared_ptr<Gauges> gauges = std::make_shared<Gauges>();
};

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(GatewayOptions options,
                                                        TokenVerifier& tokens, Metrics& metrics) {
  std::unique_ptr<Gateway> gateway(new Gateway(std::make_unique<Parts>(options)));
  Parts& parts = *gateway->parts_;
  parts.io.Run([&] {
    parts.events =
        std::make_unique<EventStream>(options.events, parts.io, parts.upstream, parts.service_token,
                                      parts.versions, parts.known_pages);
  });
  parts.apis = std::make_unique<Apis>(Apis{
      CommentsApi(parts.upstream, parts.versions, parts.known_pages, *parts.events),
      ThreadApi(parts.upstream), InvoicesApi(parts.upstream),
      EventsApi(*parts.events, parts.places), ActivityApi(parts.upstream), AuditApi(parts.upstream),
      parts.evidence, ReadersApi(parts.upstream), HealthApi(*parts.events)});
  parts.pages = std::make_unique<Pages>(
      Pages{InvoiceListPage(parts.upstream), parts.invoice_page,
            CommentForm(parts.upstream, parts.invoice_page), ChangeForm(parts.upstream),
            HistoryPage(parts.upstream), SettleForm(parts.upstream, parts.invoice_page),
            parts.record_page,
            SignIn(options.demo_people_path, tokens,
                   [&parts](std::string_view session, absl::Time expires, absl::Time now) {
                     const std::string key = SessionKeyOf(session);
                     parts.ended_sessions.Add(key, expires, now);
                     parts.events->EndSession(key);
                   }),
            AssetFiles()});
  auto router = Router::Create(Routes(*parts.apis, *parts.pages));
  if (!router.ok()) return router.status();
  parts.verifications = std::make_unique<VerificationQueue>(tokens);
  parts.gate = std::make_unique<HttpGate>(
      *std::move(router), parts.error_pages, options.rates, parts.io, tokens, *parts.verifications,
      parts.ended_sessions, options.answers, metrics, options.tracer);
  auto server = HttpServer::Start(options.http, parts.io, *parts.gate);
  if (!server.ok()) return server.status();
  parts.server = *std::move(server);
  parts.AddGauges(metrics);
  return gateway;
}

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Gateway::~Gateway() {
  {
    const std::lock_guard lock(parts_->gauges->mutex);
    parts_->gauges->parts = nullptr;
  }
  parts_->io.Run([this] { parts_->events->Close(); });
  parts_->server.reset();
  // What it has posted runs before the rest is gone.
  parts_->verifications.reset();
  parts_->upstream.Close();
  parts_->io.Run([this] { parts_->events.reset(); });
}

const std::string& Gateway::address() const { return parts_->server->address(); }

void Gateway::Drain(absl::Duration grace) {
  parts_->io.Run([this] {
    parts_->apis->health.StartDraining();
    parts_->events->EndAll();
  });
  parts_->server->Drain(grace);
}

}  // namespace marginalia
