#include "gateway/http/tls_context.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "services/process/log.h"

namespace marginalia {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

absl::StatusOr<std::unique_ptr<asio::ssl::context>> ContextOf(const TlsIdentityPem& pem) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  error_code error;
  context->use_certificate_chain(asio::buffer(pem.certificate_chain), error);
  if (!error) {
    context->use_private_key(asio::buffer(pem.private_key), asio::ssl::context::pem, error);
  }
  if (error) return absl::InvalidArgumentError(error.message());
  return context;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Create(TlsIdentity identity) {
  std::unique_ptr<TlsContext> made(new TlsContext(std::move(identity)));
  if (absl::Status status = made->Read(); !status.ok()) return status;
  return made;
}

TlsContext::TlsContext(TlsIdentity identity) : identity_(std::move(identity)) {}

TlsContext::~TlsContext() = default;

absl::Status TlsContext::Read() {
  // Before the files: should they change meanwhile, they are read once more.
  stamps_ = Stamps();
  auto pem = ReadTlsIdentity(identity_);
  if (!pem.ok()) return pem.status();
  auto context = ContextOf(*pem);
  if (!context.ok()) return context.status();
  context_ = *std::move(context);
  return absl::OkStatus();
}

void TlsContext::ReadAgainIfChanged() {
  if (Stamps() == stamps_) return;
  if (const absl::Status status = Read(); !status.ok()) {
    const std::string why(status.message());
    Log(Severity::kWarning, "the new certificate will not do; the last one stays in use",
        {{"error", std::string_view(why)}});
    return;
  }
  Log(Severity::kInfo, "the certificate was read again",
      {{"path", std::string_view(identity_.certificate_path)}});
}

std::vector<FileStamp> TlsContext::Stamps() const {
  return StampsOf({identity_.certificate_path, identity_.key_path});
}

}  // namespace marginalia
