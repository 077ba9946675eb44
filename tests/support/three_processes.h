// The real comments-service, invoice-service and gateway, started from their binaries over a
// temporary directory, with real tokens. Every connection between them runs through a relay of the
// test, so that each can be killed, started anew on another port, or cut off, while the others keep
// their addresses. Used by one thread; the clients it gives out may be used by many.
#ifndef MARGINALIA_TESTS_SUPPORT_THREE_PROCESSES_H_
#define MARGINALIA_TESTS_SUPPORT_THREE_PROCESSES_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "deploy/keys/token_mint.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "tests/support/child_process.h"
#include "tests/support/log_reader.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

// One process under test: its binary, its flags, and its log over all its lives.
class ProcessUnderTest {
 public:
  ProcessUnderTest(std::string binary, std::string log_path);

  // Starts it and waits until it listens. Fails the test when it does not.
  void Start(const std::vector<std::string>& flags);
  // Starts it without waiting.
  void Launch(const std::vector<std::string>& flags);
  void Signal(int signal) { process_->Signal(signal); }
  // The exit code; 128 + the signal that ended it.
  int Wait() { return process_->Wait(); }
  // Whether it ends by itself in so long a time. Wait then tells how.
  bool EndsWithin(std::chrono::seconds time);
  // Whether its health says SERVING, asked on a connection of its own as a probe does; false also
  // when it says nothing in 3 s.
  bool IsServing() const;
  void Kill();
  // SIGSTOP, and waits until it has taken effect. SIGCONT ends it.
  void Stop();
  bool started() const { return process_ != nullptr; }
  pid_t pid() const { return process_->pid(); }
  // 127.0.0.1:port of its present life.
  const std::string& address() const { return address_; }
  const std::string& metrics_address() const { return metrics_address_; }
  LogReader& log() { return log_; }

 private:
  std::string binary_;
  LogReader log_;
  std::unique_ptr<ChildProcess> process_;
  std::string address_;
  std::string metrics_address_;
};

struct ThreeProcessesOptions {
  // Empty: SQLite files in the temporary directory.
  std::string comments_url;
  std::string invoices_url;
  // Given to each of the three.
  std::vector<std::string> common_flags;
};

class ThreeProcesses {
 public:
  // Starts all three and waits until each is ready.
  explicit ThreeProcesses(ThreeProcessesOptions options = {});
  ~ThreeProcesses();

  void StartComments(const std::vector<std::string>& more_flags = {});
  void StartInvoices();
  void StartGateway();

  ProcessUnderTest& comments() { return comments_; }
  ProcessUnderTest& invoices() { return invoices_; }
  ProcessUnderTest& gateway() { return gateway_; }

  // What everybody but the projector reaches the services through.
  TcpProxy& comments_front() { return comments_front_; }
  TcpProxy& invoices_front() { return invoices_front_; }
  // What the projector follows the comments service through: hold it, and the projection lags.
  TcpProxy& projector_link() { return projector_link_; }
  TcpProxy& gateway_front() { return gateway_front_; }

  // Stubs over a channel that finds the service again after a restart.
  marginalia::comments::v1::CommentsService::Stub& comments_stub() { return *comments_stub_; }
  marginalia::invoices::v1::InvoicesService::Stub& invoices_stub() { return *invoices_stub_; }

  // A bearer token. The tenant of people is "northlight" unless another is given.
  std::string Token(const std::string& user, const std::string& role,
                    const std::string& org = "northlight",
                    absl::Duration lifetime = absl::Hours(1)) const;
  // Sets the token and a deadline. `wait_for_ready`: the call waits for a connection.
  void Prepare(grpc::ClientContext& context, const std::string& token,
               std::chrono::milliseconds limit = std::chrono::seconds(10),
               bool wait_for_ready = true) const;

  // The outcome of call(context), tried once more when it is UNAVAILABLE: a connection may not have
  // noticed yet that its peer was killed.
  template <class Call>
  grpc::Status WithOneRetry(const std::string& token, Call call) const {
    grpc::Status status(grpc::StatusCode::UNAVAILABLE, "not tried");
    for (int i = 0; i < 2 && status.error_code() == grpc::StatusCode::UNAVAILABLE; ++i) {
      grpc::ClientContext context;
      Prepare(context, token);
      status = call(context);
    }
    return status;
  }

  // Creates an invoice as dana and returns its id.
  std::string NewInvoice(const std::string& number, const std::string& org = "northlight");

  // The text of GET /metrics of one of the three.
  static std::string MetricsOf(ProcessUnderTest& process);

  // The key that checkpoints are verified with, as text.
  const std::string& checkpoint_key() const { return checkpoint_key_; }
  // The file that all read the keys for tokens from.
  const std::string& jwks_path() const { return mint_->jwks_path(); }
  const TempDir& directory() const { return directory_; }
  const std::string& comments_url() const { return options_.comments_url; }
  const std::string& invoices_url() const { return options_.invoices_url; }

 private:
  std::vector<std::string> CommonFlags() const;

  ThreeProcessesOptions options_;
  TempDir directory_;
  std::unique_ptr<TokenMint> mint_;
  std::string checkpoint_key_;
  TcpProxy comments_front_, invoices_front_, projector_link_, gateway_front_;
  ProcessUnderTest comments_, invoices_, gateway_;
  std::unique_ptr<marginalia::comments::v1::CommentsService::Stub> comments_stub_;
  std::unique_ptr<marginalia::invoices::v1::InvoicesService::Stub> invoices_stub_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_THREE_PROCESSES_H_
