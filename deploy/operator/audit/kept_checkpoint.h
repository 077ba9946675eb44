// What a monitor has seen of a log, kept in a file, and what it makes of what it sees next. Used by
// one thread.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_KEPT_CHECKPOINT_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_KEPT_CHECKPOINT_H_

#include <span>
#include <string>

#include "absl/status/status.h"
#include "comments-service/record/checkpoint.h"

namespace marginalia {

// Whether `newer` can be a checkpoint of the log that `kept` is of, as far as the two alone tell.
// DATA_LOSS, with what is wrong, for another log, fewer entries, or another root of as many.
absl::Status CheckSuccessor(const Checkpoint& kept, const Checkpoint& newer);

// Whether the proof shows that the log of `newer` begins with that of `kept`. DATA_LOSS when it
// does not.
absl::Status CheckGrowth(const Checkpoint& kept, const Checkpoint& newer,
                         std::span<const Digest> proof);

// Puts `text` in the place of the file at once: after a crash it is the old one or the new one.
absl::Status ReplaceFile(const std::string& path, const std::string& text);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_KEPT_CHECKPOINT_H_
