#include "deploy/operator/client_rpc.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/operator/shared_flags.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/client/target.h"
#include "services/rpc/client/token_file.h"
#include "services/rpc/client/upstream_flags.h"
#include "services/rpc/grpc_status.h"

ABSL_DECLARE_FLAG(std::string, upstream_ca_path);
ABSL_DECLARE_FLAG(std::string, upstream_certificate_path);
ABSL_DECLARE_FLAG(std::string, upstream_key_path);

namespace marginalia {
namespace {

constexpr absl::Duration kRetryPause = absl::Milliseconds(200);

absl::StatusOr<std::string> ReadToken() {
  const absl::StatusOr<std::string> path = Required(kTokenFlag, FLAGS_token_path);
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> token = ReadTokenFile(*path);
  if (!token.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--token_path: ", std::string(token.status().message())));
  }
  if (!token->empty()) return *token;
  return absl::InvalidArgumentError(
      absl::StrCat("--token_path: ", *path, " holds no token, or cannot be read"));
}

// What the reading of the flags would end the process for, with the exit code of a finding.
absl::Status CheckTls() {
  const std::string ca_path = absl::GetFlag(FLAGS_upstream_ca_path);
  const TlsIdentity identity{absl::GetFlag(FLAGS_upstream_certificate_path),
                             absl::GetFlag(FLAGS_upstream_key_path)};
  absl::Status status = ca_path.empty() ? absl::OkStatus() : CheckAuthorities(ca_path);
  if (status.ok() && identity.given() && !identity.key_path.empty()) {
    status = ReadTlsIdentity(identity).status();
  }
  if (status.ok()) return status;
  return absl::InvalidArgumentError(std::string(status.message()));
}

// `status` is FromGrpc(answer). What comes without details was not said by the service: the
// transport's own words tell whoever sits at the command what is in between.
std::string WhyOf(const grpc::Status& answer, const absl::Status& status) {
  if (absl::IsUnavailable(status) && answer.error_details().empty()) {
    return absl::StrCat("cannot be reached: ", answer.error_message());
  }
  return absl::StrCat(std::string(status.message()), " (", ReasonOf(status), ")");
}

}  // namespace

absl::StatusOr<ServiceClient> ServiceClient::FromFlags(const std::string& address) {
  absl::StatusOr<std::string> token = ReadToken();
  if (!token.ok()) return token.status();
  return Connect(address, *std::move(token));
}

absl::StatusOr<ServiceClient> ServiceClient::WithoutToken(const std::string& address) {
  return Connect(address, "");
}

absl::StatusOr<ServiceClient> ServiceClient::Connect(const std::string& address,
                                                     std::string bearer) {
  const absl::Status target = TargetOf(address).status();
  if (!target.ok())
    return absl::InvalidArgumentError(absl::StrCat("the address ", std::string(target.message())));
  const absl::Status tls = CheckTls();
  if (!tls.ok()) return tls;
  return ServiceClient(address, std::move(bearer), ConnectTo(address, UpstreamTlsFromFlags()));
}

absl::Status ServiceClient::Call(std::string_view rpc, absl::Duration limit,
                                 absl::FunctionRef<grpc::Status(grpc::ClientContext&)> call) const {
  const SteadyTime give_up = SteadyTime::Now() + kUnavailableMax;
  while (true) {
    grpc::ClientContext context;
    PrepareCall(context, bearer_, "", SteadyTime::Now() + limit);
    const grpc::Status answer = call(context);
    const absl::Status status = FromGrpc(answer);
    if (status.ok()) return status;
    if (!absl::IsUnavailable(status) || SteadyTime::Now() + kRetryPause > give_up) {
      // Never DATA_LOSS: what the service could not do is no finding of the command.
      return absl::UnavailableError(
          absl::StrCat(std::string(rpc), " of ", address_, ": ", WhyOf(answer, status)));
    }
    absl::SleepFor(kRetryPause);
  }
}

}  // namespace marginalia
