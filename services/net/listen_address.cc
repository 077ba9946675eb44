#include "services/net/listen_address.h"

#include <charconv>
#include <string_view>
#include <system_error>

namespace marginalia {
namespace {

bool HasPort(const std::string& address) {
  const std::string_view port = std::string_view(address).substr(address.rfind(':') + 1);
  int number = -1;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return address.find(':') != address.npos && error == std::errc() &&
         end == port.data() + port.size() && number >= 0 && number <= 65535;
}

}  // namespace

absl::Status CheckListenAddress(const std::string& address) {
  if (HasPort(address)) return absl::OkStatus();
  return absl::InvalidArgumentError("cannot listen on " + address +
                                    ": write it host:port, with a port from 0 to 65535");
}

absl::Status CannotListen(const std::string& address) {
  return absl::UnavailableError("cannot listen on " + address +
                                ": is the port taken, or the host not one of this machine's?");
}

std::string BoundAddress(const std::string& address, int port) {
  return address.substr(0, address.rfind(':') + 1) + std::to_string(port);
}

}  // namespace marginalia
