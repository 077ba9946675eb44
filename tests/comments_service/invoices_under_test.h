// A small real InvoicesService of a test: it knows the invoices that it is told of.
#ifndef MARGINALIA_TESTS_COMMENTS_SERVICE_INVOICES_UNDER_TEST_H_
#define MARGINALIA_TESTS_COMMENTS_SERVICE_INVOICES_UNDER_TEST_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "services/rpc/gate/gate.h"
#include "services/rpc/server/server.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

class InvoicesUnderTest {
 public:
  // `address` is host:port to listen on; port 0: a free one.
  explicit InvoicesUnderTest(const std::string& address = "127.0.0.1:0");
  ~InvoicesUnderTest();

  // `id` may be the invoice's own id or its number.
  void Know(const std::string& org, const std::string& id, const std::string& invoice_id);
  // From now on calls wait until Release.
  void Hold();
  void Release();
  int calls() const;
  const std::string& address() const { return server_->address(); }

 private:
  class Service;
  std::unique_ptr<TokenVerifier> tokens_;
  Metrics metrics_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_COMMENTS_SERVICE_INVOICES_UNDER_TEST_H_
