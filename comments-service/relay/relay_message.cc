#include "comments-service/relay/relay_message.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "marginalia/comments/v1/event.pb.h"
#include "services/text/json_string.h"
#include "services/text/rfc3339.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

using google::protobuf::Timestamp;

// What a kind of event is called on the broker.
struct KindNames {
  const char* type;
  const char* token;   // of the subject
  const char* member;  // of the data
};

// Null for a kind that this version does not know.
const KindNames* NamesOf(comments::v1::Event::KindCase kind) {
  static constexpr KindNames kAdded = {"dev.marginalia.comment.added.v1", "comment_added",
                                       "commentAdded"};
  static constexpr KindNames kEdited = {"dev.marginalia.comment.edited.v1", "comment_edited",
                                        "commentEdited"};
  static constexpr KindNames kRemoved = {"dev.marginalia.comment.removed.v1", "comment_removed",
                                         "commentRemoved"};
  static constexpr KindNames kErased = {"dev.marginalia.comment.erased.v1", "comment_erased",
                                        "commentErased"};
  static constexpr KindNames kResolved = {"dev.marginalia.thread.resolved.v1", "thread_resolved",
                                          "threadResolved"};
  static constexpr KindNames kReopened = {"dev.marginalia.thread.reopened.v1", "thread_reopened",
                                          "threadReopened"};
  switch (kind) {
    case comments::v1::Event::kCommentAdded:
      return &kAdded;
    case comments::v1::Event::kCommentEdited:
      return &kEdited;
    case comments::v1::Event::kCommentRemoved:
      return &kRemoved;
    case comments::v1::Event::kCommentErased:
      return &kErased;
    case comments::v1::Event::kThreadResolved:
      return &kResolved;
    case comments::v1::Event::kThreadReopened:
      return &kReopened;
    case comments::v1::Event::KIND_NOT_SET:
      break;
  }
  return nullptr;
}

// What a message takes besides the comment's own texts, to reserve by.
constexpr std::size_t kEnvelopeBytes = 1024;
constexpr std::size_t kLogIdDigits = 16;
constexpr char kCheckpointMark[] = "-checkpoint-";

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

std::string TimeText(const Timestamp& time) {
  std::string text;
  AppendRfc3339(text, TimeOf(time));
  return text;
}

void AppendAuthor(std::string& json, std::string_view name, const comments::v1::Author& author) {
  AppendName(json, name);
  json += '{';
  AppendText(json, "userId", author.user_id());
  AppendText(json, "displayName", author.display_name());
  json += '}';
}

void AppendComment(std::string& json, const comments::v1::Comment& comment) {
  json += '{';
  AppendText(json, "commentId", comment.comment_id());
  AppendText(json, "invoiceId", comment.invoice_id());
  AppendAuthor(json, "author", comment.author());
  AppendText(json, "body", comment.body());
  AppendText(json, "createTime", TimeText(comment.create_time()));
  AppendNumber(json, "sequence", comment.sequence());
  AppendNumber(json, "revision", std::max<std::int64_t>(comment.revision(), 1));
  if (comment.has_edit_time()) AppendText(json, "editTime", TimeText(comment.edit_time()));
  if (comment.has_removal()) {
    AppendName(json, "removal");
    json += '{';
    AppendText(json, "time", TimeText(comment.removal().time()));
    AppendAuthor(json, "actor", comment.removal().actor());
    AppendText(json, "reason", comment.removal().reason());
    json += '}';
  }
  if (comment.mentions_size() > 0) {
    AppendName(json, "mentions");
    char before = '[';
    for (const std::string& user_id : comment.mentions()) {
      json += before;
      AppendJsonString(json, user_id);
      before = ',';
    }
    json += ']';
  }
  json += '}';
}

void AppendThread(std::string& json, const comments::v1::Thread& thread) {
  json += '{';
  AppendText(json, "invoiceId", thread.invoice_id());
  AppendText(json, "state",
             thread.state() == comments::v1::THREAD_STATE_RESOLVED ? "RESOLVED" : "OPEN");
  if (thread.has_state_time()) {
    AppendText(json, "stateTime", TimeText(thread.state_time()));
    AppendAuthor(json, "stateActor", thread.state_actor());
  }
  AppendNumber(json, "commentCount", thread.comment_count());
  AppendNumber(json, "placeCount", thread.place_count());
  AppendNumber(json, "revision", thread.revision());
  json += '}';
}

