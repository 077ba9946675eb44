#include "tests/invoice_service/service_under_test.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "invoice-service/schema.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

template <class T>
T OrAbort(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << value.status() << std::endl;
  std::abort();
}

TokenVerifierOptions Trusting(const TokenMint& mint) {
  TokenVerifierOptions options;
  options.jwks_path = mint.jwks_path();
  options.issuer = mint.issuer();
  options.audience = mint.audience();
  return options;
}

}  // namespace

ServiceUnderTest::ServiceUnderTest(const std::string& database_url,
                                   const std::string& comments_address)
    : mint_(OrAbort(TokenMint::Open(keys_.File("keys")))),
      verifier_(OrAbort(TokenVerifier::Create(Trusting(*mint_)))),
      database_(OrAbort(Database::Open(database_url, InvoiceMigrations()))),
      writes_(*database_, {&position_lock_}, [](std::string_view) { std::abort(); }),
      comments_(ConnectTo(comments_address), token_),
      counts_(cache_),
      projector_(comments_, counts_, database_url, *database_, writes_, progress_),
      freshness_(progress_,
                 [this](const Trace& trace, SteadyTime deadline, Freshness::HeadDone done) {
                   comments_.AskHead(trace, deadline, std::move(done));
                 }),
      invoices_(*database_, writes_, cache_),
      reads_(invoices_, freshness_, cache_),
      gate_({}, *verifier_, metrics_),
      rpc_(MakeInvoicesRpc(gate_, {invoices_, reads_, projector_})),
      server_(OrAbort(RpcServer::Start({.address = "127.0.0.1:0"}, {rpc_.get()}))),
      channel_(ConnectTo(server_->address())),
      stub_(invoices::v1::InvoicesService::NewStub(channel_)) {}

std::string ServiceUnderTest::Person(const std::string& org, const std::string& role) const {
  return mint_->Mint({.org = org, .sub = "dana", .name = "Dana", .role = role});
}

std::string ServiceUnderTest::Machine() const {
  return mint_->Mint({.org = "", .sub = "gateway", .name = "", .role = "service"});
}

}  // namespace marginalia
