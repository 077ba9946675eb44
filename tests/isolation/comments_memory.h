// What one tenant was told about its comments, and how its answers read without what legitimately
// differs from run to run: times, hashes, positions in the log of all tenants, and what tokens look
// like. Positions are checked to be always the same for a comment, tokens by being used.
#ifndef MARGINALIA_TESTS_ISOLATION_COMMENTS_MEMORY_H_
#define MARGINALIA_TESTS_ISOLATION_COMMENTS_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "comments-service/audit/audit_listing.h"
#include "comments-service/readers/author_search.h"
#include "comments-service/readers/read_states.h"
#include "comments-service/thread/comments.h"
#include "comments-service/thread/imports.h"
#include "comments-service/thread/thread_pages.h"
#include "comments-service/verification/audit_verifier.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "tests/isolation/operations.h"

namespace marginalia {

// A comment as its tenant wrote it first.
struct WrittenComment {
  std::string invoice_id;
  std::string body;
  // Of its event; 0 while nothing has told.
  std::int64_t position = 0;
};

class CommentsMemory {
 public:
  explicit CommentsMemory(std::string org_id) : org_id_(std::move(org_id)) {}

  std::string Describe(const absl::StatusOr<AddedComment>& added);
  std::string Describe(const absl::StatusOr<ImportOutcome>& outcome, const NewImport& import);
  std::string Describe(const absl::StatusOr<Comment>& comment);
  std::string Describe(const absl::StatusOr<ReadState>& state);
  std::string Describe(const absl::StatusOr<std::vector<ReadState>>& states);
  std::string Describe(const absl::StatusOr<std::vector<Author>>& authors);
  // `tokens` keeps those of the page.
  std::string Describe(const absl::StatusOr<EncodedPage>& page, Keepsakes& tokens);
  std::string Describe(const absl::StatusOr<AuditPage>& page, Keepsakes* tokens);
  std::string Describe(const absl::StatusOr<AuditVerdict>& verdict);
  std::string Describe(const std::vector<comments::v1::Event>& events);

  const std::map<std::string, WrittenComment>& written() const { return written_; }
  std::size_t event_count() const { return event_count_; }
  // Tokens, each with the number of the tenant's events at or before it.
  const std::vector<std::pair<std::string, std::size_t>>& resume_points() const {
    return resume_points_;
  }

  std::map<std::string, Keepsakes> thread_tokens;  // by invoice
  Keepsakes any_thread_tokens;
  Keepsakes recent_tokens;
  Keepsakes mention_tokens;
  Keepsakes audit_tokens;
  Keepsakes consistency_tokens;

 private:
  void Remember(const std::string& comment_id, WrittenComment comment);
  std::string Place(const std::string& comment_id, std::int64_t position);
  std::string Token(const std::string& consistency_token);

  const std::string org_id_;
  std::map<std::string, WrittenComment> written_;
  std::size_t event_count_ = 0;
  std::vector<std::pair<std::string, std::size_t>> resume_points_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_ISOLATION_COMMENTS_MEMORY_H_
