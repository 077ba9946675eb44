#include "comments-service/record/evidence.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"
#include "comments-service/record/digest.h"
#include "services/text/rfc3339.h"

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr std::string_view kFormat = "marginalia-evidence-1";
constexpr char kOpen[] = "OPEN";
constexpr char kResolved[] = "RESOLVED";

json::string_view Json(std::string_view text) { return {text.data(), text.size()}; }

std::string TimeText(absl::Time time) {
  std::string text;
  AppendRfc3339(text, time);
  return text;
}

json::object Written(const EvidencePerson& person) {
  return {{"userId", Json(person.user_id)}, {"displayName", Json(person.display_name)}};
}

json::object Written(const EvidenceRevision& revision) {
  json::object object{{"revision", revision.revision}};
  if (revision.body.has_value()) {
    object["body"] = Json(*revision.body);
    object["salt"] = Base64Of(revision.salt);
  }
  object["editor"] = Written(revision.editor);
  object["editorSalt"] = Base64Of(revision.editor.salt);
  object["time"] = TimeText(revision.time);
  object["erased"] = revision.erased;
  return object;
}

json::object Written(const EvidenceComment& comment) {
  json::object object{{"commentId", Json(comment.comment_id)},
                      {"sequence", comment.sequence},
                      {"createTime", TimeText(comment.create_time)}};
  if (comment.removal.has_value()) {
    object["removal"] = json::object{{"time", TimeText(comment.removal->time)},
                                     {"actor", Written(comment.removal->actor)},
                                     {"actorSalt", Base64Of(comment.removal->actor.salt)},
                                     {"reason", Json(comment.removal->reason)}};
  }
  json::array& revisions = object["revisions"].emplace_array();
  for (const EvidenceRevision& revision : comment.revisions) {
    revisions.push_back(Written(revision));
  }
  return object;
}

json::object WrittenThread(const std::optional<EvidenceState>& state) {
  json::object object{{"state", state.has_value() && state->resolved ? kResolved : kOpen}};
  if (state.has_value()) {
    object["stateTime"] = TimeText(state->time);
    object["stateActor"] = Written(state->actor);
    object["stateActorSalt"] = Base64Of(state->actor.salt);
  }
  return object;
}

json::object Written(const EvidenceEntry& evidence) {
  const AuditEntry& entry = evidence.entry;
  json::object object{{"number", entry.number}};
  // What only the older format covers.
  if (entry.format == 1) {
    object["format"] = 1;
    object["position"] = entry.position;
    object["actorName"] = Json(entry.actor_name);
  }
  object["orgId"] = Json(entry.org_id);
  object["actorId"] = Json(entry.actor_id);
  object["nameCommitment"] = Json(entry.name_commitment);
  object["action"] = Json(entry.action);
  object["invoiceId"] = Json(entry.invoice_id);
  object["commentId"] = Json(entry.comment_id);
  object["revision"] = entry.revision;
  object["contentCommitment"] = Json(entry.content_commitment);
  object["reason"] = Json(entry.reason);
  object["requestId"] = Json(entry.request_id);
  object["createTimeMicros"] = absl::ToUnixMicros(entry.create_time);
  object["previousHash"] = Json(evidence.previous_hash);
  object["hash"] = Json(entry.hash);
  object["proof"] = Json(evidence.proof);
  return object;
}

// Reads members by name. Throws std::runtime_error that says what is wrong, caught in ReadEvidence.
class Reader {
 public:
  Reader(const json::value& value, std::string_view what) : what_(what) {
    if (!value.is_object()) Refuse("is no object");
    object_ = &value.get_object();
  }

  const json::value* Find(const char* name) const { return object_->if_contains(name); }
  const json::value& At(const char* name) const {
    const json::value* value = Find(name);
    if (value == nullptr) Refuse(absl::StrCat("has no \"", name, "\""));
    return *value;
  }
  std::string Text(const char* name) const {
    const json::value& value = At(name);
    if (!value.is_string()) Refuse(absl::StrCat("has a \"", name, "\" that is no string"));
    return {value.get_string().data(), value.get_string().size()};
  }
  std::int64_t Number(const char* name) const {
    const json::value& value = At(name);
    if (!value.is_int64() || value.get_int64() < 0) {
      Refuse(absl::StrCat("has a \"", name, "\" that is no whole number from 0 on"));
    }
    return value.get_int64();
  }
  bool Flag(const char* name) const {
    const json::value& value = At(name);
    if (!value.is_bool()) Refuse(absl::StrCat("has a \"", name, "\" that is not true or false"));
    return value.get_bool();
  }
  absl::Time Time(const char* name) const {
    const std::optional<absl::Time> time = TimeOfRfc3339(Text(name));
    if (!time.has_value()) {
      Refuse(absl::StrCat("has a \"", name, "\" that is no time in UTC with microseconds"));
    }
    return *time;
  }
  std::string Bytes(const char* name) const {
    const std::optional<std::string> bytes = BytesFromBase64(Text(name));
    if (!bytes.has_value()) Refuse(absl::StrCat("has a \"", name, "\" that is not base64"));
    return *bytes;
  }
  const json::array& Items(const char* name) const {
    const json::value& value = At(name);
    if (!value.is_array()) Refuse(absl::StrCat("has a \"", name, "\" that is no list"));
    return value.get_array();
  }
  EvidencePerson Person(const char* name, const char* salt) const {
    const Reader person(At(name), what_);
    return {.user_id = person.Text("userId"),
            .display_name = person.Text("displayName"),
            .salt = Bytes(salt)};
  }

 private:
  [[noreturn]] void Refuse(std::string_view why) const {
    throw std::runtime_error(absl::StrCat(what_, " ", std::string(why)));
  }

