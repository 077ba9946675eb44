// Looks at an entry of the log by itself: whether it is of a kind that is written here, and at what
// of its row its hash says nothing of. Pure.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_ENTRY_CHECK_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_ENTRY_CHECK_H_

#include <string_view>

#include "comments-service/verification/log_rows.h"

namespace marginalia {

// What is wrong with its row, completing the sentence "the comment …"; empty when nothing is.
std::string_view EntryDiffers(const StoredEntry& stored);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_ENTRY_CHECK_H_
