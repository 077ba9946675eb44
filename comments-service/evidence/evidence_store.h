// A thread's evidence as rows: its entries in the audit log, and what its comments say and have
// said. Each function runs one prepared statement on the connection that it is given and throws
// what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "comments-service/audit/audit_store.h"
#include "comments-service/record/evidence.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

struct ThreadName {
  std::string org_id;
  std::string invoice_id;
};

struct StoredEvidenceEntry : StoredEntry {
  // Of the entry before it in the tenant's log.
  std::string previous_hash;
};

// Up to `limit` entries about the thread, in the log's order.
std::vector<StoredEvidenceEntry> ReadEntriesOfThread(Connection& connection,
                                                     const ThreadName& thread, std::int64_t limit);

// A comment's revision, with the salt of its text. `editor.salt` stays empty: it is its entry's.
struct StoredEvidenceRevision {
  // Of the comment.
  std::int64_t position = 0;
  EvidenceRevision revision;
};

// The thread's comments by sequence, each with the revision that its row shows, and nobody's salt:
// right of a comment that has no kept revisions.
struct StoredEvidenceComment {
  std::int64_t position = 0;
  EvidenceComment comment;
};

// Both keep rows whose texts have up to `bytes_max` bytes together, and take these off it; what is
// left is negative when there are more.
std::vector<StoredEvidenceComment> ReadCommentsOfThread(Connection& connection,
                                                        const ThreadName& thread,
                                                        std::int64_t& bytes_max);
// Of the comments that were ever changed: all revisions, by sequence and revision.
std::vector<StoredEvidenceRevision> ReadRevisionsOfThread(Connection& connection,
                                                          const ThreadName& thread,
                                                          std::int64_t& bytes_max);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_STORE_H_
