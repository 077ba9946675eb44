#include "deploy/operator/projection/projection_rebuild_rpc.h"

#include <cinttypes>
#include <cstdio>

#include "deploy/operator/client_rpc.h"
#include "deploy/operator/shared_flags.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"

namespace marginalia {
namespace {

constexpr char kAbout[] =
    "Reads every thread's count anew from comments-service and repairs what differs in\n"
    "invoice-service, for all tenants, under live traffic. Exits with 0 when all counts are right\n"
    "now, 2 when they could not be read.";

// Every thread of every tenant is read.
constexpr absl::Duration kRebuildMax = absl::Minutes(10);

absl::Status ProjectionRebuild() {
  const auto client = ServiceClient::FromFlags(absl::GetFlag(FLAGS_invoices_address));
  if (!client.ok()) return client.status();
  const auto stub = invoices::v1::InvoicesService::NewStub(client->channel());
  invoices::v1::RebuildProjectionResponse answer;
  const absl::Status status = client->Call(
      "RebuildProjection", kRebuildMax,
      [&](grpc::ClientContext& context) { return stub->RebuildProjection(&context, {}, &answer); });
  if (!status.ok()) return status;
  std::printf("compared %" PRId64 " threads, repaired %" PRId64 ", as of %s\n",
              answer.threads_checked(), answer.threads_repaired(), answer.as_of_token().c_str());
  return absl::OkStatus();
}

}  // namespace

Command ProjectionRebuildCommand() {
  return {.name = "projection-rebuild",
          .summary = "makes invoice-service's comment counts anew",
          .about = kAbout,
          .example = "marginalia-operator projection-rebuild --token_path=service.jwt",
          .flags = {"invoices_address", kTokenFlag, kTlsFlags[0], kTlsFlags[1], kTlsFlags[2]},
          .run = ProjectionRebuild};
}

}  // namespace marginalia
