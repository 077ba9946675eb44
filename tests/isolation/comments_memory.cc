#include "tests/isolation/comments_memory.h"

#include "absl/strings/str_cat.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {
namespace {

// Of comments as the domain and as the contract have them.
template <class Author>
std::string TextOfComment(const std::string& comment_id, const std::string& invoice_id,
                          const Author& author, const std::string& body, std::int64_t sequence) {
  return absl::StrCat("{", comment_id, " ", invoice_id, " ", author, " \"", body, "\" ", sequence,
                      "}");
}

std::string TextOf(const Comment& comment) {
  return TextOfComment(comment.comment_id, comment.invoice_id,
                       absl::StrCat(comment.author.user_id, "/", comment.author.display_name),
                       comment.body, comment.sequence);
}

std::string TextOf(const comments::v1::Comment& comment) {
  return TextOfComment(
      comment.comment_id(), comment.invoice_id(),
      absl::StrCat(comment.author().user_id(), "/", comment.author().display_name()),
      comment.body(), comment.sequence());
}

std::string Presence(std::string_view what, const std::string& value) {
  return absl::StrCat(value.empty() ? " no " : " a ", std::string(what));
}

}  // namespace

void CommentsMemory::Remember(const std::string& comment_id, WrittenComment comment) {
  if (written_.emplace(comment_id, std::move(comment)).second) ++event_count_;
}

std::string CommentsMemory::Place(const std::string& comment_id, std::int64_t position) {
  const auto found = written_.find(comment_id);
  if (found == written_.end()) return " of nobody's comment";
  std::int64_t& known = found->second.position;
  if (known == 0) known = position;
  return known == position ? " in place" : " moved";
}

std::string CommentsMemory::Token(const std::string& consistency_token) {
  const auto point = ParseConsistencyToken(consistency_token, org_id_, "token", "TOKEN");
  if (!point.ok()) return " a token of another scope";
  consistency_tokens.Keep(consistency_token);
  return " a token";
}

std::string CommentsMemory::Describe(const absl::StatusOr<AddedComment>& added) {
  if (!added.ok()) return TextOf(added.status());
  const Comment& comment = added->comment;
  if (!added->replayed) {
    Remember(comment.comment_id, {comment.invoice_id, comment.body, added->receipt.position});
    resume_points_.emplace_back(added->consistency_token, event_count_);
  }
  return absl::StrCat(TextOf(comment), added->replayed ? " again" : " new",
                      Place(comment.comment_id, added->receipt.position),
                      Presence("hash", added->receipt.audit_hash), Token(added->consistency_token));
}

std::string CommentsMemory::Describe(const absl::StatusOr<ImportOutcome>& outcome,
                                     const NewImport& import) {
  if (!outcome.ok()) return TextOf(outcome.status());
  for (const Comment& comment : import.comments) {
    Remember(comment.comment_id, {import.invoice_id, comment.body});
  }
  resume_points_.emplace_back(outcome->consistency_token, event_count_);
  return absl::StrCat(outcome->imported, " imported ", outcome->replayed, " replayed",
                      Token(outcome->consistency_token));
}

std::string CommentsMemory::Describe(const absl::StatusOr<Comment>& comment) {
  return comment.ok() ? TextOf(*comment) : TextOf(comment.status());
}

std::string CommentsMemory::Describe(const absl::StatusOr<ReadState>& state) {
  if (!state.ok()) return TextOf(state.status());
  return absl::StrCat("{", state->invoice_id, " ", state->read_sequence, " of ",
                      state->newest_sequence, " ", state->unread_count, " unread",
                      state->mentioned ? " mentioned" : "", "}");
}

std::string CommentsMemory::Describe(const absl::StatusOr<std::vector<ReadState>>& states) {
  if (!states.ok()) return TextOf(states.status());
  std::string text = "states:";
  for (const ReadState& state : *states) {
    absl::StrAppend(&text, " ", Describe(absl::StatusOr<ReadState>(state)));
  }
  return text;
}

std::string CommentsMemory::Describe(const absl::StatusOr<std::vector<Author>>& authors) {
  if (!authors.ok()) return TextOf(authors.status());
  std::string text = "authors:";
  for (const Author& author : *authors) {
    absl::StrAppend(&text, " ", author.user_id, "/", author.display_name);
  }
  return text;
}

std::string CommentsMemory::Describe(const absl::StatusOr<EncodedPage>& page, Keepsakes& tokens) {
  if (!page.ok()) return TextOf(page.status());
  // ListRecentCommentsResponse has the same fields.
  comments::v1::ListCommentsResponse response;
  if (!response.ParseFromString(**page)) return "no page";
  std::string text = absl::StrCat(response.total_size(), " in all:");
  for (const comments::v1::Comment& comment : response.comments()) {
    absl::StrAppend(&text, " ", TextOf(comment));
  }
  tokens.Keep(response.next_page_token());
  tokens.Keep(response.previous_page_token());
  comments::v1::ListRecentCommentsResponse recent;
  if (!recent.ParseFromString(**page)) return "no page";
  for (const comments::v1::ReadState& state : recent.read_states()) {
    absl::StrAppend(&text, " {", state.invoice_id(), " ", state.read_sequence(), " of ",
                    state.newest_sequence(), "}");
  }
  absl::StrAppend(&text, Presence("next", response.next_page_token()),
                  Presence("previous", response.previous_page_token()),
                  Token(response.consistency_token()));
  return text;
}

std::string CommentsMemory::Describe(const absl::StatusOr<AuditPage>& page, Keepsakes* tokens) {
  if (!page.ok()) return TextOf(page.status());
  std::string text = "entries:";
  for (const AuditEntry& entry : page->entries) {
    absl::StrAppend(&text, " {", entry.org_id, " ", entry.actor_id, " ", entry.actor_name, " ",
                    entry.action, " ", entry.invoice_id, " ", entry.comment_id, " ",
                    entry.request_id, Place(entry.comment_id, entry.position),
                    Presence("hash", entry.hash), "}");
  }
  if (tokens != nullptr) tokens->Keep(page->next_page_token);
  return text + Presence("next", page->next_page_token);
}

std::string CommentsMemory::Describe(const absl::StatusOr<AuditVerdict>& verdict) {
  if (!verdict.ok()) return TextOf(verdict.status());
  return absl::StrCat(verdict->entry_count, " entries",
                      verdict->first_broken_position == 0 ? " intact" : " broken",
                      Presence("hash", verdict->head_hash));
}

std::string CommentsMemory::Describe(const std::vector<comments::v1::Event>& events) {
  std::string text = "events:";
  for (const comments::v1::Event& event : events) {
    const comments::v1::CommentAdded& added = event.comment_added();
    absl::StrAppend(&text, " {", event.org_id(), " ", TextOf(added.comment()), " ",
                    added.thread_comment_count(),
                    Place(added.comment().comment_id(), event.position()), "}");
  }
  return text;
}

}  // namespace marginalia