// Of the kinds that carry one; else null.
const comments::v1::Comment* CommentOf(const comments::v1::Event& event) {
  if (event.has_comment_added()) return &event.comment_added().comment();
  if (event.has_comment_edited()) return &event.comment_edited().comment();
  if (event.has_comment_removed()) return &event.comment_removed().comment();
  if (event.has_comment_erased()) return &event.comment_erased().comment();
  return nullptr;
}

// The event with the names of the contract in lowerCamelCase, and numbers as JSON numbers, as the
// gateway's API writes them too.
void AppendData(std::string& json, const comments::v1::Event& event, const KindNames& names) {
  json += '{';
  AppendNumber(json, "position", event.position());
  AppendText(json, "orgId", event.org_id());
  AppendText(json, "eventTime", TimeText(event.event_time()));
  if (event.number() > 0) AppendNumber(json, "number", event.number());
  if (event.has_thread()) {
    AppendText(json, "invoiceId", event.invoice_id());
    AppendName(json, "thread");
    AppendThread(json, event.thread());
  }
  AppendName(json, names.member);
  json += '{';
  if (event.has_comment_erased()) {
    AppendText(json, "commentId", event.comment_erased().comment_id());
  }
  if (const comments::v1::Comment* comment = CommentOf(event)) {
    AppendName(json, "comment");
    AppendComment(json, *comment);
  }
  if (event.has_comment_added()) {
    AppendNumber(json, "threadCommentCount", event.comment_added().thread_comment_count());
  }
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
  const KindNames* const names = NamesOf(parsed.kind_case());
  if (names == nullptr) {
    return absl::UnimplementedError(absl::StrCat("the event at position ", event.position,
                                                 " is of a kind that this version does not know: "
                                                 "it waits for a newer binary"));
  }
  RelayMessage message;
  message.subject = absl::StrCat("marginalia.", SubjectToken(event.org_id), ".",
                                 SubjectToken(event.subject), ".", names->token);
  const std::string log(log_id);
  message.id = absl::StrCat(log, "-", event.position);
  std::string& json = message.body;
  json.reserve(event.payload.size() + kEnvelopeBytes);
  json += '{';
  AppendText(json, "specversion", "1.0");
  AppendText(json, "id", message.id);
  AppendText(json, "source", absl::StrCat("/marginalia/comments-service/", log));
  AppendText(json, "type", names->type);
  AppendText(json, "subject", event.subject);
  AppendText(json, "time", TimeText(parsed.event_time()));
  AppendText(json, "datacontenttype", "application/json");
  AppendText(json, "org", event.org_id);
  // A text, since a CloudEvents integer has 32 bits.
  AppendText(json, "position", std::to_string(event.position));
  AppendName(json, "data");
  AppendData(json, parsed, *names);
  json += '}';
  return message;
}

RelayMessage MakeCheckpointMessage(std::string_view org_id, const Checkpoint& checkpoint,
                                   std::string_view note, const LogPoint& point) {
  const std::string org = SubjectToken(org_id);
  RelayMessage message;
  message.subject = absl::StrCat("marginalia.", org, ".checkpoint");
  message.id =
      absl::StrCat(point.log_id, "-", point.position, kCheckpointMark, org, "-", checkpoint.size);
  std::string& json = message.body;
  json += '{';
  AppendText(json, "specversion", "1.0");
  AppendText(json, "id", message.id);
  AppendText(json, "source", absl::StrCat("/marginalia/comments-service/", point.log_id));
  AppendText(json, "type", "dev.marginalia.record.checkpoint.v1");
  AppendText(json, "datacontenttype", "application/json");
  AppendText(json, "org", org_id);
  AppendName(json, "data");
  json += '{';
  AppendText(json, "orgId", org_id);
  AppendText(json, "origin", checkpoint.origin);
  AppendNumber(json, "size", checkpoint.size);
  AppendText(json, "rootHash", HexOf(checkpoint.root));
  AppendText(json, "checkpoint", note);
  json += "}}";
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
  const std::string_view rest = id.substr(kLogIdDigits + 1);
  if (!absl::SimpleAtoi(std::string(rest.substr(0, rest.find(kCheckpointMark))), &point.position) ||
      point.position < 1) {
    return std::nullopt;
  }
  return point;
}

}  // namespace marginalia
