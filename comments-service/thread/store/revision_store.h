// What comments said before they were changed. Each function runs one prepared statement on the
// connection that it is given, inside its transaction, and throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_REVISION_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_REVISION_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/store/comment_store.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// What a comment said from `time` on.
struct Revision {
  std::int64_t revision = 0;
  std::string body;
  Author editor;
  absl::Time time;
  // Its text exists nowhere any more.
  bool erased = false;
  // As Comment::mentions.
  std::string mentions = {};
};

// Of the comment at `position`, which changes for the first time: keeps what it says as a revision.
// Does nothing when it is kept already.
void KeepCurrentRevision(Connection& connection, std::string_view org_id, std::int64_t position);

// Of the comments from position `first` to `last`, which one import has stored: those that were
// imported without their text are erased. Their revisions say so already.
void MarkImportedErased(Connection& connection, std::string_view org_id, std::int64_t first,
                        std::int64_t last);

// Adds a revision of the comment at `position`; the event at `event_position` tells of it.
void InsertRevision(Connection& connection, std::string_view org_id, std::int64_t position,
                    const Revision& revision, std::string_view salt, std::int64_t event_position);

// Of the comment at `position`: makes its kept revisions say nothing any more.
void EraseRevisions(Connection& connection, std::string_view org_id, std::int64_t position);

// The positions of the events that told of the comment's kept revisions, oldest first.
std::vector<std::int64_t> RevisionEvents(Connection& connection, std::string_view org_id,
                                         std::int64_t position);

// Up to `limit` kept revisions of the comment at `position` behind `revision`, oldest first.
std::vector<Revision> ReadRevisions(Connection& connection, std::string_view org_id,
                                    std::int64_t position, std::int64_t revision, int limit);

// The comment with the body that it was added with, to compare a repeated addition with.
Comment AsFirstSaid(Connection& connection, std::string_view org_id, const StoredComment& stored);

// One kept revision.
std::optional<Revision> FindRevision(Connection& connection, std::string_view org_id,
                                     std::int64_t position, std::int64_t revision);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_REVISION_STORE_H_
