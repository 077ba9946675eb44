#include "deploy/operator/audit/audit_monitor_rpc.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "comments-service/record/checkpoint.h"
#include "deploy/operator/audit/kept_checkpoint.h"
#include "deploy/operator/audit/verifier_keys.h"
#include "deploy/operator/client_rpc.h"
#include "deploy/operator/shared_flags.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"

ABSL_FLAG(std::string, state, "",
          "Required. The file that holds the last checkpoint seen, as the signed note that it is; "
          "made when it is not there. One for each tenant that is watched.");
ABSL_FLAG(absl::Duration, interval, absl::Minutes(1),
          "How long to wait between two checkpoints, from 1s to 24h.");
ABSL_FLAG(bool, once, false, "Look once, then end: for a timer.");

namespace marginalia {
namespace {

using comments::v1::CommentsService;

constexpr char kAbout[] =
    "Watches the record of the token's tenant from outside: keeps the last checkpoint that it saw "
    "in a\n"
    "file, asks for the newest, verifies its signature, and has the service prove that the log has "
    "only\n"
    "grown since. A fork, a cut, another log or a signature of nobody ends it with exit code 1 and "
    "prints\n"
    "both checkpoints, which are signed and so prove it to others. While the service is away it "
    "tries\n"
    "again, at the latest every minute; with --once it gives up after a few seconds. The token is "
    "an\n"
    "admin's or a machine's of the tenant, read again each time.\n"
    "Exits with 0 on SIGTERM and SIGINT, and with --once when all is well; 1 as said; 2 when it "
    "cannot\n"
    "watch: a flag, a file, a token, a service without a key or one that cannot read its record.";

constexpr absl::Duration kIntervalMin = absl::Seconds(1);
constexpr absl::Duration kIntervalMax = absl::Hours(24);
constexpr absl::Duration kCallMax = absl::Seconds(10);
constexpr absl::Duration kBackoffMin = absl::Seconds(1);
constexpr absl::Duration kBackoffMax = absl::Minutes(1);

// A checkpoint whose signature was verified.
struct Seen {
  std::string note;
  Checkpoint checkpoint;
};

// Whether trying again may help. A service that fails over its own record (INTERNAL) is no outage:
// whoever changed that must not silence its monitor.
bool MayPass(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::CANCELLED:
      return true;
    default:
      return false;
  }
}

absl::Status Contradiction(const absl::Status& why, const Seen& kept, const std::string& newest) {
  return absl::DataLossError(absl::StrCat(std::string(why.message()),
                                          "\n--- the checkpoint that was kept:\n", kept.note,
                                          "--- the newest one:\n", newest));
}

class Monitor {
 public:
  Monitor(std::string state_path, std::vector<VerifierKey> keys)
      : state_path_(std::move(state_path)), keys_(std::move(keys)) {}

