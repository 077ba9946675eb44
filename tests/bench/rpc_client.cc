#include "tests/bench/rpc_client.h"

#include <google/protobuf/message_lite.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace marginalia::bench {
namespace {

constexpr std::chrono::seconds kWaitMax{10};
constexpr int kAnswerBytesMax = 64 * 1024 * 1024;

// One call at a time; used again for the next one.
struct CallSlot {
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
  RpcClient::Answered answered;
};

std::shared_ptr<grpc::Channel> NewConnection(const std::string& address) {
  grpc::ChannelArguments arguments;
  // Channels to one address share a connection unless told not to.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kAnswerBytesMax);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

struct RpcClient::State {
  RpcClientOptions options;
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  grpc::CompletionQueue answers;
  std::mutex mutex;
  std::deque<CallSlot> slots;   // guarded by mutex; grows only, so that slots stay where they are
  std::vector<CallSlot*> idle;  // guarded by mutex
  std::thread answering;

  CallSlot* TakeSlot() {
    const std::lock_guard lock(mutex);
    CallSlot* slot = nullptr;
    if (idle.empty()) {
      slot = &slots.emplace_back();
    } else {
      slot = idle.back();
      idle.pop_back();
    }
    slot->context.emplace();
    return slot;
  }

  void ReturnSlot(CallSlot* slot) {
    const std::lock_guard lock(mutex);
    slot->context.reset();
    idle.push_back(slot);
  }

  void Answer() {
    void* tag = nullptr;
    bool ok = false;
    while (answers.Next(&tag, &ok)) {
      auto* slot = static_cast<CallSlot*>(tag);
      Answered answered = std::move(slot->answered);
      const grpc::Status status = std::move(slot->status);
      const grpc::ByteBuffer answer = std::move(slot->answer);
      slot->answer.Clear();
      slot->reader.reset();
      ReturnSlot(slot);
      answered(status, answer);
    }
  }
};

RpcClient::RpcClient(RpcClientOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  const std::vector<std::string> addresses = absl::StrSplit(state_->options.address, ',');
  for (int i = 0; i < state_->options.connections; ++i) {
    const auto turn = static_cast<std::size_t>(i) % addresses.size();
    state_->channels.push_back(NewConnection(addresses[turn]));
    state_->stubs.push_back(std::make_unique<grpc::GenericStub>(state_->channels.back()));
  }
  state_->answering = std::thread([this] { state_->Answer(); });
}

absl::StatusOr<std::unique_ptr<RpcClient>> RpcClient::Connect(RpcClientOptions options) {
  std::unique_ptr<RpcClient> client(new RpcClient(std::move(options)));
  const auto until = std::chrono::system_clock::now() + kWaitMax;
  for (const auto& channel : client->state_->channels) {
    if (!channel->WaitForConnected(until)) {
      return absl::UnavailableError(
          absl::StrCat("nobody answers at ", client->state_->options.address));
    }
  }
  return client;
}

RpcClient::~RpcClient() {
  {
    const std::lock_guard lock(state_->mutex);
    for (CallSlot& slot : state_->slots) {
      if (slot.context.has_value()) slot.context->TryCancel();
    }
  }
  state_->answers.Shutdown();
  state_->answering.join();
}

int RpcClient::connections() const { return static_cast<int>(state_->channels.size()); }

void RpcClient::Call(std::int64_t connection, const std::string& method,
                     const grpc::ByteBuffer& request, Answered answered) {
  CallSlot* slot = state_->TakeSlot();
  slot->answered = std::move(answered);
  if (!state_->options.bearer.empty()) {
    slot->context->AddMetadata("authorization", "Bearer " + state_->options.bearer);
  }
  grpc::GenericStub& stub = *state_->stubs[connection % state_->stubs.size()];
  slot->reader = stub.PrepareUnaryCall(&*slot->context, method, request, &state_->answers);
  slot->reader->StartCall();
  slot->reader->Finish(&slot->answer, &slot->status, slot);
}

absl::StatusOr<grpc::ByteBuffer> RpcClient::CallAndWait(const std::string& method,
                                                        const grpc::ByteBuffer& request) {
  auto outcome = std::make_shared<std::promise<absl::StatusOr<grpc::ByteBuffer>>>();
  auto ended = outcome->get_future();
  Call(0, method, request,
       [outcome, method](const grpc::Status& status, const grpc::ByteBuffer& answer) {
         if (status.ok()) {
           outcome->set_value(answer);
         } else {
           outcome->set_value(OutcomeOf(method, status));
         }
       });
  if (ended.wait_for(kWaitMax) != std::future_status::ready) {
    return absl::DeadlineExceededError(absl::StrCat(method, ": no answer"));
  }
  return ended.get();
}

absl::Status RpcClient::CallAndWait(const std::string& method,
                                    const google::protobuf::MessageLite& request,
                                    google::protobuf::MessageLite* answer) {
  const absl::StatusOr<grpc::ByteBuffer> bytes = CallAndWait(method, BytesOf(request));
  if (!bytes.ok()) return bytes.status();
  if (!answer->ParseFromString(StringOf(*bytes))) {
    return absl::DataLossError(absl::StrCat(method, ": the answer does not parse"));
  }
  return absl::OkStatus();
}

grpc::ByteBuffer BytesOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer BytesOf(const google::protobuf::MessageLite& message) {
  return BytesOf(message.SerializeAsString());
}

std::string StringOf(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  if (!bytes.Dump(&slices).ok()) return {};
  std::string whole;
  for (const grpc::Slice& slice : slices) {
    whole.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return whole;
}

absl::Status OutcomeOf(const std::string& method, const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat(method, ": ", status.error_message()));
}

}  // namespace marginalia::bench
