#include "comments-service/relay/relay_stream.h"

#include <nats/nats.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

constexpr char kIdHeader[] = "Nats-Msg-Id";
constexpr char kExpectedSequenceHeader[] = "Nats-Expected-Last-Sequence";
constexpr char kExpectedIdHeader[] = "Nats-Expected-Last-Msg-Id";
constexpr char kExpectedStreamHeader[] = "Nats-Expected-Stream";
// As the CloudEvents SDKs read it: NATS keeps the case of a header's name.
constexpr char kContentTypeHeader[] = "content-type";
// The names of the server's errors:
// https://github.com/nats-io/nats-server/blob/main/server/errors.json
constexpr std::int64_t kWrongLastSequence = 10071;
constexpr std::int64_t kWrongLastMessageId = 10070;
// How often a wait looks whether the process is ending.
constexpr absl::Duration kStopLookInterval = absl::Milliseconds(50);

// An owned object of libnats.
template <class T, void (*Destroy)(T*)>
struct Destroyer {
  void operator()(T* object) const { Destroy(object); }
};
template <class T, void (*Destroy)(T*)>
using Owned = std::unique_ptr<T, Destroyer<T, Destroy>>;

using Options = Owned<natsOptions, natsOptions_Destroy>;
using Connected = Owned<natsConnection, natsConnection_Destroy>;
using JetStream = Owned<jsCtx, jsCtx_Destroy>;
using Subscription = Owned<natsSubscription, natsSubscription_Destroy>;
using Message = Owned<natsMsg, natsMsg_Destroy>;
using StreamInfo = Owned<jsStreamInfo, jsStreamInfo_Destroy>;

int Milliseconds(absl::Duration time) { return static_cast<int>(absl::ToInt64Milliseconds(time)); }

absl::Status Unavailable(const std::string& what, natsStatus status) {
  return absl::UnavailableError(absl::StrCat(what, ": ", natsStatus_GetText(status)));
}

// What JetStream answered to a request: a refusal when it came from there, with the server's words.
absl::Status Answered(const std::string& what, natsStatus status, jsErrCode error) {
  if (error == 0 && status != NATS_NO_RESPONDERS) return Unavailable(what, status);
  if (status == NATS_NO_RESPONDERS) {
    return absl::FailedPreconditionError(absl::StrCat(what, ": JetStream is not enabled"));
  }
  const char* words = nats_GetLastError(nullptr);
  return absl::FailedPreconditionError(
      absl::StrCat(what, ": ", words != nullptr ? words : natsStatus_GetText(status)));
}

// The acknowledgement of one message.
struct Acknowledgement {
  absl::Status status;
  bool duplicate = false;
};

Acknowledgement Refused(std::string_view why) {
  return {absl::FailedPreconditionError(
      absl::StrCat("the stream does not take a message: ", std::string(why)))};
}

Acknowledgement ParseRefusal(const boost::json::value& error) {
  const boost::json::object* refusal = error.if_object();
  if (refusal == nullptr) return Refused("it does not say why");
  const boost::json::value* code = refusal->if_contains("err_code");
  if (code != nullptr && (*code == kWrongLastSequence || *code == kWrongLastMessageId)) {
    return {absl::AbortedError("the stream holds other messages than expected")};
  }
  const boost::json::value* words = refusal->if_contains("description");
  if (words == nullptr || !words->is_string()) return Refused("it does not say why");
  return Refused(std::string(words->get_string()));
}

// {"stream", "seq", "duplicate"} or {"error": {"err_code", "description"}}.
Acknowledgement ParseAcknowledgement(natsMsg* answer) {
  if (natsMsg_IsNoResponders(answer)) return Refused("it does not listen to the subject");
  boost::system::error_code error;
  const boost::json::value json = boost::json::parse(
      {natsMsg_GetData(answer), static_cast<std::size_t>(natsMsg_GetDataLength(answer))}, error);
  const boost::json::object* object = error ? nullptr : json.if_object();
  if (object == nullptr) return Refused("its answer is no JSON");
  const boost::json::value* refusal = object->if_contains("error");
  if (refusal != nullptr) return ParseRefusal(*refusal);
  const boost::json::value* duplicate = object->if_contains("duplicate");
  return {absl::OkStatus(), duplicate != nullptr && *duplicate == true};
}

