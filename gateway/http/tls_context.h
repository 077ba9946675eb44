// What the connections of a TLS listener are encrypted with: the certificate and key of the flags,
// read again when the files change, by a thread that does nothing else. Connections that are open
// then go on as they are. Used on the io thread once it is made.
#ifndef MARGINALIA_GATEWAY_HTTP_TLS_CONTEXT_H_
#define MARGINALIA_GATEWAY_HTTP_TLS_CONTEXT_H_

#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/net/tls.h"
#include "services/process/file_watch.h"

namespace boost::asio::ssl {
class context;
}

namespace marginalia {

class TlsContext {
 public:
  // Fails, naming the file, when the identity will not do. What is wrong with new files goes to the
  // log, and the last good ones stay in use.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Create(TlsIdentity identity);
  ~TlsContext();

  // For a connection that begins now; the connection itself keeps of it what it needs.
  boost::asio::ssl::context& current();

 private:
  explicit TlsContext(TlsIdentity identity);
  absl::StatusOr<std::unique_ptr<boost::asio::ssl::context>> Read() const;
  void ReadAgain();

  const TlsIdentity identity_;
  // Of the io thread.
  std::unique_ptr<boost::asio::ssl::context> context_;
  std::mutex mutex_;
  std::unique_ptr<boost::asio::ssl::context> next_;  // guarded by mutex_; null: none is newer
  std::optional<FileWatch> watch_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_TLS_CONTEXT_H_
