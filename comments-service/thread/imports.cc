#include "comments-service/thread/imports.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "comments-service/thread/comment_lookup.h"
#include "comments-service/thread/store/change_store.h"
#include "comments-service/thread/store/revision_store.h"
#include "services/errors/errors.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

// One ImportComments under way.
struct Imports::Run {
  Provenance provenance;
  std::vector<Comment> comments;
  std::optional<Closing> closing;
  // Which of them are new, as the last check against the database found.
  std::vector<std::size_t> added;
  bool closes = false;
  std::int64_t last_position = 0;
};

namespace {

std::string ItemField(std::size_t index, std::string_view field) {
  return absl::StrCat("comments[", index, "].", std::string(field));
}

absl::Status CheckItem(std::size_t index, Comment& comment) {
  absl::StatusOr<std::string> comment_id = CanonicalCommentId(comment.comment_id);
  if (!comment_id.ok()) return InField(ItemField(index, "comment_id"), comment_id.status());
  comment.comment_id = *std::move(comment_id);
  absl::Status checked = CheckUserId(comment.author.user_id);
  if (!checked.ok()) return InField(ItemField(index, "author.user_id"), checked);
  checked = CheckDisplayName(comment.author.display_name);
  if (!checked.ok()) return InField(ItemField(index, "author.display_name"), checked);
  // What a removed one said may be known no longer.
  if (comment.removal && comment.body.empty()) return absl::OkStatus();
  return InField(ItemField(index, "body"), CheckBody(comment.body));
}

// 1970's first moment stands for no time wherever times are stored and told, and is what one that
// nobody has set arrives as.
absl::Status CheckTimeIsSet(absl::Time time) {
  if (time != absl::UnixEpoch()) return absl::OkStatus();
  return absl::InvalidArgumentError("must not be 1970-01-01T00:00:00Z, which stands for no time");
}

absl::Status CheckItemChanges(std::size_t index, const Comment& comment, absl::Time now) {
  if (comment.edit_time) {
    const absl::Status checked =
        CheckImportedChangeTime(comment.create_time, *comment.edit_time, now);
    if (!checked.ok()) return InField(ItemField(index, "edit_time"), checked);
  }
  if (!comment.removal) return absl::OkStatus();
  const Removal& removal = *comment.removal;
  absl::Status checked =
      CheckImportedChangeTime(comment.edit_time.value_or(comment.create_time), removal.time, now);
  if (!checked.ok()) return InField(ItemField(index, "removal.time"), checked);
  checked = CheckUserId(removal.actor.user_id);
  if (!checked.ok()) return InField(ItemField(index, "removal.actor.user_id"), checked);
  checked = CheckDisplayName(removal.actor.display_name);
  if (!checked.ok()) return InField(ItemField(index, "removal.actor.display_name"), checked);
  return InField(ItemField(index, "removal.reason"), CheckReason(removal.reason));
}

absl::Status CheckItems(std::vector<Comment>& comments) {
  if (comments.empty()) return InvalidField("comments", "must not be empty");
  if (comments.size() > kImportCommentsMax) {
    return InvalidField("comments", "must be at most 500");
  }
  absl::Time previous = absl::InfinitePast();
  const absl::Time now = absl::Now();
  for (std::size_t i = 0; i < comments.size(); ++i) {
    if (absl::Status checked = CheckItem(i, comments[i]); !checked.ok()) return checked;
    const absl::Time time = comments[i].create_time;
    const absl::Status in_order = CheckImportTime(previous, time, now);
    if (!in_order.ok()) return InField(ItemField(i, "create_time"), in_order);
    previous = time;
    if (absl::Status checked = CheckItemChanges(i, comments[i], now); !checked.ok()) return checked;
  }
  return absl::OkStatus();
}

absl::Status CheckClosingItself(const NewImport& import) {
  if (!import.closing) return absl::OkStatus();
  // What a closed thread says can be edited and removed, as here.
  if (import.closing->time < import.comments.back().create_time) {
    return InvalidField("state_time", "must not be before the thread's newest comment");
  }
  absl::Status checked =
      CheckImportedChangeTime(absl::InfinitePast(), import.closing->time, absl::Now());
  if (!checked.ok()) return InField("state_time", checked);
  checked = CheckUserId(import.closing->actor.user_id);
  if (!checked.ok()) return InField("state_actor.user_id", checked);
  return InField("state_actor.display_name", CheckDisplayName(import.closing->actor.display_name));
}

// Whether an import of the comment would have written the entry that added it: the same times,
// people and reason, and a text or none.
bool IsAddedAs(const StoredAddition& addition, const Comment& again) {
  // Written here, or imported before there were reasons: it had never been changed.
  if (addition.reason.empty()) return !again.edit_time && !again.removal;
  if (addition.has_content == again.body.empty() ||
      addition.remover_name.has_value() != again.removal.has_value()) {
    return false;
  }
  const RecordedName name = addition.remover_name.value_or(RecordedName());
  return (!again.removal || name.Is(again.removal->actor.display_name)) &&
         addition.reason == ImportedReason(OriginOf(again, name));
}

}  // namespace

