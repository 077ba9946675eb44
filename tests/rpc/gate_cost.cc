// Prints what the gate costs: its parts one by one, and the CPU time of a whole process that calls
// itself through the gate and around it. Nothing is asserted.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/gate/request_id.h"
#include "services/tokens/sealed_token.h"
#include "tests/rpc/gated_service.h"

namespace marginalia {
namespace {

constexpr int kRepeats = 200'000;
constexpr int kRounds = 7;
constexpr int kClients = 8;
constexpr int kCallsPerClient = 2'000;

template <typename Part>
void Measure(const char* name, const Part& part) {
  for (int i = 0; i < kRepeats / 10; ++i) part();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRepeats; ++i) part();
  const auto took = std::chrono::steady_clock::now() - start;
  std::printf("%-28s %6.0f ns\n", name,
              static_cast<double>(took / std::chrono::nanoseconds(1)) / kRepeats);
}

void WriteCallLine() {
  thread_local std::string line;
  line.clear();
  AppendLogHead(line, Severity::kInfo, "call");
  AppendLogField(line, "request_id", "0123456789abcde");
  AppendLogField(line, "method", "marginalia.comments.v1.CommentsService/AddComment");
  AppendLogField(line, "org_id", "northlight");
  AppendLogField(line, "user_id", "dana");
  AppendLogField(line, "code", "OK");
  AppendLogField(line, "reason", "");
  AppendLogField(line, "duration_us", std::int64_t{17});
  line += '}';
  LogLine(line);
}

void MeasureParts(GatedServer& server) {
  const std::string token = server.Token("member");
  CallMetrics* metrics = server.metrics.AddCall("a.B", "C", "unary");
  const std::string sealed = SealToken("0123456789abc", {"consistency", "northlight"});
  Measure("a token known already", [&] { (void)server.verifier->Verify(token); });
  Measure("a new request id", [] { (void)NewRequestId(); });
  Measure("the metrics of a call",
          [&] { metrics->Ended(absl::StatusCode::kOk, absl::Microseconds(20)); });
  Measure("a request log line", WriteCallLine);
  Measure("sealing a token", [] {
    (void)SealToken("0123456789abc", {"consistency", "northlight"});
  });
  Measure("opening a token", [&] { (void)OpenToken(sealed, {"consistency", "northlight"}); });
}

// The same service without the gate.
class BareComments : public comments::v1::CommentsService::CallbackService {
  grpc::ServerUnaryReactor* AddComment(grpc::CallbackServerContext* context,
                                       const comments::v1::AddCommentRequest*,
                                       comments::v1::AddCommentResponse*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

double CpuMicroseconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

// CPU time of client and server together, for one call.
double CostOfCalls(comments::v1::CommentsService::Stub& stub, const std::string& token) {
  const double before = CpuMicroseconds();
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&stub, &token] {
      for (int n = 0; n < kCallsPerClient; ++n) {
        grpc::ClientContext context;
        PrepareCall(context, token, "", SteadyTime::Now() + absl::Seconds(30));
        comments::v1::AddCommentResponse response;
        const grpc::Status status = stub.AddComment(&context, {}, &response);
        if (!status.ok()) std::printf("failed: %s\n", status.error_message().c_str());
      }
    });
  }
  for (std::thread& client : clients) client.join();
  return (CpuMicroseconds() - before) / (kClients * kCallsPerClient);
}

void MeasureCalls(GatedServer& gated) {
  BareComments service;
  const auto bare = *RpcServer::Start({"127.0.0.1:0"}, {&service});
  const auto bare_stub = comments::v1::CommentsService::NewStub(ConnectTo(bare->address()));
  const std::string token = gated.Token("member");
  std::vector<double> with_gate;
  std::vector<double> without_gate;
  for (int i = 0; i < kRounds; ++i) {
    without_gate.push_back(CostOfCalls(*bare_stub, token));
    with_gate.push_back(CostOfCalls(*gated.stub, token));
  }
  std::sort(with_gate.begin(), with_gate.end());
  std::sort(without_gate.begin(), without_gate.end());
  const double with = with_gate[kRounds / 2];
  const double without = without_gate[kRounds / 2];
  std::printf("a call through the gate      %6.2f us of CPU, client included\n", with);
  std::printf("a call around it             %6.2f us\n", without);
  std::printf("the gate                     %6.2f us\n", with - without);
}

}  // namespace
}  // namespace marginalia

int main() {
  marginalia::GatedServer server;
  marginalia::MeasureParts(server);
  marginalia::MeasureCalls(server);
  return 0;
}