natsStatus SetUp(natsOptions* options, const RelayStreamOptions& wanted) {
  std::vector<const char*> servers;
  for (const std::string& server : wanted.servers) servers.push_back(server.c_str());
  natsStatus status =
      natsOptions_SetServers(options, servers.data(), static_cast<int>(servers.size()));
  if (status == NATS_OK) status = natsOptions_SetName(options, "comments-service relay");
  if (status == NATS_OK) status = natsOptions_SetAllowReconnect(options, false);
  if (status == NATS_OK) {
    status = natsOptions_SetTimeout(options, Milliseconds(kBrokerConnectMax));
  }
  if (status == NATS_OK) {
    status = natsOptions_SetPingInterval(options, Milliseconds(kBrokerPingInterval));
  }
  if (status == NATS_OK) {
    status = natsOptions_SetWriteDeadline(options, Milliseconds(kBrokerAnswerMax));
  }
  if (status == NATS_OK && !wanted.ca_path.empty()) {
    status = natsOptions_SetSecure(options, true);
    if (status == NATS_OK) {
      status = natsOptions_LoadCATrustedCertificates(options, wanted.ca_path.c_str());
    }
  }
  if (status == NATS_OK && !wanted.credentials_path.empty()) {
    status =
        natsOptions_SetUserCredentialsFromFiles(options, wanted.credentials_path.c_str(), nullptr);
  }
  return status;
}

}  // namespace

struct RelayStream::State {
  std::string stream;
  // In the order in which they are made; they go in the other one.
  Options options;
  Connected connection;
  JetStream jetstream;
  std::string inbox;
  Subscription answers;
  // Each message's acknowledgement comes under a number of its own.
  std::uint64_t next_answer = 0;

  natsStatus Open();
  absl::StatusOr<StreamInfo> Info();
  absl::StatusOr<StreamInfo> Make();
  absl::StatusOr<std::optional<LogPoint>> LastEvent(const jsStreamInfo& info);
  // `previous`: the id of the message sent just before; empty: none was. When that one is refused
  // because of a message of others', this one must not fit where it would have stood.
  natsStatus Send(const RelayMessage& message, std::string_view previous,
                  std::int64_t expected_sequence, std::uint64_t answer);
  Acknowledgement Await(std::uint64_t answer, const std::stop_token& stop);
};

natsStatus RelayStream::State::Open() {
  natsConnection* opened = nullptr;
  natsStatus status = natsConnection_Connect(&opened, options.get());
  connection.reset(opened);
  if (status != NATS_OK) return status;
  jsOptions defaults;
  jsOptions_Init(&defaults);
  defaults.Wait = Milliseconds(kBrokerAnswerMax);
  jsCtx* context = nullptr;
  status = natsConnection_JetStream(&context, connection.get(), &defaults);
  jetstream.reset(context);
  if (status != NATS_OK) return status;
  natsInbox* prefix = nullptr;
  status = natsInbox_Create(&prefix);
  if (status != NATS_OK) return status;
  inbox = prefix;
  natsInbox_Destroy(prefix);
  natsSubscription* subscription = nullptr;
  status = natsConnection_SubscribeSync(&subscription, connection.get(), (inbox + ".*").c_str());
  answers.reset(subscription);
  return status;
}

// Null when there is no such stream.
absl::StatusOr<StreamInfo> RelayStream::State::Info() {
  jsStreamInfo* info = nullptr;
  jsErrCode error = static_cast<jsErrCode>(0);
  const natsStatus status =
      js_GetStreamInfo(&info, jetstream.get(), stream.c_str(), nullptr, &error);
  if (status == NATS_NOT_FOUND) return StreamInfo();
  if (status != NATS_OK) return Answered("cannot look at stream " + stream, status, error);
  return StreamInfo(info);
}

absl::StatusOr<StreamInfo> RelayStream::State::Make() {
  const char* subjects[] = {kRelaySubjects};
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  config.Name = stream.c_str();
  config.Subjects = subjects;
  config.SubjectsLen = 1;
  config.MaxMsgs = kStreamMessagesMax;
  config.MaxAge = absl::ToInt64Nanoseconds(kStreamAgeMax);
  config.Duplicates = absl::ToInt64Nanoseconds(kStreamDuplicateWindow);
  jsStreamInfo* info = nullptr;
  jsErrCode error = static_cast<jsErrCode>(0);
  const natsStatus status = js_AddStream(&info, jetstream.get(), &config, nullptr, &error);
  if (status != NATS_OK) return Answered("cannot make stream " + stream, status, error);
  return StreamInfo(info);
}

// Others may publish into the stream as well, so its newest message need not be one of ours. A
// stream without messages is not asked: nats-server 2.9 may crash of the question.
absl::StatusOr<std::optional<LogPoint>> RelayStream::State::LastEvent(const jsStreamInfo& info) {
  if (info.State.Msgs == 0) return std::nullopt;
  natsMsg* found = nullptr;
  jsErrCode error = static_cast<jsErrCode>(0);
  const natsStatus status =
      js_GetLastMsg(&found, jetstream.get(), stream.c_str(), kRelaySubjects, nullptr, &error);
  if (status == NATS_NOT_FOUND) return std::nullopt;
  if (status != NATS_OK) return Answered("cannot read stream " + stream, status, error);
  const Message message(found);
  const char* id = nullptr;
  if (natsMsgHeader_Get(found, kIdHeader, &id) != NATS_OK) return std::nullopt;
  return ParseRelayMessageId(id);
}

