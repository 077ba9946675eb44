#include "comments-service/relay/relay_flags.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/net/tls.h"
#include "services/process/config.h"
#include "services/process/or_exit.h"

ABSL_FLAG(std::string, nats_url, "",
          "Servers of a NATS broker with JetStream, nats://[user[:password]@]host[:port] or with "
          "tls://, separated by commas: every event is published there too. Empty: no broker.");
ABSL_FLAG(std::string, nats_stream, "marginalia",
          "The JetStream stream that events are published into; made when it is not there.");
ABSL_FLAG(std::string, nats_credentials_path, "",
          "File with the user's JWT and key for the broker (.creds); read at each connect.");
ABSL_FLAG(std::string, nats_ca_path, "",
          "PEM file with the authorities of the broker's certificate, which is then called over "
          "TLS; read at each connect. Empty: those of the system, for tls://.");

namespace marginalia {
namespace {

constexpr char kUrlRule[] =
    "must be nats://[user[:password]@]host[:port] or the same with tls://, up to 16 separated by "
    "commas";

// host, host:port or [address]:port.
bool IsHostAndPort(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  std::string_view host = text;
  if (colon != text.npos && (bracket == text.npos || colon > bracket)) {
    int port = 0;
    const std::string digits(text.substr(colon + 1));
    if (!absl::SimpleAtoi(digits, &port) || port < 1 || port > 65'535) return false;
    host = text.substr(0, colon);
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return !host.empty() && std::all_of(host.begin(), host.end(), [bracketed](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' ||
           (bracketed && (c == ':' || c == '[' || c == ']'));
  });
}

// The server without its user; nothing when it is none. Says no word of it, since that may hold a
// password.
std::optional<std::string> Describe(std::string_view server) {
  for (const std::string_view scheme : {"nats://", "tls://"}) {
    if (server.substr(0, scheme.size()) != scheme) continue;
    std::string_view rest = server.substr(scheme.size());
    const bool plain = std::none_of(rest.begin(), rest.end(),
                                    [](unsigned char c) { return c <= ' ' || c == 0x7f; });
    if (const std::size_t at = rest.rfind('@'); at != rest.npos) rest.remove_prefix(at + 1);
    if (!plain || !IsHostAndPort(rest)) return std::nullopt;
    return absl::StrCat(std::string(scheme), std::string(rest));
  }
  return std::nullopt;
}

bool IsStreamName(std::string_view name) {
  return !name.empty() && name.size() <= kStreamNameCharactersMax &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_';
         });
}

absl::Status CheckReadable(const std::string& path) {
  if (std::ifstream(path).peek() != std::ifstream::traits_type::eof()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read or is empty"));
}

void RefuseWithoutUrl() {
  if (!absl::GetFlag(FLAGS_nats_credentials_path).empty()) {
    ExitOnBadFlag("nats_credentials_path", "needs --nats_url");
  }
  if (!absl::GetFlag(FLAGS_nats_ca_path).empty()) {
    ExitOnBadFlag("nats_ca_path", "needs --nats_url");
  }
}

}  // namespace

std::optional<RelayStreamOptions> RelayFromFlags() {
  RelayStreamOptions options;
  options.stream = absl::GetFlag(FLAGS_nats_stream);
  if (!IsStreamName(options.stream)) {
    ExitOnBadFlag("nats_stream", "must be 1 to 64 letters, digits, - and _");
  }
  const std::string url = absl::GetFlag(FLAGS_nats_url);
  if (url.empty()) {
    RefuseWithoutUrl();
    return std::nullopt;
  }
  options.servers = absl::StrSplit(url, ',');
  if (options.servers.size() > kBrokerServersMax) ExitOnBadFlag("nats_url", kUrlRule);
  std::vector<std::string> descriptions;
  for (const std::string& server : options.servers) {
    const std::optional<std::string> description = Describe(server);
    if (!description.has_value()) ExitOnBadFlag("nats_url", kUrlRule);
    descriptions.push_back(*description);
  }
  options.description = absl::StrJoin(descriptions, ",");
  options.credentials_path = absl::GetFlag(FLAGS_nats_credentials_path);
  options.ca_path = absl::GetFlag(FLAGS_nats_ca_path);
  if (!options.credentials_path.empty()) {
    OrExit(CheckReadable(options.credentials_path), "--nats_credentials_path");
  }
  if (!options.ca_path.empty()) OrExit(CheckAuthorities(options.ca_path), "--nats_ca_path");
  return options;
}

}  // namespace marginalia
