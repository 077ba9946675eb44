#include "tests/tls/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace marginalia {
namespace {

constexpr timeval kAnswerMax{.tv_sec = 15};
// What gRPC insists on; an HTTP/1.1 server does not mind.
constexpr std::array<unsigned char, 12> kProtocols = {2,   'h', '2', 8,   'h', 't',
                                                      't', 'p', '/', '1', '.', '1'};

std::shared_ptr<SSL_CTX> ContextOf(const TlsClientOptions& options) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kProtocols.data(), kProtocols.size());
  if (options.only_version != 0) {
    SSL_CTX_set_min_proto_version(context.get(), options.only_version);
    SSL_CTX_set_max_proto_version(context.get(), options.only_version);
    // Else the library itself would not offer an old version.
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  }
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(
      BIO_new_mem_buf(options.authorities.data(), static_cast<int>(options.authorities.size())),
      BIO_free);
  while (X509* one = PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), one);
    X509_free(one);
  }
  ERR_clear_error();
  return context;
}

int ConnectedSocket(const std::string& address) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &kAnswerMax, sizeof(kAnswerMax));
  setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &kAnswerMax, sizeof(kAnswerMax));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  if (connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) return made;
  close(made);
  return -1;
}

}  // namespace

TlsClient::TlsClient(const std::string& address, const TlsClientOptions& options)
    : context_(ContextOf(options)), ssl_(SSL_new(context_.get()), SSL_free) {
  socket_ = ConnectedSocket(address);
  SSL_set_fd(ssl_.get(), socket_);
  connected_ = socket_ >= 0 && SSL_connect(ssl_.get()) == 1;
  if (connected_) return;
  const char* reason = ERR_reason_error_string(ERR_get_error());
  error_ = reason == nullptr ? "the connection ended" : reason;
  ERR_clear_error();
}

TlsClient::~TlsClient() {
  if (socket_ >= 0) close(socket_);
}

std::string TlsClient::version() const { return SSL_get_version(ssl_.get()); }

std::string TlsClient::issuer() const {
  const X509* peer = SSL_get0_peer_certificate(ssl_.get());
  if (peer == nullptr) return "";
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_issuer_name(peer), NID_commonName, name.data(), name.size());
  return name.data();
}

bool TlsClient::Send(std::string_view bytes) {
  if (!connected_) return false;
  const int sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  ERR_clear_error();
  return sent == static_cast<int>(bytes.size());
}

bool TlsClient::ReadMore() {
  if (!connected_) return false;
  std::array<char, 16 * 1024> bytes;
  const int count = SSL_read(ssl_.get(), bytes.data(), bytes.size());
  if (count > 0) {
    received_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
  }
  const int error = SSL_get_error(ssl_.get(), count);
  // A process that was stopped and goes on is told so (signal(7)).
  if (error == SSL_ERROR_WANT_READ && errno == EINTR) return ReadMore();
  ended_in_order_ = error == SSL_ERROR_ZERO_RETURN;
  ERR_clear_error();
  return false;
}

std::string TlsClient::ReadUntil(std::string_view text) {
  while (received_.find(text) == std::string::npos) {
    if (!ReadMore()) return "";
  }
  const std::size_t end = received_.find(text) + text.size();
  std::string read = received_.substr(0, end);
  received_.erase(0, end);
  return read;
}

std::string TlsClient::ReadAnswer() {
  constexpr std::string_view kLength = "Content-Length: ";
  const std::string head = ReadUntil("\r\n\r\n");
  const std::size_t length = head.find(kLength);
  if (length == std::string::npos) return head;
  const std::size_t bytes = std::stoul(head.substr(length + kLength.size()));
  while (received_.size() < bytes) {
    if (!ReadMore()) return "";
  }
  const std::string body = received_.substr(0, bytes);
  received_.erase(0, bytes);
  return head + body;
}

std::string TlsClient::ReadToEnd() {
  while (ReadMore()) {
  }
  return std::move(received_);
}

}  // namespace marginalia