natsStatus RelayStream::State::Send(const RelayMessage& message, std::string_view previous,
                                    std::int64_t expected_sequence, std::uint64_t answer) {
  natsMsg* made = nullptr;
  natsStatus status =
      natsMsg_Create(&made, message.subject.c_str(), absl::StrCat(inbox, ".", answer).c_str(),
                     message.body.data(), static_cast<int>(message.body.size()));
  const Message owned(made);
  if (status != NATS_OK) return status;
  for (const auto& [name, value] : {std::pair<const char*, std::string>{kIdHeader, message.id},
                                    {kExpectedStreamHeader, stream},
                                    {kExpectedSequenceHeader, std::to_string(expected_sequence)},
                                    {kContentTypeHeader, kRelayContentType}}) {
    status = natsMsgHeader_Set(made, name, value.c_str());
    if (status != NATS_OK) return status;
  }
  if (!previous.empty()) {
    status = natsMsgHeader_Set(made, kExpectedIdHeader, std::string(previous).c_str());
    if (status != NATS_OK) return status;
  }
  return natsConnection_PublishMsg(connection.get(), made);
}

Acknowledgement RelayStream::State::Await(std::uint64_t answer, const std::stop_token& stop) {
  const std::string subject = absl::StrCat(inbox, ".", answer);
  const SteadyTime until = SteadyTime::Now() + kBrokerAnswerMax;
  while (true) {
    natsMsg* next = nullptr;
    const natsStatus status =
        natsSubscription_NextMsg(&next, answers.get(), Milliseconds(kStopLookInterval));
    const Message message(next);
    if (status == NATS_OK) {
      // What was given up before may still be answered.
      if (natsMsg_GetSubject(next) == subject) return ParseAcknowledgement(next);
      continue;
    }
    if (stop.stop_requested()) return {absl::CancelledError("the process is ending")};
    if (status != NATS_TIMEOUT || SteadyTime::Now() >= until) {
      return {Unavailable("the broker did not acknowledge a message", status)};
    }
  }
}

absl::StatusOr<std::unique_ptr<RelayStream>> RelayStream::Connect(
    const RelayStreamOptions& options) {
  auto state = std::make_unique<State>();
  state->stream = options.stream;
  natsOptions* made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  state->options.reset(made);
  if (status == NATS_OK) status = SetUp(made, options);
  if (status == NATS_OK) status = state->Open();
  // The library's last words may hold the url, and with it a password.
  if (status != NATS_OK) return Unavailable("cannot connect to " + options.description, status);
  return std::unique_ptr<RelayStream>(new RelayStream(std::move(state)));
}

RelayStream::RelayStream(std::unique_ptr<State> state) : state_(std::move(state)) {}

RelayStream::~RelayStream() = default;

absl::StatusOr<StreamState> RelayStream::Look() {
  absl::StatusOr<StreamInfo> info = state_->Info();
  if (info.ok() && *info == nullptr) info = state_->Make();
  if (!info.ok()) return info.status();
  const absl::StatusOr<std::optional<LogPoint>> last_event = state_->LastEvent(**info);
  if (!last_event.ok()) return last_event.status();
  return StreamState{.created = (*info)->Created,
                     .last_sequence = static_cast<std::int64_t>((*info)->State.LastSeq),
                     .last_event = *last_event};
}

PublishOutcome RelayStream::Publish(const std::vector<RelayMessage>& messages,
                                    std::int64_t last_sequence, const std::stop_token& stop) {
  const std::uint64_t first_answer = state_->next_answer;
  natsStatus sent = NATS_OK;
  std::size_t count = 0;
  for (; count < messages.size(); ++count) {
    sent = state_->Send(messages[count], count == 0 ? std::string_view() : messages[count - 1].id,
                        last_sequence + static_cast<std::int64_t>(count), state_->next_answer++);
    if (sent != NATS_OK) break;
  }
  PublishOutcome outcome;
  while (outcome.acknowledged < count) {
    const Acknowledgement acknowledgement =
        state_->Await(first_answer + outcome.acknowledged, stop);
    outcome.status = acknowledgement.status;
    if (!outcome.status.ok()) return outcome;
    ++outcome.acknowledged;
    if (acknowledgement.duplicate) ++outcome.duplicates;
  }
  if (sent == NATS_MAX_PAYLOAD) {
    outcome.status = Refused("it is larger than the broker's max_payload").status;
  } else if (sent != NATS_OK) {
    outcome.status = Unavailable("cannot publish", sent);
  }
  return outcome;
}

bool RelayStream::connected() const {
  return natsConnection_Status(state_->connection.get()) == NATS_CONN_STATUS_CONNECTED;
}

}  // namespace marginalia
