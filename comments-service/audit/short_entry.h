// An entry of the action comment.added as it is stored: what the comment's row says as well is read
// from there, so that each id, name and time is written once. Its hash covers all of it, so whoever
// changes the one changes the other, and that is found. Entries of other actions, those of before,
// and those that an older replica may have to read, say everything themselves.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_SHORT_ENTRY_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_SHORT_ENTRY_H_

#include <string>
#include <string_view>

#include "comments-service/record/audit_entry.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// Of `a`, audit_entries, and `c`, the comment that EntryComment joins: who, how, where, in which
// call and when, in the order in which the table has them. Of an entry whose comment is gone, what
// it left out is empty.
inline constexpr char kEntryWords[] =
    "coalesce(nullif(a.actor_id, ''), c.author_id, ''),"
    " coalesce(nullif(a.actor_name, ''), c.author_name, ''), a.action,"
    " coalesce(nullif(a.invoice_id, ''), c.invoice_id, ''),"
    " coalesce(nullif(a.comment_id, ''), c.comment_id, ''), a.request_id,"
    " coalesce(nullif(a.create_time, 0), c.create_time, 0)";

// The hash of the entry `alias`, in digits: in digits it stands in one column, as bytes in another,
// never in both.
std::string EntryHashOf(DatabaseKind kind, std::string_view alias);

// Joins the comment that a short entry stands for; of any other entry it finds none.
std::string EntryComment(DatabaseKind kind);

// What is stored of the entry when it is short: `entry` without what its comment's row says.
AuditEntry ShortEntry(const AuditEntry& entry);

// Gives an entry that has been read so its commitment again. `name_salt` is the one stored with it.
void CompleteEntry(AuditEntry& entry, std::string_view name_salt);

// A short entry whose comment is gone.
inline bool IsWithoutComment(const AuditEntry& entry) {
  return entry.action == kActionAdded && entry.comment_id.empty();
}

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_SHORT_ENTRY_H_
