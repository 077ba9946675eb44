#include "services/storage/connection/notifications.h"

#include <poll.h>
#include <soci/postgresql/soci-postgresql.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/process/log.h"
#include "services/storage/connection/native.h"
#include "services/storage/connection/storage_failure.h"

namespace marginalia {
namespace {

constexpr absl::Duration kReconnectPauseMin = absl::Milliseconds(100);
constexpr absl::Duration kReconnectPauseMax = absl::Seconds(5);
// The longest wait in one go; what is waited for wakes it earlier.
constexpr absl::Duration kWaitMax = absl::Minutes(1);

int NewEventfd() {
  const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return descriptor;
}

// The payload of the newest one that has come in, if any has.
std::optional<std::string> TakeNotifications(pg_conn* native) {
  if (PQconsumeInput(native) == 0) throw std::runtime_error("the connection was lost");
  std::optional<std::string> newest;
  while (true) {
    const std::unique_ptr<PGnotify, decltype(&PQfreemem)> notification(PQnotifies(native),
                                                                       PQfreemem);
    if (notification == nullptr) return newest;
    newest = notification->extra;
  }
}

}  // namespace

Notifications::Notifications(ConnectionTarget target, std::string channel, Notified notified)
    : target_(std::move(target)),
      channel_(std::move(channel)),
      notified_(std::move(notified)),
      end_(NewEventfd()),
      thread_([this] { Work(); }) {}

Notifications::~Notifications() {
  eventfd_write(end_, 1);
  thread_.join();
  close(end_);
}

void Notifications::Work() {
  absl::Duration pause = kReconnectPauseMin;
  do {
    try {
      Connection connection(target_, ConnectionRole::kReader);
      connection.RunAlone([this](soci::session& sql) { sql << absl::StrCat("LISTEN ", channel_); });
      pause = kReconnectPauseMin;
      return ListenOn(connection);
    } catch (const std::exception& error) {
      Log(Severity::kWarning, "not listening to the database: polling until it can be reached",
          {{"channel", std::string_view(channel_)}, {"error", WordsForLog(error)}});
    }
    pause = std::min(2 * pause, kReconnectPauseMax);
  } while (Wait(-1, pause));
}

void Notifications::ListenOn(Connection& connection) {
  pg_conn* const native = NativePostgres(connection.sql());
  // What was committed before it listened.
  notified_("");
  while (Wait(PQsocket(native), kWaitMax)) {
    if (const auto payload = TakeNotifications(native)) notified_(*payload);
  }
}

bool Notifications::Wait(int socket, absl::Duration timeout) const {
  std::array<pollfd, 2> waited = {pollfd{.fd = end_, .events = POLLIN, .revents = 0},
                                  pollfd{.fd = socket, .events = POLLIN, .revents = 0}};
  poll(waited.data(), waited.size(), static_cast<int>(absl::ToInt64Milliseconds(timeout)));
  return waited[0].revents == 0;
}

}  // namespace marginalia
