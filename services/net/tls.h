// What the ends of a TLS connection prove themselves with and whom they believe, as PEM files that
// an operator gives and replaces. Plain values, free of gRPC; the functions are thread-safe.
#ifndef MARGINALIA_SERVICES_NET_TLS_H_
#define MARGINALIA_SERVICES_NET_TLS_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace marginalia {

inline constexpr std::size_t kPemBytesMax = 1024 * 1024;

// A certificate, with those that lead from it to its authority, and its private key. Both may stand
// in one file. Both paths are empty where there is none.
struct TlsIdentity {
  std::string certificate_path;
  std::string key_path;
  bool given() const { return !certificate_path.empty(); }
};

// Of a listener. Without an identity it speaks plain text.
struct ListenerTls {
  TlsIdentity identity;
  // Given: clients must present a certificate that one of these authorities has signed.
  std::string client_ca_path;
};

// Of a client. Without authorities it speaks plain text.
struct UpstreamTls {
  // The authorities of which one must have signed the server's certificate.
  std::string ca_path;
  // What the client presents itself; may be empty.
  TlsIdentity identity;
};

// The contents of the files of an identity.
struct TlsIdentityPem {
  std::string certificate_chain;
  std::string private_key;
};

// Fails, naming the file, when one cannot be read or holds something else, and when the key is not
// the certificate's.
absl::StatusOr<TlsIdentityPem> ReadTlsIdentity(const TlsIdentity& identity);

// Fails, naming the file, when it cannot be read or holds no certificate.
absl::Status CheckAuthorities(const std::string& ca_path);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_TLS_H_
