// Hears PostgreSQL's notifications on one channel, on a connection and a thread of its own. They
// come sooner than any polling but not for certain: a connection that was lost has missed some, and
// one that is cut off hears nothing. So whoever listens polls as well, only less often.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_NOTIFICATIONS_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_NOTIFICATIONS_H_

#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

class Notifications {
 public:
  // Called on the thread with the payload of the newest notification, once for all that have come
  // in; with an empty one after each connecting, because some may have been missed.
  using Notified = absl::AnyInvocable<void(std::string_view payload)>;

  // `channel` is an identifier of SQL.
  Notifications(ConnectionTarget target, std::string channel, Notified notified);
  // Waits for a call of `notified` that is under way.
  ~Notifications();
  Notifications(const Notifications&) = delete;
  Notifications& operator=(const Notifications&) = delete;

 private:
  void Work();
  // Until the connection is lost, which it throws, or the listening ends.
  void ListenOn(Connection& connection);
  // False when it ends; else after `timeout`, or when `socket`, unless it is -1, can be read.
  bool Wait(int socket, absl::Duration timeout) const;

  const ConnectionTarget target_;
  const std::string channel_;
  Notified notified_;
  const int end_;  // an eventfd, which can be read once the listening is to end
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_NOTIFICATIONS_H_
