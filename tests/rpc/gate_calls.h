// What the gate's tests share: calls to a real server, and what it answers and logs.
#ifndef MARGINALIA_TESTS_RPC_GATE_CALLS_H_
#define MARGINALIA_TESTS_RPC_GATE_CALLS_H_

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/process/log.h"
#include "services/rpc/gate/request_id.h"
#include "tests/rpc/gated_service.h"

namespace marginalia {

using Metadata = std::multimap<std::string, std::string>;

inline Metadata Bearing(const std::string& token) { return {{"authorization", "Bearer " + token}}; }

class GateCalls : public testing::Test {
 protected:
  static void Fill(grpc::ClientContext& context, const Metadata& metadata) {
    for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }

  grpc::Status Add(const Metadata& metadata, comments::v1::AddCommentResponse* response = nullptr) {
    grpc::ClientContext context;
    Fill(context, metadata);
    comments::v1::AddCommentResponse ignored;
    return server_.stub->AddComment(&context, {}, response == nullptr ? &ignored : response);
  }

  grpc::Status Import(const std::string& token) {
    grpc::ClientContext context;
    Fill(context, Bearing(token));
    comments::v1::ImportCommentsResponse response;
    return server_.stub->ImportComments(&context, {}, &response);
  }

  grpc::Status Counts(const std::string& token) {
    grpc::ClientContext context;
    Fill(context, Bearing(token));
    comments::v1::ListThreadCountsResponse response;
    return server_.stub->ListThreadCounts(&context, {}, &response);
  }

  grpc::Status Audit(const std::string& token) {
    grpc::ClientContext context;
    Fill(context, Bearing(token));
    comments::v1::VerifyAuditLogResponse response;
    return server_.stub->VerifyAuditLog(&context, {}, &response);
  }

  // The one ErrorInfo of a failed call.
  static google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
    google::rpc::Status rich;
    EXPECT_TRUE(rich.ParseFromString(status.error_details()));
    EXPECT_EQ(rich.code(), static_cast<int>(status.error_code()));
    google::rpc::ErrorInfo info;
    int count = 0;
    for (const auto& detail : rich.details()) {
      if (detail.Is<google::rpc::ErrorInfo>() && detail.UnpackTo(&info)) ++count;
    }
    EXPECT_EQ(count, 1);
    EXPECT_EQ(info.domain(), "marginalia.dev");
    EXPECT_TRUE(IsRequestId(info.metadata().at("request_id")));
    return info;
  }

  static void ExpectRefused(const grpc::Status& status, grpc::StatusCode code,
                            const std::string& reason) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(InfoOf(status).reason(), reason);
  }

  // What the log says of `act`.
  template <typename Act>
  static std::string LoggedBy(const Act& act) {
    FlushLog();
    testing::internal::CaptureStderr();
    act();
    FlushLog();
    return testing::internal::GetCapturedStderr();
  }

  GatedServer server_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_RPC_GATE_CALLS_H_
