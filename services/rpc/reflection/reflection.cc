#include "services/rpc/reflection/reflection.h"

#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "services/errors/draining.h"
#include "services/errors/errors.h"
#include "services/process/pause.h"
#include "services/process/stopwatch.h"
#include "services/rpc/gate/gate.h"
#include "services/rpc/gate/late_refusals.h"
#include "services/rpc/gate/refused_stream.h"
#include "services/rpc/reflection/descriptions.h"
#include "services/text/tenant_key.h"

namespace marginalia {
namespace {

// A stream may be idle for this share of its limit longer before it is seen.
constexpr int kLooksPerIdle = 6;
constexpr absl::Duration kRetryAfterFull = absl::Seconds(1);

absl::Status TooManyStreams() {
  return Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_REFLECTION_STREAMS",
                 "too many ask for the contract at once; try again shortly", {}, kRetryAfterFull);
}

absl::Status TooManyStreamsOfCaller() {
  return Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_REFLECTION_STREAMS",
                 "you ask for the contract on too many streams; close one, or try again shortly",
                 {{"limit", "caller"}}, kRetryAfterFull);
}

absl::Status Idle() {
  return Refusal(absl::StatusCode::kDeadlineExceeded, "REFLECTION_IDLE",
                 "nothing was asked for too long: open another stream when there is a question");
}

struct Version1 {
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
  using Contract = grpc::reflection::v1::ServerReflection;
};
struct Version1Alpha {
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
  using Contract = grpc::reflection::v1alpha::ServerReflection;
};

template <class Response>
void SayError(const absl::Status& status, Response& response) {
  response.mutable_error_response()->set_error_code(static_cast<int>(status.code()));
  response.mutable_error_response()->set_error_message(std::string(status.message()));
}

template <class Response>
void SayFiles(const absl::StatusOr<DescribedFiles>& files, Response& response) {
  if (!files.ok()) return SayError(files.status(), response);
  for (const std::string_view file : *files) {
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(file.data(),
                                                                           file.size());
  }
}

template <class Response>
void SayNumbers(const std::string& message, Response& response) {
  const auto numbers = ExtensionNumbersOf(message);
  if (!numbers.ok()) return SayError(numbers.status(), response);
  response.mutable_all_extension_numbers_response()->set_base_type_name(message);
  for (const int number : *numbers) {
    response.mutable_all_extension_numbers_response()->add_extension_number(number);
  }
}

template <class Request, class Response>
void AnswerQuestion(const Request& request, const std::vector<std::string>& service_names,
                    Response& response) {
  response.Clear();
  if (request.ByteSizeLong() > kReflectionNameBytesMax) {
    return SayError(absl::InvalidArgumentError("the name is too long"), response);
  }
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      return SayFiles(FilesOfFile(request.file_by_filename()), response);
    case Request::kFileContainingSymbol:
      return SayFiles(FilesOfSymbol(request.file_containing_symbol()), response);
    case Request::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      return SayFiles(FilesOfExtension(extension.containing_type(), extension.extension_number()),
                      response);
    }
    case Request::kAllExtensionNumbersOfType:
      return SayNumbers(request.all_extension_numbers_of_type(), response);
    case Request::kListServices:
      for (const std::string& name : service_names) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      return;
    default:
      return SayError(absl::UnimplementedError("that cannot be asked"), response);
  }
}

// A stream as those that end it see it. All of it is guarded by the mutex of Streams, because it
// may be gone as soon as it is finished.
class OpenStream {
 public:
  virtual ~OpenStream() = default;
  virtual void End(const absl::Status& status) = 0;

  std::string caller;
  SteadyTime last_asked = SteadyTime::Now();
};

}  // namespace

class Reflection::Streams {
 public:
  Streams(Gate& given_gate, std::vector<std::string> names, absl::Duration idle_max)
      : gate(given_gate),
        service_names(std::move(names)),
        thread_([this, idle_max](const std::stop_token& stop) { Work(idle_max, stop); }) {}

  // With mutex held, as all that follow.
  absl::Status Open(OpenStream* stream) {
    if (drained_) return Draining();
    if (open_.size() >= kReflectionStreamsMax) return TooManyStreams();
    const auto is_same = [stream](OpenStream* other) { return other->caller == stream->caller; };
    if (std::count_if(open_.begin(), open_.end(), is_same) >= kReflectionStreamsPerCallerMax) {
      return TooManyStreamsOfCaller();
    }
    open_.insert(stream);
    return absl::OkStatus();
  }
  void Close(OpenStream* stream) { open_.erase(stream); }
  std::size_t count() const { return open_.size(); }
  void Drain() {
    drained_ = true;
    for (OpenStream* stream : open_) stream->End(Draining());
  }

