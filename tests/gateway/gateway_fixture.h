// A whole gateway in front of scripted services, with real tokens. Every answer that it gives is
// checked against its own OpenAPI document. Used by one thread.
#ifndef MARGINALIA_TESTS_GATEWAY_GATEWAY_FIXTURE_H_
#define MARGINALIA_TESTS_GATEWAY_GATEWAY_FIXTURE_H_

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "deploy/keys/token_mint.h"
#include "gateway/gateway.h"
#include "services/identity/token_verifier.h"
#include "services/telemetry/metrics.h"
#include "tests/gateway/scripted_comments.h"
#include "tests/gateway/scripted_invoices.h"
#include "tests/support/http_client.h"
#include "tests/support/openapi_validator.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

inline constexpr char kOrg[] = "northlight";
inline constexpr char kInvoiceId[] = "5f9d2c1e-0000-4000-8000-000000001042";
inline constexpr char kInvoiceNumber[] = "INV-1042";
inline constexpr char kThread[] = "/api/invoices/5f9d2c1e-0000-4000-8000-000000001042/comments";
inline constexpr char kEvents[] = "/api/invoices/5f9d2c1e-0000-4000-8000-000000001042/events";

class GatewayFixture : public testing::Test {
 protected:
  GatewayFixture();
  ~GatewayFixture() override;

  // Starts the gateway anew with `options_`.
  void StartGateway();
  // Waits until the gateway follows the events.
  void AwaitReady();
  // Waits until it has heard of all that was posted: a stream that is opened then begins after it.
  void AwaitHeard();
  // Waits until so many event streams are open; false when it takes too long.
  bool AwaitStreams(int count);
  // Waits until the gateway is not ready, and returns the reason.
  std::string AwaitNotReady();

  HttpClient::Headers As(const std::string& user, const std::string& role = "member",
                         const std::string& org = kOrg) const;
  std::string TokenOf(const std::string& user, const std::string& role, const std::string& org,
                      absl::Duration lifetime = absl::Hours(1)) const;

  HttpAnswer Get(const std::string& target) { return Get(target, As("dana")); }
  HttpAnswer Get(const std::string& target, const HttpClient::Headers& headers);
  HttpAnswer Post(const std::string& target, const std::string& body) {
    return Post(target, body, As("dana"));
  }
  HttpAnswer Post(const std::string& target, const std::string& body,
                  const HttpClient::Headers& headers);
  // Fails the test when the document does not describe the answer.
  void Check(std::string_view method, const std::string& target, const HttpAnswer& answer);

  // Opens an event stream and fails the test unless it is let in.
  std::unique_ptr<HttpClient> Open(const HttpClient::Headers& headers,
                                   const std::string& target = kEvents);
  // A stream of dana's that has said where it begins.
  std::unique_ptr<HttpClient> OpenNow();
  // Opens the stream as one that takes it, and tells whether it may hear of the thread.
  bool IsLetIn(const HttpClient::Headers& headers);
  // dana, who goes on after an event.
  HttpClient::Headers Resuming(const std::string& after) const;
  // The token of the next event, whose body must be `body`.
  std::string Next(HttpClient& stream, const std::string& body);
  // The next event that is named, but for "stale" and "current", its data checked; fails the test
  // when the stream ends.
  ServerSentEvent NextNamed(HttpClient& stream);
  // The body of the next comment.
  std::string NextBody(HttpClient& stream);

  static boost::json::value Json(const HttpAnswer& answer);
  static std::string ReasonOfProblem(const HttpAnswer& answer);

  TempDir directory_;
  std::unique_ptr<TokenMint> mint_;
  std::unique_ptr<TokenVerifier> tokens_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<ScriptedComments> comments_;
  std::unique_ptr<ScriptedInvoices> invoices_;
  GatewayOptions options_;
  std::unique_ptr<Gateway> gateway_;
  std::optional<HttpClient> client_;
  std::optional<OpenApiValidator> document_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_GATEWAY_GATEWAY_FIXTURE_H_
