// A consumer of the stream, as another team would write one. Used by one thread.
#ifndef MARGINALIA_TESTS_RELAY_STREAM_READER_H_
#define MARGINALIA_TESTS_RELAY_STREAM_READER_H_

#include <nats/nats.h>

#include <cstdint>
#include <string>
#include <vector>

namespace marginalia {

struct StreamMessage {
  std::string subject;
  std::string id;
  std::string content_type;
  std::string body;
};

class StreamReader {
 public:
  // Connects, and fails the test when it cannot.
  explicit StreamReader(const std::string& url);
  ~StreamReader();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  // The id of the newest message under `marginalia.`; empty while there is none.
  std::string LastId();
  // All messages, in order, by an ordered consumer.
  std::vector<StreamMessage> ReadAll();

  // What operators and others do to a stream.
  void Make(const std::string& subject);
  void Publish(const std::string& subject);
  void Purge();
  void Delete();
  // How many messages the stream may hold, as it was made.
  std::int64_t MessagesMax();

 private:
  std::int64_t Count();

  natsConnection* connection_ = nullptr;
  jsCtx* jetstream_ = nullptr;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_RELAY_STREAM_READER_H_
