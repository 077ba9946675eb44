// What the connections of a TLS listener are encrypted with: the certificate and key of the flags,
// read again when the files change. Connections that are open then go on as they are. Used on the
// io thread once it is made.
#ifndef MARGINALIA_GATEWAY_HTTP_TLS_CONTEXT_H_
#define MARGINALIA_GATEWAY_HTTP_TLS_CONTEXT_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/net/tls.h"
#include "services/process/file_stamp.h"

namespace boost::asio::ssl {
class context;
}

namespace marginalia {

class TlsContext {
 public:
  // Fails, naming the file, when the identity will not do.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Create(TlsIdentity identity);
  ~TlsContext();

  // For a connection that begins now; the connection itself keeps of it what it needs.
  boost::asio::ssl::context& current() { return *context_; }

  // Looks at the files. What is wrong with new ones goes to the log, and the last good ones stay in
  // use.
  void ReadAgainIfChanged();

 private:
  explicit TlsContext(TlsIdentity identity);
  absl::Status Read();
  std::vector<FileStamp> Stamps() const;

  const TlsIdentity identity_;
  // Of the files as they were when they were last read.
  std::vector<FileStamp> stamps_;
  std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_TLS_CONTEXT_H_
