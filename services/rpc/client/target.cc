#include "services/rpc/client/target.h"

#include <arpa/inet.h>

#include <charconv>
#include <string_view>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace marginalia {
namespace {

enum class HostKind { kName, kIpv4, kIpv6 };

absl::Status WillNotDo(absl::string_view part, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", part, "\" ", why,
                   ": write host:port, dns:///host:port, or several ip:port with commas between"));
}

bool IsPort(absl::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65535;
}

HostKind KindOf(const std::string& host) {
  in6_addr bytes{};
  if (inet_pton(AF_INET, host.c_str(), &bytes) == 1) return HostKind::kIpv4;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed && inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &bytes) == 1) {
    return HostKind::kIpv6;
  }
  return HostKind::kName;
}

absl::StatusOr<HostKind> CheckHostAndPort(absl::string_view part) {
  const std::size_t colon = part.rfind(':');
  if (colon == part.npos || colon == 0) return WillNotDo(part, "names no host and port");
  if (!IsPort(part.substr(colon + 1))) return WillNotDo(part, "has no port from 1 to 65535");
  const std::string host(part.substr(0, colon));
  if (host.find_first_of(" /") != host.npos) return WillNotDo(part, "has a host that is none");
  return KindOf(host);
}

// `list` holds several parts, which must all be of `kind`.
absl::Status CheckList(absl::string_view list, HostKind kind) {
  for (const absl::string_view part : absl::StrSplit(list, ',')) {
    const absl::StatusOr<HostKind> found = CheckHostAndPort(part);
    if (!found.ok()) return found.status();
    if (*found != kind) {
      return WillNotDo(part, kind == HostKind::kIpv4 ? "is no IPv4 address with a port"
                                                     : "is no [IPv6] address with a port");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ListTarget(absl::string_view list) {
  const absl::StatusOr<HostKind> first = CheckHostAndPort(list.substr(0, list.find(',')));
  if (!first.ok()) return first.status();
  const HostKind kind = *first == HostKind::kIpv6 ? HostKind::kIpv6 : HostKind::kIpv4;
  absl::Status checked = CheckList(list, kind);
  if (!checked.ok()) return checked;
  return absl::StrCat(kind == HostKind::kIpv4 ? "ipv4:" : "ipv6:", list);
}

}  // namespace

absl::StatusOr<std::string> TargetOf(const std::string& address) {
  absl::string_view rest = address;
  absl::Status checked;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (rest.empty()) checked = WillNotDo(address, "names no socket");
  } else if (absl::ConsumePrefix(&rest, "ipv4:")) {
    checked = CheckList(rest, HostKind::kIpv4);
  } else if (absl::ConsumePrefix(&rest, "ipv6:")) {
    checked = CheckList(rest, HostKind::kIpv6);
  } else if (absl::ConsumePrefix(&rest, "dns:")) {
    // dns://server/name asks a server of its own.
    checked = CheckHostAndPort(rest.substr(rest.rfind('/') == rest.npos ? 0 : rest.rfind('/') + 1))
                  .status();
  } else if (absl::StrContains(address, ',')) {
    return ListTarget(address);
  } else {
    checked = CheckHostAndPort(address).status();
  }
  if (!checked.ok()) return checked;
  return address;
}

}  // namespace marginalia
