#include "tests/relay/relay_fixture.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "tests/support/await.h"

namespace marginalia {
namespace {

constexpr int kPostedInvoices = 5;

// What a message and an event of the log have in common.
using Entry = std::pair<std::string, std::string>;  // position, comment id

std::vector<Entry> EntriesOf(const std::vector<StreamMessage>& messages) {
  std::vector<Entry> entries;
  for (const StreamMessage& message : messages) {
    const boost::json::value event = boost::json::parse(message.body);
    const auto& comment = event.at("data").at("commentAdded").at("comment");
    entries.emplace_back(std::string(event.at("position").as_string()),
                         std::string(comment.at("commentId").as_string()));
  }
  return entries;
}

std::vector<Entry> EntriesOf(const std::vector<comments::v1::Event>& events) {
  std::vector<Entry> entries;
  for (const auto& event : events) {
    entries.emplace_back(std::to_string(event.position()),
                         event.comment_added().comment().comment_id());
  }
  return entries;
}

}  // namespace

Poster::Poster(Client client) : client_(std::move(client)), thread_([this] { Run(); }) {}

Poster::~Poster() { Stop(); }

void Poster::Run() {
  for (int i = 0; !stopping_; ++i) {
    const std::string id = NewUuid();
    const std::string invoice = "INV-" + std::to_string(i % kPostedInvoices);
    if (!client_.Add(invoice, id, "Comment " + std::to_string(i)).ok()) return;
    ids_.push_back(id);
    ++count_;
  }
}

bool Poster::Advance(std::size_t count) const {
  const std::size_t until = count_ + count;
  return Await([&] { return count_ >= until; });
}

std::vector<std::string> Poster::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return ids_;
}

testing::AssertionResult Relayed(StreamReader& reader, std::int64_t position) {
  const std::string ending = "-" + std::to_string(position);
  std::string last;
  const bool relayed = Await([&] {
    last = reader.LastId();
    return last.size() > ending.size() &&
           last.compare(last.size() - ending.size(), ending.size(), ending) == 0;
  });
  if (relayed) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "the stream ends at " << last << ", not at " << position;
}

void ExpectStreamIsTheLog(const RelayingService& service, const NatsServer& broker,
                          const std::vector<std::string>& acknowledged) {
  const std::int64_t last =
      service.As("org", "dana").Post("INV-last", "The last one.").receipt().number();
  StreamReader reader(broker.url());
  ASSERT_TRUE(Relayed(reader, last));
  const std::vector<Entry> relayed = EntriesOf(reader.ReadAll());
  const auto logged =
      EntriesOf(service.AsService().WatchFromBeginning().Events(static_cast<std::size_t>(last)));
  EXPECT_EQ(relayed, logged);
  std::vector<std::string> ids;
  for (const Entry& entry : relayed) ids.push_back(entry.second);
  std::sort(ids.begin(), ids.end());
  for (const std::string& id : acknowledged) {
    EXPECT_TRUE(std::binary_search(ids.begin(), ids.end(), id)) << id;
  }
}

std::int64_t RelayTest::Post(int count) {
  const Client dana = service_.As("org", "dana");
  std::int64_t position = 0;
  for (int i = 0; i < count; ++i) {
    position =
        dana.Post("INV-" + std::to_string(i % kPostedInvoices), "A comment.").receipt().number();
  }
  return position;
}

}  // namespace marginalia
