// Compares a comment, as its rows have it, with the entries that tell of it. Each function reads
// what else belongs to the comment on the connection that it is given, a few rows at a time, and
// throws what SOCI throws. What they return completes the sentence "the comment …", and is empty
// when nothing differs. The entries themselves must have been checked.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_COMMENT_CHECK_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_COMMENT_CHECK_H_

#include <string_view>

#include "comments-service/verification/log_rows.h"
#include "comments-service/verification/thread_rows.h"

namespace marginalia {

// The comment as it is now, and its kept revisions, against the entry that added it and the one
// that it says changed it last.
std::string_view CommentDiffers(Connection& connection, const StoredContent& comment,
                                const StoredEntry& added);

// The comment against the entry of one of its changes, which later ones may have followed.
std::string_view ChangeDiffers(Connection& connection, const StoredContent& comment,
                               const StoredEntry& change);

// Of a comment that was shown until it was erased: who, when and why is the erasure's.
std::string_view ErasureDiffers(const StoredContent& comment, const StoredEntry& erasure);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_COMMENT_CHECK_H_