  std::string what_;
  const json::object* object_ = nullptr;
};

EvidenceRevision ReadRevision(const json::value& value, const std::string& comment) {
  const Reader reader(value, absl::StrCat("a revision of ", comment));
  EvidenceRevision revision{.revision = reader.Number("revision"),
                            .body = std::nullopt,
                            .salt = "",
                            .editor = reader.Person("editor", "editorSalt"),
                            .time = reader.Time("time"),
                            .erased = reader.Flag("erased")};
  if (reader.Find("body") != nullptr) {
    revision.body = reader.Text("body");
    revision.salt = reader.Bytes("salt");
  }
  return revision;
}

EvidenceComment ReadComment(const json::value& value, std::size_t place) {
  const std::string what = absl::StrCat("comment ", place);
  const Reader reader(value, what);
  EvidenceComment comment{.comment_id = reader.Text("commentId"),
                          .sequence = reader.Number("sequence"),
                          .create_time = reader.Time("createTime"),
                          .removal = std::nullopt,
                          .revisions = {}};
  if (reader.Find("removal") != nullptr) {
    const Reader removal(reader.At("removal"), absl::StrCat("the removal of ", what));
    comment.removal = EvidenceRemoval{.time = removal.Time("time"),
                                      .actor = removal.Person("actor", "actorSalt"),
                                      .reason = removal.Text("reason")};
  }
  for (const json::value& revision : reader.Items("revisions")) {
    comment.revisions.push_back(ReadRevision(revision, what));
  }
  return comment;
}

EvidenceEntry ReadEntry(const json::value& value, std::size_t place) {
  const Reader reader(value, absl::StrCat("entry ", place));
  EvidenceEntry evidence;
  AuditEntry& entry = evidence.entry;
  entry.format = reader.Find("format") == nullptr ? 2 : 1;
  entry.number = reader.Number("number");
  if (entry.format == 1) {
    entry.position = reader.Number("position");
    entry.actor_name = reader.Text("actorName");
  }
  entry.org_id = reader.Text("orgId");
  entry.actor_id = reader.Text("actorId");
  entry.name_commitment = reader.Text("nameCommitment");
  entry.action = reader.Text("action");
  entry.invoice_id = reader.Text("invoiceId");
  entry.comment_id = reader.Text("commentId");
  entry.revision = reader.Number("revision");
  entry.content_commitment = reader.Text("contentCommitment");
  entry.reason = reader.Text("reason");
  entry.request_id = reader.Text("requestId");
  entry.create_time = absl::FromUnixMicros(reader.Number("createTimeMicros"));
  evidence.previous_hash = reader.Text("previousHash");
  entry.hash = reader.Text("hash");
  evidence.proof = reader.Text("proof");
  return evidence;
}

std::optional<EvidenceState> ReadState(const Reader& thread) {
  if (thread.Find("stateTime") == nullptr) return std::nullopt;
  return EvidenceState{.resolved = thread.Text("state") == kResolved,
                       .time = thread.Time("stateTime"),
                       .actor = thread.Person("stateActor", "stateActorSalt")};
}

Evidence ReadMembers(const json::value& value) {
  const Reader reader(value, "the file");
  if (reader.Text("format") != kFormat) {
    throw std::runtime_error("the file is not of the format marginalia-evidence-1");
  }
  Evidence evidence;
  evidence.invoice_id = Reader(reader.At("invoice"), "the invoice").Text("invoiceId");
  evidence.state = ReadState(Reader(reader.At("thread"), "the thread"));
  for (const json::value& comment : reader.Items("comments")) {
    evidence.comments.push_back(ReadComment(comment, evidence.comments.size() + 1));
  }
  for (const json::value& entry : reader.Items("entries")) {
    evidence.entries.push_back(ReadEntry(entry, evidence.entries.size() + 1));
  }
  evidence.checkpoint = reader.Text("checkpoint");
  return evidence;
}

}  // namespace

// Piece by piece: as one tree of values it would be in memory twice.
std::string WriteEvidence(const Evidence& evidence) {
  std::string text = absl::StrCat("{\"format\":", json::serialize(json::value(Json(kFormat))));
  const json::object invoice{{"invoiceId", Json(evidence.invoice_id)}};
  absl::StrAppend(&text, ",\"invoice\":", json::serialize(invoice),
                  ",\"thread\":", json::serialize(WrittenThread(evidence.state)),
                  ",\"comments\":[");
  const char* between = "";
  for (const EvidenceComment& comment : evidence.comments) {
    absl::StrAppend(&text, std::exchange(between, ","), json::serialize(Written(comment)));
  }
  text += "],\"entries\":[";
  between = "";
  for (const EvidenceEntry& entry : evidence.entries) {
    absl::StrAppend(&text, std::exchange(between, ","), json::serialize(Written(entry)));
  }
  absl::StrAppend(
      &text, "],\"checkpoint\":", json::serialize(json::value(Json(evidence.checkpoint))), "}\n");
  return text;
}

absl::StatusOr<Evidence> ReadEvidence(std::string_view text) {
  if (text.size() > kEvidenceBytesMax) {
    return absl::DataLossError("the file is longer than 32 MiB");
  }
  boost::system::error_code error;
  const json::value value = json::parse(Json(text), error);
  if (error) return absl::DataLossError("the file is no JSON in UTF-8");
  try {
    Evidence evidence = ReadMembers(value);
    // A tree hides a member that is there twice or one too many.
    if (WriteEvidence(evidence) == text) return evidence;
    return absl::DataLossError(
        "the file has a member twice, one too many, or is not written as Marginalia writes it");
  } catch (const std::runtime_error& refusal) {
    return absl::DataLossError(refusal.what());
  }
}

}  // namespace marginalia
