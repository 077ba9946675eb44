// A broker, a service that relays to it, people who post, and the comparison of what the broker has
// with what the log holds.
#ifndef MARGINALIA_TESTS_RELAY_RELAY_FIXTURE_H_
#define MARGINALIA_TESTS_RELAY_RELAY_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/comments_service/client.h"
#include "tests/relay/relaying_service.h"
#include "tests/relay/stream_reader.h"
#include "tests/support/database_under_test.h"
#include "tests/support/nats_server.h"

namespace marginalia {

// Posts one comment after the other on a thread of its own, over a few invoices, until the first
// failure or its end.
class Poster {
 public:
  explicit Poster(Client client);
  ~Poster();

  std::size_t acknowledged() const { return count_; }
  // Waits until there are `count` more than now.
  bool Advance(std::size_t count) const;
  // Ends it. Returns the ids of the comments that were acknowledged.
  std::vector<std::string> Stop();

 private:
  void Run();

  const Client client_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> count_ = 0;
  std::vector<std::string> ids_;
  std::thread thread_;
};

// Waits until the newest relayed event is the one at `position`.
testing::AssertionResult Relayed(StreamReader& reader, std::int64_t position);

// Posts one more comment, waits until it is in the stream, and compares the stream with the log:
// each event once, in the log's order, and each acknowledged comment among them.
void ExpectStreamIsTheLog(const RelayingService& service, const NatsServer& broker,
                          const std::vector<std::string>& acknowledged);

class RelayTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void StartAll() {
    broker_.Start();
    service_.Start();
  }
  // Posts `count` comments. Returns the position of the last one.
  std::int64_t Post(int count);

  NatsServer broker_;
  const std::string database_url_ = NewDatabaseUrl(GetParam());
  RelayingService service_{database_url_, broker_.url()};
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_RELAY_RELAY_FIXTURE_H_
