#include "tests/bench/started_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/process/stopwatch.h"
#include "tests/bench/interrupt.h"

namespace marginalia::bench {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(10);
constexpr std::size_t kLogTailBytes = 2000;

std::string TailOf(const std::string& path) {
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return text.size() <= kLogTailBytes ? text : text.substr(text.size() - kLogTailBytes);
}

// The field of the first line with this message that has it; empty while there is none.
std::string LoggedField(const std::string& path, const std::string& message,
                        const std::string& field) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(line, error);
    if (error || !value.is_object()) continue;
    const boost::json::object& object = value.get_object();
    const boost::json::value* said = object.if_contains("message");
    const boost::json::value* found = object.if_contains(field);
    if (said == nullptr || !said->is_string() || said->get_string() != message) continue;
    if (found != nullptr && found->is_string()) {
      return std::string(found->get_string());
    }
  }
  return {};
}

}  // namespace

StartedProcess::StartedProcess(std::vector<std::string> arguments, std::string log_path)
    : program_(arguments.front()),
      log_path_(std::move(log_path)),
      child_(std::move(arguments),
             ChildOptions{.user = {}, .stdout_fd = -1, .stderr_path = log_path_}) {}

StartedProcess::~StartedProcess() { Stop(); }

bool StartedProcess::Ended() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(child_.pid()), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid != 0;
}

absl::StatusOr<std::string> StartedProcess::Logged(const std::string& message,
                                                   const std::string& field,
                                                   absl::Duration longest) {
  const SteadyTime until = SteadyTime::Now() + longest;
  while (SteadyTime::Now() < until) {
    if (Interrupted()) return CheckInterrupt();
    const bool ended = Ended();
    std::string value = LoggedField(log_path_, message, field);
    if (!value.empty()) return value;
    if (ended) break;
    absl::SleepFor(kPoll);
  }
  return absl::UnavailableError(absl::StrCat(program_, " did not log \"", message,
                                             "\"; its log ends with:\n", TailOf(log_path_)));
}

void StartedProcess::Stop() {
  if (child_.pid() <= 0) return;
  child_.Signal(SIGTERM);
  const SteadyTime until = SteadyTime::Now() + kStopMax;
  while (!Ended() && SteadyTime::Now() < until) absl::SleepFor(kPoll);
  child_.Signal(SIGKILL);
  child_.Wait();
}

int FreePort() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  close(listener);
  return ntohs(address.sin_port);
}

}  // namespace marginalia::bench
