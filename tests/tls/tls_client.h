// A blocking TLS connection to a server under test, to see what it says and how it ends. Used by
// one thread.
#ifndef MARGINALIA_TESTS_TLS_TLS_CLIENT_H_
#define MARGINALIA_TESTS_TLS_TLS_CLIENT_H_

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace marginalia {

struct TlsClientOptions {
  // PEM of the authorities that the server's certificate is checked against.
  std::string authorities;
  // Offers this version and no other, such as TLS1_2_VERSION; 0: whatever the library has.
  int only_version = 0;
};

class TlsClient {
 public:
  // Connects to 127.0.0.1:port and shakes hands.
  TlsClient(const std::string& address, const TlsClientOptions& options);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool connected() const { return connected_; }
  // Why it is not, in OpenSSL's words.
  const std::string& error() const { return error_; }
  // "TLSv1.3"
  std::string version() const;
  // The common name of whoever signed the server's certificate.
  std::string issuer() const;

  bool Send(std::string_view bytes);
  // Reads until `text` has come, and returns what has come up to and with it. Empty when it did
  // not come.
  std::string ReadUntil(std::string_view text);
  // An answer with a Content-Length: its head and its body.
  std::string ReadAnswer();
  // Everything that is left.
  std::string ReadToEnd();
  // Whether the server has said that nothing follows, so that nobody can have cut it off.
  bool ended_in_order() const { return ended_in_order_; }

 private:
  bool ReadMore();

  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> ssl_;
  int socket_ = -1;
  bool connected_ = false;
  bool ended_in_order_ = false;
  std::string error_;
  std::string received_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_TLS_TLS_CLIENT_H_
