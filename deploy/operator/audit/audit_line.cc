#include "deploy/operator/audit/audit_line.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <span>

#include "absl/strings/str_cat.h"
#include "services/text/json_string.h"
#include "services/text/rfc3339.h"

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr std::size_t kHashDigits = 64;
constexpr std::string_view kFormatName = "format";

// A member of an entry's line: a text, a number or the time, which has neither.
struct Member {
  const char* name;
  std::string AuditEntry::*text = nullptr;
  std::int64_t AuditEntry::*number = nullptr;
};

// In the order in which they are written.
constexpr Member kFormat1[] = {
    {"position", nullptr, &AuditEntry::position},
    {"org_id", &AuditEntry::org_id},
    {"actor_id", &AuditEntry::actor_id},
    {"actor_name", &AuditEntry::actor_name},
    {"action", &AuditEntry::action},
    {"invoice_id", &AuditEntry::invoice_id},
    {"comment_id", &AuditEntry::comment_id},
    {"request_id", &AuditEntry::request_id},
    {"create_time"},
    {"hash", &AuditEntry::hash},
};
constexpr Member kFormat2[] = {
    {"format"},
    {"number", nullptr, &AuditEntry::number},
    {"org_id", &AuditEntry::org_id},
    {"actor_id", &AuditEntry::actor_id},
    {"actor_name", &AuditEntry::actor_name},
    {"name_commitment", &AuditEntry::name_commitment},
    {"action", &AuditEntry::action},
    {"invoice_id", &AuditEntry::invoice_id},
    {"comment_id", &AuditEntry::comment_id},
    {"revision", nullptr, &AuditEntry::revision},
    {"content_commitment", &AuditEntry::content_commitment},
    {"reason", &AuditEntry::reason},
    {"request_id", &AuditEntry::request_id},
    {"create_time"},
    {"hash", &AuditEntry::hash},
};

std::span<const Member> MembersOf(int format) {
  if (format == 1) return kFormat1;
  return kFormat2;
}

absl::Status Malformed(std::string_view what) { return absl::DataLossError(std::string(what)); }

absl::Status ReadText(const json::object& object, const char* name, std::string& text) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return Malformed(absl::StrCat("it has no \"", name, "\""));
  if (!value->is_string()) return Malformed(absl::StrCat("\"", name, "\" is no string"));
  text = std::string(value->get_string().data(), value->get_string().size());
  return absl::OkStatus();
}

absl::Status ReadNumber(const json::object& object, const char* name, std::int64_t lowest,
                        std::int64_t& number) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return Malformed(absl::StrCat("it has no \"", name, "\""));
  if (!value->is_int64() || value->get_int64() < lowest) {
    return Malformed(absl::StrCat("\"", name, "\" is no whole number from ", lowest, " on"));
  }
  number = value->get_int64();
  return absl::OkStatus();
}

absl::Status ReadTime(const json::object& object, AuditEntry& entry) {
  std::string text;
  const absl::Status status = ReadText(object, "create_time", text);
  if (!status.ok()) return status;
  const std::optional<absl::Time> time = TimeOfRfc3339(text);
  if (!time.has_value()) return Malformed("\"create_time\" is no time in UTC with microseconds");
  entry.create_time = *time;
  return absl::OkStatus();
}

absl::Status ReadMember(const json::object& object, const Member& member, AuditEntry& entry) {
  if (member.text != nullptr) return ReadText(object, member.name, entry.*member.text);
  if (member.number != nullptr) {
    const bool from_0 = member.number == &AuditEntry::revision;
    return ReadNumber(object, member.name, from_0 ? 0 : 1, entry.*member.number);
  }
  return member.name == kFormatName ? absl::OkStatus() : ReadTime(object, entry);
}

// 1 when the line does not say; lines of format 1 are older than the member.
absl::Status ReadFormat(const json::object& object, AuditEntry& entry) {
  const json::value* value = object.if_contains(kFormatName.data());
  if (value == nullptr) return absl::OkStatus();
  if (!value->is_int64() || value->get_int64() != 2) {
    return Malformed("\"format\" is not 2: a newer audit-verify may know it");
  }
  entry.format = 2;
  return absl::OkStatus();
}

}  // namespace

bool IsAuditHash(std::string_view hash) {
  return hash.size() == kHashDigits && std::all_of(hash.begin(), hash.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string AuditLine(const AuditEntry& entry) {
  std::string line;
  for (const Member& member : MembersOf(entry.format)) {
    absl::StrAppend(&line, line.empty() ? "{\"" : ",\"", member.name, "\":");
    if (member.text != nullptr) {
      AppendJsonString(line, entry.*member.text);
    } else if (member.number != nullptr) {
      absl::StrAppend(&line, entry.*member.number);
    } else if (member.name == kFormatName) {
      absl::StrAppend(&line, entry.format);
    } else {
      line += '"';
      AppendRfc3339(line, entry.create_time);
      line += '"';
    }
  }
  line += '}';
  return line;
}

absl::StatusOr<AuditEntry> ParseAuditLine(std::string_view line) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(line.data(), line.size()), error);
  if (error || !value.is_object()) return Malformed("it is no JSON object in UTF-8");
  AuditEntry entry;
  absl::Status status = ReadFormat(value.get_object(), entry);
  for (const Member& member : MembersOf(entry.format)) {
    if (status.ok()) status = ReadMember(value.get_object(), member, entry);
  }
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
