#include "deploy/operator/audit/audit_line.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "absl/strings/str_cat.h"
#include "services/text/json_string.h"

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr std::size_t kHashDigits = 64;
constexpr char kTimeFormat[] = "%Y-%m-%dT%H:%M:%E6SZ";

// The texts of an entry, in the order in which they are written.
struct TextMember {
  const char* name;
  std::string AuditEntry::*text;
};
constexpr TextMember kTexts[] = {
    {"org_id", &AuditEntry::org_id},         {"actor_id", &AuditEntry::actor_id},
    {"actor_name", &AuditEntry::actor_name}, {"action", &AuditEntry::action},
    {"invoice_id", &AuditEntry::invoice_id}, {"comment_id", &AuditEntry::comment_id},
    {"request_id", &AuditEntry::request_id}, {"hash", &AuditEntry::hash},
};

absl::Status Malformed(std::string_view what) { return absl::DataLossError(std::string(what)); }

absl::Status ReadText(const json::object& object, const char* name, std::string& text) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return Malformed(absl::StrCat("it has no \"", name, "\""));
  if (!value->is_string()) return Malformed(absl::StrCat("\"", name, "\" is no string"));
  text = std::string(value->get_string().data(), value->get_string().size());
  return absl::OkStatus();
}

absl::Status ReadPosition(const json::object& object, AuditEntry& entry) {
  const json::value* value = object.if_contains("position");
  if (value == nullptr) return Malformed("it has no \"position\"");
  if (!value->is_int64() || value->get_int64() < 1) {
    return Malformed("\"position\" is no whole number from 1 on");
  }
  entry.position = value->get_int64();
  return absl::OkStatus();
}

absl::Status ReadTime(const json::object& object, AuditEntry& entry) {
  std::string text;
  const absl::Status status = ReadText(object, "create_time", text);
  if (!status.ok()) return status;
  std::string why;
  if (absl::ParseTime(kTimeFormat, text, &entry.create_time, &why)) return absl::OkStatus();
  return Malformed("\"create_time\" is no time in UTC with microseconds");
}

}  // namespace

bool IsAuditHash(std::string_view hash) {
  return hash.size() == kHashDigits && std::all_of(hash.begin(), hash.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string AuditLine(const AuditEntry& entry) {
  std::string line = absl::StrCat("{\"position\":", entry.position);
  for (const TextMember& member : kTexts) {
    if (member.text == &AuditEntry::hash) {
      absl::StrAppend(&line, ",\"create_time\":\"",
                      absl::FormatTime(kTimeFormat, entry.create_time, absl::UTCTimeZone()), "\"");
    }
    absl::StrAppend(&line, ",\"", member.name, "\":");
    AppendJsonString(line, entry.*member.text);
  }
  line += '}';
  return line;
}

absl::StatusOr<AuditEntry> ParseAuditLine(std::string_view line) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(line.data(), line.size()), error);
  if (error || !value.is_object()) return Malformed("it is no JSON object in UTF-8");
  AuditEntry entry;
  absl::Status status = ReadPosition(value.get_object(), entry);
  for (const TextMember& member : kTexts) {
    if (status.ok()) status = ReadText(value.get_object(), member.name, entry.*member.text);
  }
  if (status.ok()) status = ReadTime(value.get_object(), entry);
  if (!status.ok()) return status;
  if (!IsAuditHash(entry.hash)) {
    return Malformed("\"hash\" is not 64 hexadecimal digits in lower case");
  }
  // A tree hides a member that is there twice, and the chain says nothing of one more.
  if (AuditLine(entry) != line) {
    return Malformed(
        "it has a member twice, one too many, or is not written as audit-export writes it");
  }
  return entry;
}

}  // namespace marginalia
