#include "deploy/operator/projection/projection_verify_rpc.h"

#include <cinttypes>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "deploy/operator/client_rpc.h"
#include "deploy/operator/shared_flags.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"

namespace marginalia {
namespace {

constexpr char kAbout[] =
    "Compares every thread's count in invoice-service with comments-service, for all tenants, and\n"
    "changes nothing. A count that is merely behind by events under way is no difference. Exits "
    "with\n"
    "0 when all agree, 1 when some differ, 2 when they could not be compared.";

// Every thread of every tenant is read.
constexpr absl::Duration kVerifyMax = absl::Minutes(10);

absl::Status ProjectionVerify() {
  const auto client = ServiceClient::FromFlags(absl::GetFlag(FLAGS_invoices_address));
  if (!client.ok()) return client.status();
  const auto stub = invoices::v1::InvoicesService::NewStub(client->channel());
  invoices::v1::VerifyProjectionResponse answer;
  const absl::Status status = client->Call(
      "VerifyProjection", kVerifyMax,
      [&](grpc::ClientContext& context) { return stub->VerifyProjection(&context, {}, &answer); });
  if (!status.ok()) return status;
  std::printf("compared %" PRId64 " threads, %" PRId64 " differ, as of %s\n",
              answer.threads_checked(), answer.threads_differing(), answer.as_of_token().c_str());
  if (answer.threads_differing() == 0) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(answer.threads_differing(),
                                          " counts are wrong: projection-rebuild repairs them"));
}

}  // namespace

Command ProjectionVerifyCommand() {
  return {.name = "projection-verify",
          .summary = "compares invoice-service's comment counts with the comments",
          .about = kAbout,
          .example = "marginalia-operator projection-verify --token_path=service.jwt",
          .flags = {"invoices_address", kTokenFlag, kTlsFlags[0], kTlsFlags[1], kTlsFlags[2]},
          .run = ProjectionVerify};
}

}  // namespace marginalia
