#include "comments-service/relay/relay_message.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "marginalia/comments/v1/event.pb.h"
#include "services/text/json_string.h"

namespace marginalia {
namespace {

using google::protobuf::Timestamp;

constexpr char kCommentAddedType[] = "dev.marginalia.comment.added.v1";
constexpr char kCommentAddedToken[] = "comment_added";
// What a message takes besides the comment's own texts, to reserve by.
constexpr std::size_t kEnvelopeBytes = 1024;
constexpr std::size_t kLogIdDigits = 16;

// "name": with the comma that separates it from what came before.
void AppendName(std::string& json, std::string_view name) {
  if (json.back() != '{') json += ',';
  json += '"';
  json += name;
  json += "\":";
}

void AppendText(std::string& json, std::string_view name, std::string_view text) {
  AppendName(json, name);
  AppendJsonString(json, text);
}

void AppendNumber(std::string& json, std::string_view name, std::int64_t number) {
  AppendName(json, name);
  absl::StrAppend(&json, number);
}

// RFC 3339 in UTC with microseconds, the precision of the contract.
std::string TimeText(const Timestamp& time) {
  const absl::Time instant =
      absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E6SZ", instant, absl::UTCTimeZone());
}

void AppendComment(std::string& json, const comments::v1::Comment& comment) {
  json += '{';
  AppendText(json, "commentId", comment.comment_id());
  AppendText(json, "invoiceId", comment.invoice_id());
  AppendName(json, "author");
  json += '{';
  AppendText(json, "userId", comment.author().user_id());
  AppendText(json, "displayName", comment.author().display_name());
  json += '}';
  AppendText(json, "body", comment.body());
  AppendText(json, "createTime", TimeText(comment.create_time()));
  AppendNumber(json, "sequence", comment.sequence());
  json += '}';
}

// The event with the names of the contract in lowerCamelCase, and numbers as JSON numbers, as the
// gateway's API writes them too.
void AppendData(std::string& json, const comments::v1::Event& event) {
  const comments::v1::CommentAdded& added = event.comment_added();
  json += '{';
  AppendNumber(json, "position", event.position());
  AppendText(json, "orgId", event.org_id());
  AppendText(json, "eventTime", TimeText(event.event_time()));
  AppendName(json, "commentAdded");
  json += '{';
  AppendName(json, "comment");
  AppendComment(json, added.comment());
  AppendNumber(json, "threadCommentCount", added.thread_comment_count());
  json += "}}";
}

}  // namespace

absl::StatusOr<RelayMessage> MakeRelayMessage(const Event& event, std::string_view log_id) {
  comments::v1::Event parsed;
  if (!parsed.ParseFromString(event.payload)) {
    return absl::DataLossError(
        absl::StrCat("the event at position ", event.position, " of the log cannot be read"));
  }
  // A replica of a newer version wrote it, and one of those has to relay it: nothing is left out.
  if (!parsed.has_comment_added()) {
    return absl::UnimplementedError(absl::StrCat("the event at position ", event.position,
                                                 " is of a kind that this version does not know: "
                                                 "it waits for a newer binary"));
  }
  RelayMessage message;
  message.subject = absl::StrCat("marginalia.", SubjectToken(event.org_id), ".",
                                 SubjectToken(event.subject), ".", kCommentAddedToken);
  const std::string log(log_id);
  message.id = absl::StrCat(log, "-", event.position);
  std::string& json = message.body;
  json.reserve(event.payload.size() + kEnvelopeBytes);
  json += '{';
  AppendText(json, "specversion", "1.0");
  AppendText(json, "id", message.id);
  AppendText(json, "source", absl::StrCat("/marginalia/comments-service/", log));
  AppendText(json, "type", kCommentAddedType);
  AppendText(json, "subject", event.subject);
  AppendText(json, "time", TimeText(parsed.event_time()));
  AppendText(json, "datacontenttype", "application/json");
  AppendText(json, "org", event.org_id);
  // A text, since a CloudEvents integer has 32 bits.
  AppendText(json, "position", std::to_string(event.position));
  AppendName(json, "data");
  AppendData(json, parsed);
  json += '}';
  return message;
}

std::string SubjectToken(std::string_view text) {
  std::string token;
  token.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '_') {
      token += c;
    } else {
      absl::StrAppendFormat(&token, "%%%02X", byte);
    }
  }
  return token;
}

std::optional<LogPoint> ParseRelayMessageId(std::string_view id) {
  if (id.size() <= kLogIdDigits || id[kLogIdDigits] != '-') return std::nullopt;
  LogPoint point{.log_id = std::string(id.substr(0, kLogIdDigits))};
  if (!absl::SimpleAtoi(std::string(id.substr(kLogIdDigits + 1)), &point.position) ||
      point.position < 1) {
    return std::nullopt;
  }
  return point;
}

}  // namespace marginalia
