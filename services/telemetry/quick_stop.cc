#include "services/telemetry/quick_stop.h"

#include <netdb.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>

namespace marginalia {
namespace {

constexpr std::chrono::milliseconds kKnockInterval{5};

std::string HostOf(const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return host;
}

// Connects and hangs up.
void Knock(const std::string& address) {
  const std::string port = address.substr(address.rfind(':') + 1);
  addrinfo* found = nullptr;
  if (getaddrinfo(HostOf(address).c_str(), port.c_str(), nullptr, &found) != 0) return;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> target(found, freeaddrinfo);
  const int knock = socket(target->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (knock < 0) return;
  [[maybe_unused]] const int result = connect(knock, target->ai_addr, target->ai_addrlen);
  close(knock);
}

}  // namespace

void StopQuickly(std::unique_ptr<prometheus::Exposer> exposer, const std::string& address) {
  const auto stopped = std::async(std::launch::async, [&exposer] { exposer.reset(); });
  while (stopped.wait_for(kKnockInterval) != std::future_status::ready) Knock(address);
}

}  // namespace marginalia
