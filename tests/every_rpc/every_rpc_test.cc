// Walks the contract: no RPC may forget the gate, and every role gets exactly what the contract
// says.
#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "marginalia/access/v1/access.pb.h"
#include "services/errors/errors.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

using access::v1::Access;
using google::protobuf::MethodDescriptor;

struct CallerUnderTest {
  std::string name;
  std::optional<std::string> token;
  int role = 0;  // access.v1.Role
  bool has_org = true;
};

// How the call of an empty request ended; a stream that began counts as OK.
grpc::Status CallEmpty(grpc::GenericStub& stub, const std::string& path, bool streams,
                       const std::optional<std::string>& token) {
  grpc::ClientContext context;
  if (token.has_value()) context.AddMetadata("authorization", "Bearer " + *token);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  context.set_wait_for_ready(true);
  grpc::CompletionQueue queue;
  const auto next = [&queue] {
    void* tag;
    bool ok;
    return queue.Next(&tag, &ok) && ok;
  };
  auto call = stub.PrepareCall(&context, path, &queue);
  call->StartCall(nullptr);
  next();
  const grpc::Slice nothing;
  call->WriteLast(grpc::ByteBuffer(&nothing, 1), {}, nullptr);
  next();
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  const bool answered = next();
  if (answered && streams) context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  next();
  queue.Shutdown();
  while (next()) {
  }
  return answered && streams ? grpc::Status::OK : status;
}

// The reason with which the gate must refuse, or nothing when it must let the call through.
std::optional<std::string> ExpectedRefusal(const Access& access, const CallerUnderTest& caller) {
  if (!caller.token.has_value()) return "TOKEN_MISSING";
  if (caller.role == 0) return "TOKEN_INVALID";
  if (caller.role == access::v1::ROLE_SERVICE) {
    if (access.service() == access::v1::SERVICE_ACCESS_UNSPECIFIED) return "ROLE_TOO_LOW";
    if (access.service() == access::v1::SERVICE_ACCESS_ONE_TENANT && !caller.has_org) {
      return "ORG_REQUIRED";
    }
    if (access.service() == access::v1::SERVICE_ACCESS_ALL_TENANTS && caller.has_org) {
      return "ALL_TENANTS_REQUIRED";
    }
    return std::nullopt;
  }
  if (access.least_role() == 0 || caller.role < access.least_role()) return "ROLE_TOO_LOW";
  return std::nullopt;
}

class EveryRpcTest : public testing::Test {
 protected:
  std::vector<CallerUnderTest> Callers() const {
    std::string tampered = processes_.Token("dana", "admin");
    tampered.back() = tampered.back() == 'A' ? 'B' : 'A';
    return {{.name = "nobody", .token = std::nullopt},
            {.name = "a tampered token", .token = tampered},
            {.name = "a viewer",
             .token = processes_.Token("sam", "viewer"),
             .role = access::v1::ROLE_VIEWER},
            {.name = "a member",
             .token = processes_.Token("dana", "member"),
             .role = access::v1::ROLE_MEMBER},
            {.name = "an admin",
             .token = processes_.Token("alex", "admin"),
             .role = access::v1::ROLE_ADMIN},
            {.name = "a service of one tenant",
             .token = processes_.Token("importer", "service"),
             .role = access::v1::ROLE_SERVICE},
            {.name = "a service of all tenants",
             .token = processes_.Token("follower", "service", ""),
             .role = access::v1::ROLE_SERVICE,
             .has_org = false}};
  }

  void CheckService(const std::string& name, const std::string& address) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    ASSERT_NE(service, nullptr);
    ASSERT_GT(service->method_count(), 0);
    grpc::GenericStub stub(ConnectTo(address));
    for (int i = 0; i < service->method_count(); ++i) {
      for (const CallerUnderTest& caller : Callers())
        CheckMethod(stub, *service->method(i), caller);
    }
  }

  static void CheckMethod(grpc::GenericStub& stub, const MethodDescriptor& method,
                          const CallerUnderTest& caller) {
    SCOPED_TRACE(absl::StrCat(method.full_name(), " called by ", caller.name));
    ASSERT_TRUE(method.options().HasExtension(access::v1::access));
    const auto refusal = ExpectedRefusal(method.options().GetExtension(access::v1::access), caller);
    const std::string path = absl::StrCat("/", method.service()->full_name(), "/", method.name());
    const absl::Status status =
        FromGrpc(CallEmpty(stub, path, method.server_streaming(), caller.token));
    if (refusal.has_value()) {
      EXPECT_EQ(ReasonOf(status), *refusal) << status;
      EXPECT_EQ(status.code(), caller.role == 0 ? absl::StatusCode::kUnauthenticated
                                                : absl::StatusCode::kPermissionDenied);
    } else {
      EXPECT_NE(status.code(), absl::StatusCode::kUnauthenticated) << status;
      EXPECT_NE(status.code(), absl::StatusCode::kPermissionDenied) << status;
      EXPECT_NE(status.code(), absl::StatusCode::kUnimplemented) << status;
      EXPECT_NE(status.code(), absl::StatusCode::kInternal) << status;
      EXPECT_EQ(status.ok(), ReasonOf(status).empty()) << status;
    }
  }

  ThreeProcesses processes_;
};

TEST_F(EveryRpcTest, OfCommentsServicePassesTheGateWithTheRolesOfTheContract) {
  CheckService("marginalia.comments.v1.CommentsService", processes_.comments_front().address());
}

TEST_F(EveryRpcTest, OfInvoicesServicePassesTheGateWithTheRolesOfTheContract) {
  CheckService("marginalia.invoices.v1.InvoicesService", processes_.invoices_front().address());
}

// gRPC's own account of a process: addresses of all peers, and no rule of ours in front of it.
TEST_F(EveryRpcTest, OfChannelzIsServedToNobody) {
  for (const std::string& address :
       {processes_.comments_front().address(), processes_.invoices_front().address()}) {
    grpc::GenericStub stub(ConnectTo(address));
    for (const char* method : {"GetTopChannels", "GetServers", "GetServer", "GetServerSockets",
                               "GetChannel", "GetSubchannel", "GetSocket"}) {
      for (const CallerUnderTest& caller : Callers()) {
        EXPECT_EQ(CallEmpty(stub, absl::StrCat("/grpc.channelz.v1.Channelz/", method), false,
                            caller.token)
                      .error_code(),
                  grpc::StatusCode::UNIMPLEMENTED)
            << method << " called by " << caller.name;
      }
    }
  }
}

}  // namespace
}  // namespace marginalia
