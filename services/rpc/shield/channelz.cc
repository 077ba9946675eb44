#include "services/rpc/shield/channelz.h"

#include <grpc/grpc.h>
#include <grpc/support/alloc.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "services/rpc/library.h"
#include "services/rpc/shield/received_bytes.h"

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr std::intptr_t kConnectionsPerQuestion = 500;

// Null when there is no such server or socket any more. Frees what gRPC allocated.
json::value Answered(char* text) {
  if (text == nullptr) return nullptr;
  json::error_code error;
  json::value answer = json::parse(text, error);
  gpr_free(text);
  return answer;
}

// Null when one of the names is not there.
const json::value* Find(const json::value& from, std::initializer_list<std::string_view> names) {
  const json::value* value = &from;
  for (const std::string_view name : names) {
    const json::object* object = value->if_object();
    value = object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
    if (value == nullptr) return nullptr;
  }
  return value;
}

// 64-bit numbers are strings in protobuf's JSON, and zeros are left out.
std::int64_t NumberAt(const json::value& from, std::initializer_list<std::string_view> names) {
  const json::value* value = Find(from, names);
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->get_int64();
  return value->is_string() ? std::strtoll(value->get_string().c_str(), nullptr, 10) : 0;
}

// What follows "chttp2 " in "chttp2 ipv4:192.0.2.1:50000".
std::string PeerIn(const json::value& socket) {
  const json::value* name = Find(socket, {"ref", "name"});
  if (name == nullptr || !name->is_string()) return "";
  const std::string text(name->get_string().data(), name->get_string().size());
  return text.substr(text.rfind(' ') + 1);
}

template <typename Visit>
void ForEach(const json::value& answer, std::string_view name, const Visit& visit) {
  const json::value* list = Find(answer, {name});
  if (list == nullptr || !list->is_array()) return;
  for (const json::value& item : list->get_array()) visit(item);
}

void AddConnection(std::intptr_t id, const SocketBytes& received,
                   std::vector<ServedConnection>& connections) {
  const json::value answer = Answered(grpc_channelz_get_socket(id));
  const json::value* socket = Find(answer, {"socket"});
  if (socket == nullptr) return;
  const std::int64_t started = NumberAt(*socket, {"data", "streamsStarted"});
  const std::int64_t answered = NumberAt(*socket, {"data", "streamsSucceeded"});
  const std::int64_t reset = NumberAt(*socket, {"data", "streamsFailed"});
  const std::int64_t unfinished = started - answered - reset;
  const std::int64_t messages = NumberAt(*socket, {"data", "messagesReceived"});
  ServedConnection connection = {
      .id = id,
      .peer = PeerIn(*socket),
      .local_port = static_cast<int>(NumberAt(*socket, {"local", "tcpip_address", "port"})),
      .unfinished_calls = unfinished,
      .messages_to_come =
          std::max<std::int64_t>(0, std::min(unfinished, started - messages - reset)),
      .reset_calls = reset};
  const auto bytes = received.find({connection.peer, connection.local_port});
  if (bytes != received.end()) connection.received_bytes = bytes->second;
  connections.push_back(std::move(connection));
}

void AddConnectionsOf(std::intptr_t server, const SocketBytes& received,
                      std::vector<ServedConnection>& connections) {
  std::intptr_t next = 0;
  for (bool end = false; !end;) {
    const json::value answer =
        Answered(grpc_channelz_get_server_sockets(server, next, kConnectionsPerQuestion));
    const std::intptr_t asked = next;
    ForEach(answer, "socketRef", [&](const json::value& reference) {
      const std::intptr_t id = NumberAt(reference, {"socketId"});
      AddConnection(id, received, connections);
      next = id + 1;
    });
    end = next == asked || Find(answer, {"end"}) != nullptr;
  }
}

json::value Servers() {
  const auto held = HoldServers();
  return Answered(grpc_channelz_get_servers(0));
}

}  // namespace

std::int64_t CallsNotAnswered() {
  std::int64_t calls = 0;
  ForEach(Servers(), "server", [&](const json::value& server) {
    calls +=
        NumberAt(server, {"data", "callsStarted"}) - NumberAt(server, {"data", "callsSucceeded"});
  });
  return calls;
}

std::vector<ServedConnection> ServedConnections() {
  const SocketBytes received = ReceivedBytes();
  std::vector<ServedConnection> connections;
  ForEach(Servers(), "server", [&](const json::value& server) {
    AddConnectionsOf(NumberAt(server, {"ref", "serverId"}), received, connections);
  });
  return connections;
}

}  // namespace marginalia
