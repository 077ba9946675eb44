#include "tests/support/nats_server.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/await.h"

namespace marginalia {
namespace {

// 127.0.0.1:port as the server writes it down once it listens; empty before.
std::string AddressIn(const std::string& ports_file) {
  std::ifstream file(ports_file);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  constexpr std::string_view kHost = "127.0.0.1:";
  const std::size_t begin = text.find(kHost);
  if (begin == std::string::npos) return "";
  const std::size_t end = text.find('"', begin);
  return end == std::string::npos ? "" : text.substr(begin, end - begin);
}

}  // namespace

NatsServer::NatsServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}

void NatsServer::Start() {
  std::vector<std::string> arguments = {NATS_SERVER,
                                        "-a",
                                        "127.0.0.1",
                                        "-p",
                                        "-1",
                                        "--ports_file_dir",
                                        directory_.path(),
                                        "-js",
                                        "-sd",
                                        directory_.File("store"),
                                        "-l",
                                        directory_.File("log")};
  arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
  process_ = std::make_unique<ChildProcess>(std::move(arguments));
  const std::string ports =
      directory_.File("nats-server_" + std::to_string(process_->pid()) + ".ports");
  std::string listening;
  ASSERT_TRUE(Await([&] { return !(listening = AddressIn(ports)).empty(); }))
      << std::ifstream(directory_.File("log")).rdbuf();
  front_.LeadTo(listening);
}

void NatsServer::Kill() {
  process_->Signal(SIGKILL);
  process_->Wait();
  front_.Cut();
}

void NatsServer::LoseStore() { std::filesystem::remove_all(directory_.path() / "store"); }

void NatsServer::CopyStore() {
  std::filesystem::copy(directory_.path() / "store", directory_.path() / "copy",
                        std::filesystem::copy_options::recursive);
}

void NatsServer::RestoreStore() {
  LoseStore();
  std::filesystem::rename(directory_.path() / "copy", directory_.path() / "store");
}

}  // namespace marginalia
