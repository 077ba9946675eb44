#include "tests/operator/operator_run.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace marginalia {
namespace {

// Through a shell when there is something to read: a started program has the test's own input.
std::vector<std::string> CommandLine(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(), OPERATOR_BINARY);
  if (input.empty()) return arguments;
  const std::vector<std::string> shell = {"/bin/sh", "-c",
                                          "input=$1; shift; exec \"$@\" <\"$input\"", "sh", input};
  arguments.insert(arguments.begin(), shell.begin(), shell.end());
  return arguments;
}

}  // namespace

OperatorRun::OperatorRun(std::vector<std::string> arguments, const std::string& input) {
  out_ = open(directory_.File("out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  process_ = std::make_unique<ChildProcess>(
      CommandLine(std::move(arguments), input),
      ChildOptions{.stdout_fd = out_, .stderr_path = directory_.File("error")});
}

OperatorRun::~OperatorRun() { close(out_); }

void OperatorRun::Kill() { process_->Signal(SIGKILL); }

void OperatorRun::Terminate() { process_->Signal(SIGTERM); }

std::string OperatorRun::out() const { return ReadWhole(directory_.File("out")); }

std::string OperatorRun::error() const { return ReadWhole(directory_.File("error")); }

OperatorOutcome OperatorRun::Wait() {
  const int exit_code = process_->Wait();
  return {exit_code, out(), error()};
}

OperatorOutcome RunOperator(std::vector<std::string> arguments, const std::string& input) {
  return OperatorRun(std::move(arguments), input).Wait();
}

std::string Printed(const OperatorOutcome& outcome, const std::string& name) {
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(name + " ", 0) != 0) continue;
    const std::size_t value = line.find_first_not_of(' ', name.size());
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "";
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteWhole(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

void DamageByte(const std::string& path, std::size_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 0x40));
}

}  // namespace marginalia
