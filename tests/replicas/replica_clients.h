// How clients of the replicas call: an address for each replica, and one retry by way of the next
// one when a call was UNAVAILABLE. A call that fails after that fails the test. Thread-safe.
#ifndef MARGINALIA_TESTS_REPLICAS_REPLICA_CLIENTS_H_
#define MARGINALIA_TESTS_REPLICAS_REPLICA_CLIENTS_H_

#include <grpcpp/client_context.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "tests/replicas/fault_notice.h"
#include "tests/replicas/replica_set.h"
#include "tests/support/http_client.h"

namespace marginalia {

using CommentsStub = comments::v1::CommentsService::Stub;
using InvoicesStub = invoices::v1::InvoicesService::Stub;

class ReplicaClients {
 public:
  ReplicaClients(ReplicaSet& replicas, const FaultNotice& notice);

  CommentsStub& comments(std::size_t replica) { return *comments_[replica % comments_.size()]; }
  InvoicesStub& invoices(std::size_t replica) { return *invoices_[replica % invoices_.size()]; }
  const std::string& gateway(std::size_t replica) const {
    return gateways_[replica % gateways_.size()];
  }
  const FaultNotice& notice() const { return notice_; }

  // call(stub, context), first at this replica. True: it was OK, at the first or second attempt.
  template <class Call>
  bool CallComments(std::string_view what, std::size_t replica, const std::string& token,
                    const Call& call) {
    return Attempt(what, replica, token, [&](std::size_t at, grpc::ClientContext& context) {
      return call(comments(at), context);
    });
  }
  template <class Call>
  bool CallInvoices(std::string_view what, std::size_t replica, const std::string& token,
                    const Call& call) {
    return Attempt(what, replica, token, [&](std::size_t at, grpc::ClientContext& context) {
      return call(invoices(at), context);
    });
  }

  // ask(client) at this gateway's client, then at the next one's. Status 0: both have failed, which
  // the test has been told. `clients` has one for each gateway.
  using Ask = std::function<HttpAnswer(HttpClient&)>;
  HttpAnswer CallGateway(std::string_view what, std::size_t gateway,
                         std::vector<std::unique_ptr<HttpClient>>& clients, const Ask& ask) const;
  // For one thread's use.
  std::vector<std::unique_ptr<HttpClient>> HttpClients() const;

 private:
  using Call = std::function<grpc::Status(std::size_t replica, grpc::ClientContext& context)>;
  bool Attempt(std::string_view what, std::size_t replica, const std::string& token,
               const Call& call) const;

  const FaultNotice& notice_;
  std::vector<std::unique_ptr<CommentsStub>> comments_;
  std::vector<std::unique_ptr<InvoicesStub>> invoices_;
  std::vector<std::string> gateways_;
};

// Sets the token and a deadline.
void PrepareFor(grpc::ClientContext& context, const std::string& token,
                std::chrono::milliseconds limit, bool wait_for_ready);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_REPLICAS_REPLICA_CLIENTS_H_
