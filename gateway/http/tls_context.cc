#include "gateway/http/tls_context.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  const std::vector<std::string> paths = {made->identity_.certificate_path,
                                          made->identity_.key_path};
  // Before the files: should they change meanwhile, they are read once more.
  std::vector<FileStamp> stamps = StampsOf(paths);
  auto context = made->Read();
  if (!context.ok()) return context.status();
  made->context_ = *std::move(context);
  made->watch_.emplace(paths, std::move(stamps), [made = made.get()] {
    made->ReadAgain();
    // What is wrong with a file is said once.
    return true;
  });
  return made;
}

TlsContext::TlsContext(TlsIdentity identity) : identity_(std::move(identity)) {}

TlsContext::~TlsContext() = default;

asio::ssl::context& TlsContext::current() {
  const std::lock_guard lock(mutex_);
  if (next_ != nullptr) context_ = std::move(next_);
  return *context_;
}

absl::StatusOr<std::unique_ptr<asio::ssl::context>> TlsContext::Read() const {
  auto pem = ReadTlsIdentity(identity_);
  if (!pem.ok()) return pem.status();
  return ContextOf(*pem);
}

void TlsContext::ReadAgain() {
  auto context = Read();
  if (!context.ok()) {
    Log(Severity::kWarning, "the new certificate will not do; the last one stays in use",
        {{"error", std::string(context.status().message())}});
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    next_ = *std::move(context);
  }
  Log(Severity::kInfo, "the certificate was read again",
      {{"path", std::string_view(identity_.certificate_path)}});
}

}  // namespace marginalia