void Imports::Import(const CallContext& call, NewImport request, Answer<ImportOutcome> answer) {
  absl::Status checked = CheckItems(request.comments);
  if (checked.ok()) checked = CheckClosingItself(request);
  if (!checked.ok()) return answer(checked);
  auto run = std::make_shared<Run>();
  run->provenance = ProvenanceOf(call, kActionImported);
  run->comments = std::move(request.comments);
  run->closing = std::move(request.closing);
  auto write = [this, call, run,
                answer = std::move(answer)](absl::StatusOr<std::string> invoice_id) mutable {
    if (!invoice_id.ok()) return answer(invoice_id.status());
    for (Comment& comment : run->comments) comment.invoice_id = *invoice_id;
    writes_.Submit(
        call.deadline, Tenants::One(call.caller.org_id),
        [this, run] {
          for (const Comment& comment : run->comments) {
            writer_.Expect(run->provenance.org_id, comment.invoice_id, comment.comment_id);
          }
        },
        [this, run](Connection& connection) { return Write(connection, *run); },
        [this, call, run, answer = std::move(answer)](const absl::Status& status) mutable {
          if (!status.ok()) return answer(status);
          const int imported = static_cast<int>(run->added.size());
          answer(ImportOutcome{.imported = imported,
                               .replayed = static_cast<int>(run->comments.size()) - imported,
                               .consistency_token = MakeConsistencyToken(
                                   {.log_id = events_.id(), .position = run->last_position},
                                   TokenScope(call.caller))});
        });
  };
  invoices_.Find(call, std::move(request.invoice_id), std::move(write));
}

absl::Status Imports::Write(Connection& connection, Run& run) {
  // A refusal must have written nothing, so all is checked before the first row.
  if (absl::Status checked = CheckAgainstStored(connection, run); !checked.ok()) return checked;
  std::vector<const Comment*> added;
  added.reserve(run.added.size());
  for (const std::size_t index : run.added) added.push_back(&run.comments[index]);
  const std::int64_t written =
      writer_.Import(connection, run.provenance, run.comments.front().invoice_id, added,
                     run.closes ? run.closing : std::nullopt);
  run.last_position = std::max(run.last_position, written);
  return absl::OkStatus();
}

absl::Status Imports::CheckAgainstStored(Connection& connection, Run& run) {
  run.provenance.time = absl::Now();
  run.added.clear();
  run.last_position = 0;
  std::unordered_map<std::string_view, const Comment*> unstored;
  absl::Time previous =
      writer_.ThreadOf(connection, run.provenance.org_id, run.comments.front().invoice_id)
          .last_comment_time;
  for (std::size_t i = 0; i < run.comments.size(); ++i) {
    const Comment& comment = run.comments[i];
    const auto repeated = unstored.find(comment.comment_id);
    std::optional<StoredComment> stored;
    if (repeated == unstored.end() && !writer_.IsFree(run.provenance.org_id, comment.comment_id)) {
      stored = FindComment(connection, run.provenance.org_id, comment.comment_id);
    }
    if (repeated == unstored.end() && !stored.has_value()) {
      // What was taken before there was this rule, or that of its time, can still be repeated.
      const absl::Status chosen = CanonicalNewId(comment.comment_id).status();
      if (!chosen.ok()) return InField(ItemField(i, "comment_id"), chosen);
      absl::Status checked = CheckImportTime(previous, comment.create_time, run.provenance.time);
      if (checked.ok()) checked = CheckTimeIsSet(comment.create_time);
      if (!checked.ok()) return InField(ItemField(i, "create_time"), checked);
      previous = comment.create_time;
      unstored.emplace(comment.comment_id, &comment);
      run.added.push_back(i);
      continue;
    }
    const Comment there = stored.has_value()
                              ? AsFirstSaid(connection, run.provenance.org_id, *stored)
                              : *repeated->second;
    bool same = IsReplayOfImport(there, comment);
    if (same && stored.has_value()) {
      const auto addition = FindAddition(connection, run.provenance.org_id, stored->position);
      same = addition.has_value() && IsAddedAs(*addition, comment);
    } else if (same) {
      same = there.edit_time == comment.edit_time && there.removal == comment.removal;
    }
    if (!same) return CommentIdReused({{"field", ItemField(i, "comment_id")}});
    if (stored.has_value()) run.last_position = std::max(run.last_position, stored->position);
  }
  return CheckClosing(connection, run);
}

// Whether it is the closing that the thread has, or had, is asked before its rules: what came
// behind it since does not matter.
absl::Status Imports::CheckClosing(Connection& connection, Run& run) {
  run.closes = false;
  if (!run.closing) return absl::OkStatus();
  const std::string& invoice_id = run.comments.front().invoice_id;
  const std::optional<RecordedName> closed = FindClosing(
      connection, run.provenance.org_id, invoice_id, run.closing->time, run.closing->actor.user_id);
  if (closed && closed->Is(run.closing->actor.display_name)) {
    // It stands anywhere before here.
    run.last_position = std::max(run.last_position, events_.next_position() - 1);
    return absl::OkStatus();
  }
  const Thread& thread = writer_.ThreadOf(connection, run.provenance.org_id, invoice_id);
  if (run.closing->time < thread.last_comment_time) {
    return InvalidField("state_time", "must not be before the thread's newest comment");
  }
  if (run.closing->time <= thread.state_time) {
    return InvalidField("state_time", "must be after the thread's last resolving or reopening");
  }
  run.closes = true;
  return absl::OkStatus();
}

}  // namespace marginalia
