// What a consumer of the broker reads, to the byte.
#include "comments-service/relay/relay_message.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "comments-service/thread/wire/comment_wire.h"

namespace marginalia {
namespace {

constexpr char kLog[] = "0123456789abcdef";

Event EventAt(std::int64_t position, const std::string& org, const std::string& invoice_id,
              const std::string& body = "Attached.", const std::string& mentions = "") {
  const std::int64_t micros = absl::ToUnixMicros(absl::FromCivil(
                                  absl::CivilSecond(2026, 3, 4, 5, 6, 7), absl::UTCTimeZone())) +
                              89;
  CommentView comment{.comment_id = "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10",
                      .invoice_id = invoice_id,
                      .author_id = "dana",
                      .author_name = "Dana Reyes",
                      .body = body,
                      .create_micros = micros,
                      .sequence = 7,
                      .mentions = mentions};
  return Event{.position = position,
               .org_id = org,
               .subject = invoice_id,
               .payload = EncodeEvent({.position = position,
                                       .number = 3,
                                       .org_id = org,
                                       .event_micros = micros,
                                       .invoice_id = invoice_id,
                                       .thread = {.place_count = 7},
                                       .comment = &comment})};
}

TEST(RelayMessageTest, IsACloudEventInStructuredJson) {
  const auto message = MakeRelayMessage(EventAt(42, "northlight", "INV-1042"), kLog);
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->subject, "marginalia.northlight.INV-1042.comment_added");
  EXPECT_EQ(message->id, "0123456789abcdef-42");
  EXPECT_EQ(boost::json::parse(message->body), boost::json::parse(R"json({
    "specversion": "1.0",
    "id": "0123456789abcdef-42",
    "source": "/marginalia/comments-service/0123456789abcdef",
    "type": "dev.marginalia.comment.added.v1",
    "subject": "INV-1042",
    "time": "2026-03-04T05:06:07.000089Z",
    "datacontenttype": "application/json",
    "org": "northlight",
    "position": "42",
    "data": {
      "position": 42,
      "orgId": "northlight",
      "eventTime": "2026-03-04T05:06:07.000089Z",
      "number": 3,
      "invoiceId": "INV-1042",
      "thread": {
        "invoiceId": "INV-1042",
        "state": "OPEN",
        "commentCount": 7,
        "placeCount": 7,
        "revision": 7
      },
      "commentAdded": {
        "comment": {
          "commentId": "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10",
          "invoiceId": "INV-1042",
          "author": {"userId": "dana", "displayName": "Dana Reyes"},
          "body": "Attached.",
          "createTime": "2026-03-04T05:06:07.000089Z",
          "sequence": 7,
          "revision": 1
        },
        "threadCommentCount": 7
      }
    }
  })json"));
}

TEST(RelayMessageTest, ABodyComesThroughWhateverItHolds) {
  const std::string body = "\"quoted\"\\ \n\t\x01 </script> \xe2\x80\xae \xf0\x9f\x98\x80";
  const auto message = MakeRelayMessage(EventAt(1, "org", "INV-1", body), kLog);
  ASSERT_TRUE(message.ok());
  const auto event = boost::json::parse(message->body);
  EXPECT_EQ(event.at("data").at("commentAdded").at("comment").at("body"), body.c_str());
}

TEST(RelayMessageTest, WhomACommentMentionsIsThereForWhoeverNotifiesThem) {
  const auto message =
      MakeRelayMessage(EventAt(1, "org", "INV-1", "Priya, Sam?", "priya\n\"sam\""), kLog);
  ASSERT_TRUE(message.ok());
  const auto json = boost::json::parse(message->body);
  EXPECT_EQ(json.at("data").at("commentAdded").at("comment").at("mentions"),
            boost::json::value({"priya", "\"sam\""}));
}

TEST(RelayMessageTest, ASubjectKeepsTenantAndInvoiceApartWhateverTheyAreCalled) {
  EXPECT_EQ(SubjectToken("INV-1042_a"), "INV-1042_a");
  EXPECT_EQ(SubjectToken("a.b"), "a%2Eb");
  EXPECT_EQ(SubjectToken("*"), "%2A");
  EXPECT_EQ(SubjectToken(">"), "%3E");
  EXPECT_EQ(SubjectToken("100% caf\xc3\xa9\r\n"), "100%25%20caf%C3%A9%0D%0A");
  const auto message = MakeRelayMessage(EventAt(1, "a.b", "c:d.e"), kLog);
  EXPECT_EQ(message->subject, "marginalia.a%2Eb.c%3Ad%2Ee.comment_added");
}

TEST(RelayMessageTest, AnIdSaysTheLogAndThePosition) {
  const auto point = ParseRelayMessageId("0123456789abcdef-9007199254740993");
  ASSERT_TRUE(point.has_value());
  EXPECT_EQ(*point, (LogPoint{kLog, 9'007'199'254'740'993}));
  for (const char* other : {"", "-", "1", "0123456789abcdef", "0123456789abcdef-",
                            "0123456789abcdef-0", "0123456789abcdef-1x", "0123456789abcdef:1"}) {
    EXPECT_FALSE(ParseRelayMessageId(other).has_value()) << other;
  }
}

TEST(RelayMessageTest, AKindOfEventThatItDoesNotKnowWaitsForANewerVersion) {
  // Position 5, and a field that no version has yet.
  const auto unknown = MakeRelayMessage(
      {.position = 5, .org_id = "org", .subject = "INV-1", .payload = "\x08\x05\xfa\x01\x01x"},
      kLog);
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kUnimplemented);
  const auto broken = MakeRelayMessage(
      {.position = 5, .org_id = "org", .subject = "INV-1", .payload = "\xff"}, kLog);
  EXPECT_EQ(broken.status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace marginalia