  Gate& gate;
  const std::vector<std::string> service_names;
  std::mutex mutex;

 private:
  void Work(absl::Duration idle_max, const std::stop_token& stop) {
    while (Pause(idle_max / kLooksPerIdle, stop)) {
      const std::lock_guard lock(mutex);
      const SteadyTime idle_since = SteadyTime::Now() - idle_max;
      for (OpenStream* stream : open_) {
        if (stream->last_asked < idle_since) stream->End(Idle());
      }
    }
  }

  std::set<OpenStream*> open_;
  bool drained_ = false;
  std::jthread thread_;
};

template <class Version>
class Reflection::Service : public Version::Contract::CallbackService {
  using Request = typename Version::Request;
  using Response = typename Version::Response;

 public:
  explicit Service(Streams& streams)
      : streams_(streams),
        method_(streams.gate.ForeignMethod(
            absl::StrCat(Version::Contract::service_full_name(), "/ServerReflectionInfo"),
            Role::kViewer)) {}

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(
      grpc::CallbackServerContext* context) override {
    auto call = streams_.gate.Admit(context, method_);
    if (!call.ok()) {
      return new RefusedStream<grpc::ServerBidiReactor<Request, Response>>(call.status());
    }
    auto* stream = new Stream(streams_, *std::move(call));
    stream->Start();
    return stream;
  }

 private:
  class Stream : public grpc::ServerBidiReactor<Request, Response>, public OpenStream {
   public:
    Stream(Streams& streams, AdmittedCall call) : streams_(streams), call_(std::move(call)) {
      caller = TenantKey(call_.caller().org_id, call_.caller().user_id);
    }

    void Start() {
      absl::Status opened;
      {
        const std::lock_guard lock(streams_.mutex);
        opened = streams_.Open(this);
        if (opened.ok()) return this->StartRead(&request_);
      }
      LateRefusals::OfProcess().Tell(opened, [this, opened] {
        const std::lock_guard lock(streams_.mutex);
        End(opened);
      });
    }

    void End(const absl::Status& status) override {
      if (std::exchange(finished_, true)) return;
      this->Finish(call_.Ended(status));
    }

    void OnReadDone(bool ok) override {
      // What is asked and answered is this call's alone: others need not wait meanwhile.
      if (ok) AnswerQuestion(request_, streams_.service_names, response_);
      const std::lock_guard lock(streams_.mutex);
      if (!ok) return End(absl::OkStatus());
      if (finished_) return;
      last_asked = SteadyTime::Now();
      this->StartWrite(&response_);
    }

    void OnWriteDone(bool ok) override {
      const std::lock_guard lock(streams_.mutex);
      if (!ok) return End(absl::CancelledError());
      if (!finished_) this->StartRead(&request_);
    }

    void OnDone() override {
      {
        const std::lock_guard lock(streams_.mutex);
        streams_.Close(this);
      }
      delete this;
    }

   private:
    Streams& streams_;
    AdmittedCall call_;
    Request request_;
    Response response_;
    bool finished_ = false;
  };

  Streams& streams_;
  const GatedMethod& method_;
};

Reflection::Reflection(Gate& gate, std::vector<std::string> service_names,
                       absl::Duration idle_max) {
  service_names.insert(service_names.end(),
                       {"grpc.health.v1.Health", Version1::Contract::service_full_name(),
                        Version1Alpha::Contract::service_full_name()});
  streams_ = std::make_unique<Streams>(gate, std::move(service_names), idle_max);
  services_.push_back(std::make_unique<Service<Version1>>(*streams_));
  services_.push_back(std::make_unique<Service<Version1Alpha>>(*streams_));
}

Reflection::~Reflection() = default;

std::vector<grpc::Service*> Reflection::services() {
  std::vector<grpc::Service*> services;
  for (const auto& service : services_) services.push_back(service.get());
  return services;
}

void Reflection::End() {
  const std::lock_guard lock(streams_->mutex);
  streams_->Drain();
}

std::size_t Reflection::streams() const {
  const std::lock_guard lock(streams_->mutex);
  return streams_->count();
}

}  // namespace marginalia
