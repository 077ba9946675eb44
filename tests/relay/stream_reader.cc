#include "tests/relay/stream_reader.h"

#include <gtest/gtest.h>

#include "tests/support/await.h"

namespace marginalia {
namespace {

constexpr char kStream[] = "marginalia";
constexpr std::int64_t kAnswerMillisecondsMax = 10'000;

std::string HeaderOf(natsMsg* message, const char* name) {
  const char* value = nullptr;
  return natsMsgHeader_Get(message, name, &value) == NATS_OK ? value : "";
}

StreamMessage MessageOf(natsMsg* message) {
  return {.subject = natsMsg_GetSubject(message),
          .id = HeaderOf(message, "Nats-Msg-Id"),
          .content_type = HeaderOf(message, "content-type"),
          .body = std::string(natsMsg_GetData(message),
                              static_cast<std::size_t>(natsMsg_GetDataLength(message)))};
}

}  // namespace

StreamReader::StreamReader(const std::string& url) {
  // The broker answers only once it has recovered its store.
  EXPECT_TRUE(
      Await([&] { return natsConnection_ConnectTo(&connection_, url.c_str()) == NATS_OK; }));
  EXPECT_EQ(natsConnection_JetStream(&jetstream_, connection_, nullptr), NATS_OK);
}

StreamReader::~StreamReader() {
  jsCtx_Destroy(jetstream_);
  natsConnection_Destroy(connection_);
}

std::string StreamReader::LastId() {
  // nats-server 2.9 may crash when it is asked for the last message of a stream without any.
  if (Count() == 0) return "";
  natsMsg* message = nullptr;
  if (js_GetLastMsg(&message, jetstream_, kStream, "marginalia.>", nullptr, nullptr) != NATS_OK) {
    return "";
  }
  std::string id = HeaderOf(message, "Nats-Msg-Id");
  natsMsg_Destroy(message);
  return id;
}

std::int64_t StreamReader::Count() {
  jsStreamInfo* info = nullptr;
  if (js_GetStreamInfo(&info, jetstream_, kStream, nullptr, nullptr) != NATS_OK) return 0;
  const auto count = static_cast<std::int64_t>(info->State.Msgs);
  jsStreamInfo_Destroy(info);
  return count;
}

std::vector<StreamMessage> StreamReader::ReadAll() {
  std::vector<StreamMessage> messages;
  const std::int64_t count = Count();
  // The stream need not be there yet.
  if (count == 0) return messages;
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Ordered = true;
  options.Stream = kStream;
  natsSubscription* subscription = nullptr;
  EXPECT_EQ(js_SubscribeSync(&subscription, jetstream_, ">", nullptr, &options, nullptr), NATS_OK);
  for (std::int64_t i = 0; i < count; ++i) {
    natsMsg* message = nullptr;
    EXPECT_EQ(natsSubscription_NextMsg(&message, subscription, kAnswerMillisecondsMax), NATS_OK);
    if (message == nullptr) break;
    messages.push_back(MessageOf(message));
    natsMsg_Destroy(message);
  }
  natsSubscription_Destroy(subscription);
  return messages;
}

void StreamReader::Make(const std::string& subject) {
  const char* subjects[] = {"marginalia.>", subject.c_str()};
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  config.Name = kStream;
  config.Subjects = subjects;
  config.SubjectsLen = 2;
  config.MaxMsgs = 777;
  EXPECT_EQ(js_AddStream(nullptr, jetstream_, &config, nullptr, nullptr), NATS_OK);
}

void StreamReader::Publish(const std::string& subject) {
  EXPECT_EQ(js_Publish(nullptr, jetstream_, subject.c_str(), "x", 1, nullptr, nullptr), NATS_OK);
}

void StreamReader::Purge() {
  EXPECT_EQ(js_PurgeStream(jetstream_, kStream, nullptr, nullptr), NATS_OK);
}

void StreamReader::Delete() {
  EXPECT_EQ(js_DeleteStream(jetstream_, kStream, nullptr, nullptr), NATS_OK);
}

std::int64_t StreamReader::MessagesMax() {
  jsStreamInfo* info = nullptr;
  EXPECT_EQ(js_GetStreamInfo(&info, jetstream_, kStream, nullptr, nullptr), NATS_OK);
  const std::int64_t max = info == nullptr ? -1 : info->Config->MaxMsgs;
  jsStreamInfo_Destroy(info);
  return max;
}

}  // namespace marginalia