  absl::Status ReadState() {
    if (::access(state_path_.c_str(), F_OK) != 0) return absl::OkStatus();
    absl::StatusOr<std::string> note = ReadFileOf("state", state_path_, kNoteBytesMax);
    if (!note.ok()) return note.status();
    const absl::StatusOr<Checkpoint> checkpoint = OpenCheckpoint(*note, keys_);
    if (!checkpoint.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--state: ", state_path_, ": ", std::string(checkpoint.status().message()),
                       "; with the key replaced, --key must name a file with both"));
    }
    kept_ = Seen{.note = *std::move(note), .checkpoint = *checkpoint};
    return absl::OkStatus();
  }

  // UNAVAILABLE: it may pass. Anything else but OK and DATA_LOSS: it will not.
  absl::Status Look() {
    const auto client = ServiceClient::FromFlags(absl::GetFlag(FLAGS_comments_address));
    if (!client.ok()) return client.status();
    const auto stub = CommentsService::NewStub(client->channel());
    comments::v1::GetCheckpointResponse newest;
    absl::Status status = Call(*client, "GetCheckpoint", [&](grpc::ClientContext& context) {
      return stub->GetCheckpoint(&context, {}, &newest);
    });
    if (!status.ok()) return status;
    const absl::StatusOr<Checkpoint> opened = OpenCheckpoint(newest.checkpoint(), keys_);
    if (!opened.ok()) return NobodySigned(opened.status(), newest.checkpoint());
    Seen seen{.note = newest.checkpoint(), .checkpoint = *opened};
    if (kept_.has_value()) {
      status = CheckSuccessor(kept_->checkpoint, seen.checkpoint);
      if (!status.ok()) return Contradiction(status, *kept_, seen.note);
      status = Prove(*client, *stub, seen);
      if (!status.ok()) return status;
    }
    return Keep(std::move(seen));
  }

 private:
  template <class Begin>
  static absl::Status Call(const ServiceClient& client, std::string_view rpc, Begin begin) {
    grpc::StatusCode code = grpc::StatusCode::OK;
    absl::Status status = client.Call(rpc, kCallMax, [&](grpc::ClientContext& context) {
      const grpc::Status ended = begin(context);
      code = ended.error_code();
      return ended;
    });
    if (status.ok() || MayPass(code)) return status;
    return absl::FailedPreconditionError(std::string(status.message()));
  }

  absl::Status NobodySigned(const absl::Status& why, const std::string& note) const {
    const absl::Status unsigned_by_us =
        absl::DataLossError(absl::StrCat("the newest checkpoint: ", std::string(why.message())));
    if (kept_.has_value()) return Contradiction(unsigned_by_us, *kept_, note);
    return absl::DataLossError(
        absl::StrCat(std::string(unsigned_by_us.message()), "\n--- the newest one:\n", note));
  }

  // Asks also of a log that stands still: who has signed must be able to show what.
  absl::Status Prove(const ServiceClient& client, CommentsService::Stub& stub, const Seen& seen) {
    comments::v1::GetConsistencyProofRequest request;
    request.set_first(kept_->checkpoint.size);
    request.set_second(seen.checkpoint.size);
    if (request.second() == 0) return absl::OkStatus();
    comments::v1::GetConsistencyProofResponse answer;
    bool too_small = false;
    const absl::Status status =
        Call(client, "GetConsistencyProof", [&](grpc::ClientContext& context) {
          const grpc::Status ended = stub.GetConsistencyProof(&context, request, &answer);
          too_small = ended.error_code() == grpc::StatusCode::OUT_OF_RANGE;
          return ended;
        });
    if (too_small) {
      return Contradiction(
          absl::DataLossError("a cut: the log has fewer entries than the service has signed"),
          *kept_, seen.note);
    }
    if (!status.ok()) return status;
    std::vector<Digest> proof;
    for (const std::string& hash : answer.hashes()) {
      const std::optional<Digest> digest = DigestFromBytes(hash);
      // What is no hash proves nothing.
      proof.push_back(digest.value_or(Digest{}));
    }
    const absl::Status grown = CheckGrowth(kept_->checkpoint, seen.checkpoint, proof);
    return grown.ok() ? grown : Contradiction(grown, *kept_, seen.note);
  }

  absl::Status Keep(Seen seen) {
    const bool moved = !kept_.has_value() || kept_->checkpoint != seen.checkpoint;
    if (moved) {
      std::printf(
          "%s: %" PRId64 " entries, root %s, %s\n", seen.checkpoint.origin.c_str(),
          seen.checkpoint.size, HexOf(seen.checkpoint.root).c_str(),
          kept_.has_value()
              ? absl::StrCat("which continue the ", kept_->checkpoint.size, " before").c_str()
              : "seen for the first time");
      std::fflush(stdout);
    }
    // Also when only the signatures are others: a key that was replaced signs no more.
    if (moved || kept_->note != seen.note) {
      const absl::Status replaced = ReplaceFile(state_path_, seen.note);
      if (!replaced.ok()) return absl::FailedPreconditionError(std::string(replaced.message()));
    }
    kept_ = std::move(seen);
    return absl::OkStatus();
  }

  const std::string state_path_;
  const std::vector<VerifierKey> keys_;
  std::optional<Seen> kept_;
};

// Whether a signal came that ends the process.
bool SignalWithin(const sigset_t& signals, absl::Duration wait) {
  const timespec limit = absl::ToTimespec(wait);
  return sigtimedwait(&signals, nullptr, &limit) > 0;
}

absl::Status Watch(Monitor& monitor, absl::Duration interval, const sigset_t& signals) {
  absl::Duration backoff = kBackoffMin;
  bool away = false;
  while (true) {
    const absl::Status looked = monitor.Look();
    if (!looked.ok() && !absl::IsUnavailable(looked)) return looked;
    if (looked.ok()) {
      if (std::exchange(away, false)) std::fprintf(stderr, "the service is back\n");
      backoff = kBackoffMin;
    } else if (!std::exchange(away, true)) {
      std::fprintf(stderr, "cannot look now, and tries again: %s\n",
                   std::string(looked.message()).c_str());
    }
    if (SignalWithin(signals, looked.ok() ? interval : backoff)) return absl::OkStatus();
    if (!looked.ok()) backoff = std::min(2 * backoff, kBackoffMax);
  }
}

absl::Status AuditMonitor() {
  const absl::StatusOr<std::string> state = Required("state", FLAGS_state);
  if (!state.ok()) return state.status();
  absl::StatusOr<std::vector<VerifierKey>> keys = KeysFromFlag();
  if (!keys.ok()) return keys.status();
  const absl::Duration interval = absl::GetFlag(FLAGS_interval);
  if (interval < kIntervalMin || interval > kIntervalMax) {
    return absl::InvalidArgumentError("--interval must be from 1s to 24h");
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  // Before gRPC starts its threads, so that they leave these to this one.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Monitor monitor(*state, *std::move(keys));
  const absl::Status read = monitor.ReadState();
  if (!read.ok()) return read;
  return absl::GetFlag(FLAGS_once) ? monitor.Look() : Watch(monitor, interval, signals);
}

}  // namespace

Command AuditMonitorCommand() {
  return {.name = "audit-monitor",
          .summary = "watches that a tenant's record only grows, from outside the database",
          .about = kAbout,
          .example =
              "marginalia-operator audit-monitor --token_path=alex.jwt"
              " --key=keys/checkpoint.vkey --state=northlight.checkpoint",
          .flags = {"state", kKeyFlag, "interval", "once", "comments_address", kTokenFlag,
                    kTlsFlags[0], kTlsFlags[1], kTlsFlags[2]},
          .run = AuditMonitor};
}

}  // namespace marginalia
