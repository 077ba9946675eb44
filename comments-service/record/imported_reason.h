// What the entry of something imported says as its reason: the entry's own actor and time are those
// of the import. README.md of this folder gives the texts. A person's name is committed to, so that
// it can go without the entry; entries of before have it in clear. Values and pure functions,
// thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_IMPORTED_REASON_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_IMPORTED_REASON_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "comments-service/record/audit_entry.h"

namespace marginalia {

// The name of a person in a reason.
struct RecordedName {
  // In entries of before; else empty.
  std::string clear;
  // 64 hexadecimal digits; empty in entries of before.
  std::string commitment = {};
  // What the commitment was made with. It stands beside the entry, so that whoever has the entry
  // alone does not know it.
  std::string salt = {};

  static RecordedName CommittedTo(std::string_view name, std::string salt);

  bool Is(std::string_view name) const;

  friend bool operator==(const RecordedName&, const RecordedName&) = default;
};

// How a comment had been taken away before it was imported.
struct ImportedRemoval {
  absl::Time time;
  std::string actor_id;
  RecordedName actor_name;
  std::string reason;

  // Whether it was taken away so.
  bool Is(absl::Time when, std::string_view who, std::string_view name,
          std::string_view why) const {
    return when == time && who == actor_id && actor_name.Is(name) && why == reason;
  }

  friend bool operator==(const ImportedRemoval&, const ImportedRemoval&) = default;
};

// Whose an imported comment is and from when, and what had happened to it before.
struct ImportedOrigin {
  std::string author_id;
  absl::Time create_time;
  // Of its last edit.
  std::optional<absl::Time> edit_time = std::nullopt;
  std::optional<ImportedRemoval> removal = std::nullopt;

  // From when on it said what it was imported with.
  absl::Time said_time() const { return edit_time.value_or(create_time); }
};

// Who had closed a thread that was imported so, and when.
struct ImportedClosing {
  absl::Time time;
  std::string actor_id;
  RecordedName actor_name;
};

// Different for whatever differs.
std::string ImportedReason(const ImportedOrigin& origin);
std::string ImportedReason(const ImportedClosing& closing);

// What the reason of an imported closing begins with, of this time and person.
std::string ImportedClosingPrefix(absl::Time time, std::string_view actor_id);

// What the entry of an imported comment says in format 2. Nothing when it is no such entry, or its
// reason is none that ImportedReason makes. `salt`: that of the name in the reason (EntrySalts).
std::optional<ImportedOrigin> ImportedOriginOf(const AuditEntry& entry, std::string_view salt = {});

// The same of a thread's closing: nothing when it was closed here.
std::optional<ImportedClosing> ImportedClosingOf(const AuditEntry& entry,
                                                 std::string_view salt = {});

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_IMPORTED_REASON_H_
