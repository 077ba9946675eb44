#include "tests/relay/relaying_service.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "services/rpc/client/channel.h"
#include "tests/comments_service/service_under_test.h"
#include "tests/support/http_client.h"

namespace marginalia {
namespace {

// The value of a string field in one line of the log.
std::string FieldOf(const std::string& line, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const std::size_t begin = line.find(key);
  if (begin == std::string::npos) return "";
  const std::size_t value = begin + key.size();
  return line.substr(value, line.find('"', value) - value);
}

}  // namespace

RelayingService::RelayingService(std::string database_url, std::string nats_url)
    : database_url_(std::move(database_url)),
      nats_url_(std::move(nats_url)),
      log_(directory_.File("log")) {}

void RelayingService::Start(const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = {COMMENTS_SERVICE_BINARY,
                                        "--listen_address=127.0.0.1:0",
                                        "--metrics_address=127.0.0.1:0",
                                        "--jwks_path=" + Mint().jwks_path(),
                                        "--database_url=" + database_url_,
                                        "--nats_url=" + nats_url_,
                                        "--drain_grace=1s"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  const std::size_t seen = log_.size();
  process_ = std::make_unique<ChildProcess>(std::move(arguments),
                                            ChildOptions{.stderr_path = log_.path()});
  const auto line = log_.WaitFor("\"message\":\"listening\"", seen);
  ASSERT_TRUE(line.has_value()) << testing::PrintToString(log_.lines());
  address_ = FieldOf(*line, "address");
  metrics_address_ = FieldOf(*line, "metrics_address");
}

void RelayingService::Kill() {
  process_->Signal(SIGKILL);
  process_->Wait();
}

int RelayingService::Stop() {
  process_->Signal(SIGTERM);
  return process_->Wait();
}

Client RelayingService::As(const std::string& org, const std::string& user) const {
  return Client(ConnectTo(address_),
                Mint().Mint({.org = org, .sub = user, .name = user, .role = "member"}));
}

Client RelayingService::AsService(const std::string& org) const {
  return Client(ConnectTo(address_),
                Mint().Mint({.org = org, .sub = "machine", .name = "Machine", .role = "service"}));
}

double RelayingService::Metric(const std::string& name) const {
  const std::string body = HttpClient(metrics_address_).Get("/metrics").body;
  const std::size_t at = body.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(body.substr(at + name.size() + 2));
}

std::size_t RelayingService::CountInLog(const std::string& text) const {
  const std::vector<std::string> lines = log_.lines();
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(),
      [&text](const std::string& line) { return line.find(text) != std::string::npos; }));
}

}  // namespace marginalia
