#include "comments-service/verification/event_check.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "comments-service/record/commitment.h"
#include "comments-service/record/imported_reason.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/wire/event_stub.h"
#include "marginalia/comments/v1/event.pb.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using google::protobuf::Timestamp;

constexpr std::string_view kOther = "has an event that tells of something else than the log";
constexpr std::string_view kOtherComment =
    "has an event that shows it otherwise than its entry and its revision";
constexpr std::string_view kOtherThread =
    "has an event that shows its thread otherwise than the entries up to it";

// 0: none.
std::int64_t MicrosOf(const Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1'000;
}

std::string_view ActionOf(const v1::Event& event, bool imported) {
  switch (event.kind_case()) {
    case v1::Event::kCommentAdded:
      return imported ? kActionImported : kActionAdded;
    case v1::Event::kCommentEdited:
      return kActionEdited;
    case v1::Event::kCommentRemoved:
      return kActionRemoved;
    case v1::Event::kCommentErased:
      return kActionErased;
    case v1::Event::kThreadResolved:
      return kActionResolved;
    case v1::Event::kThreadReopened:
      return kActionReopened;
    case v1::Event::KIND_NOT_SET:
      break;
  }
  return "";
}

const v1::Comment* CommentOf(const v1::Event& event) {
  switch (event.kind_case()) {
    case v1::Event::kCommentAdded:
      return &event.comment_added().comment();
    case v1::Event::kCommentEdited:
      return &event.comment_edited().comment();
    case v1::Event::kCommentRemoved:
      return &event.comment_removed().comment();
    case v1::Event::kCommentErased:
      return &event.comment_erased().comment();
    default:
      return nullptr;
  }
}

// What never changes of a comment.
bool IsOf(const v1::Comment& told, const StoredContent& comment) {
  return told.comment_id() == comment.comment_id && told.invoice_id() == comment.invoice_id &&
         told.author().user_id() == comment.author_id &&
         told.author().display_name() == comment.author_name &&
         MicrosOf(told.create_time()) == comment.create_time && told.sequence() == comment.sequence;
}

// Whether it is removed as it had been when it was imported.
bool RemovedAs(const v1::Comment& told, const std::optional<ImportedOrigin>& origin) {
  if (!origin || !origin->removal) return !told.has_removal();
  const v1::Removal& removal = told.removal();
  return origin->removal->Is(absl::FromUnixMicros(MicrosOf(removal.time())),
                             removal.actor().user_id(), removal.actor().display_name(),
                             removal.reason());
}

// What an added or edited comment says, unless it has been erased since.
bool Says(const v1::Comment& told, const EventTruth& truth,
          const std::optional<ImportedOrigin>& origin) {
  const StoredContent& comment = *truth.comment;
  const AuditEntry& entry = truth.entry.entry;
  std::optional<absl::Time> edit_time;
  if (entry.action == kActionEdited) edit_time = entry.create_time;
  if (origin) edit_time = origin->edit_time;
  if (!RemovedAs(told, origin) || told.erased() != (comment.erased != 0) ||
      MicrosOf(told.edit_time()) != (edit_time ? absl::ToUnixMicros(*edit_time) : 0)) {
    return false;
  }
  if (comment.erased != 0 || told.has_removal()) return told.body().empty();
  const std::string& salt = truth.revision ? truth.revision->body_salt : comment.body_salt;
  if (entry.format == 1) {
    return told.body() == (truth.revision ? truth.revision->body : comment.body);
  }
  return Commitment(salt, told.body()) == entry.content_commitment;
}

// What a removed or erased comment says of that.
bool SaysRemoved(const v1::Comment& told, const EventTruth& truth, bool erased) {
  const StoredContent& comment = *truth.comment;
  // Nobody edits it any more.
  return told.body().empty() && told.erased() == erased &&
         MicrosOf(told.edit_time()) == comment.edit_time &&
         MicrosOf(told.removal().time()) == comment.removal_time &&
         told.removal().actor().user_id() == comment.remover_id &&
         told.removal().actor().display_name() == comment.remover_name &&
         told.removal().reason() == comment.removal_reason;
}

bool CommentHolds(const v1::Event& event, const EventTruth& truth) {
  const AuditEntry& entry = truth.entry.entry;
  const StoredContent& comment = *truth.comment;
  const v1::Comment& told = *CommentOf(event);
  if (!IsOf(told, comment)) return false;
  // An event from before there were numbers knows no revisions either.
  const bool old = event.number() == 0;
  const bool says = entry.action != kActionRemoved && entry.action != kActionErased;
  const std::optional<ImportedOrigin> origin = ImportedOriginOf(entry, truth.entry.salts.reason);
  const bool removed = !says || (origin && origin->removal.has_value());
  const bool erased = entry.action == kActionErased || (says && comment.erased != 0);
  const std::int64_t revision = entry.format == 1 ? 1 : entry.revision;
  if (!old && told.revision() != revision) return false;
  if (!(old && told.etag().empty()) &&
      told.etag() != CommentEtag(old ? told.revision() : revision, removed, erased)) {
    return false;
  }
  if (event.has_comment_erased() && event.comment_erased().comment_id() != comment.comment_id) {
    return false;
  }
  return says ? Says(told, truth, origin) : SaysRemoved(told, truth, erased);
}

// The comments of the thread that the event says were all there were.
bool EndsWhereItSays(Connection& connection, const v1::Thread& told, const AuditEntry& entry) {
  const std::int64_t count = told.place_count();
  if (count < 0) return false;
  const std::vector<StoredPlace> places =
      ReadPlaces(connection, entry.org_id, entry.invoice_id, count, /*after=*/false, 2);
  const auto place = [&](std::int64_t sequence) -> const StoredPlace* {
    for (const StoredPlace& each : places) {
      if (each.invoice_id == entry.invoice_id && each.sequence == sequence) return &each;
    }
    return nullptr;
  };
  const StoredPlace* const next = place(count + 1);
  if (next != nullptr && next->position <= entry.position) return false;
  if (count == 0) return !told.has_last_comment_time() && told.last_author_name().empty();
  const StoredPlace* const last = place(count);
  return last != nullptr && last->position <= entry.position &&
         MicrosOf(told.last_comment_time()) == last->create_time &&
         told.last_author_name() == last->author_name;
}

bool ThreadHolds(Connection& connection, const v1::Event& event, const EventTruth& truth) {
  const v1::Thread& told = event.thread();
  const AuditEntry& entry = truth.entry.entry;
  const FollowedThread& thread = *truth.thread;
  const std::int64_t revision = told.place_count() + thread.change_count;
  if (told.invoice_id() != entry.invoice_id || told.revision() != revision ||
      told.etag() != absl::StrCat("t", revision) ||
      told.comment_count() != told.place_count() - thread.removed_count ||
      told.state() != (thread.resolved != 0 ? v1::THREAD_STATE_RESOLVED : v1::THREAD_STATE_OPEN) ||
      MicrosOf(told.state_time()) != thread.state_time ||
      told.state_actor().user_id() != thread.state_actor_id ||
      !thread.state_actor_name.Is(told.state_actor().display_name())) {
    return false;
  }
  if (!event.has_comment_added()) return EndsWhereItSays(connection, told, entry);
  return told.place_count() == truth.comment->sequence &&
         MicrosOf(told.last_comment_time()) == truth.comment->create_time &&
         told.last_author_name() == truth.comment->author_name;
}

}  // namespace

StoredEvent Completed(const StoredEvent& event, const EventTruth& truth) {
  const StoredContent& comment = *truth.comment;
  const CommentView added{.comment_id = comment.comment_id,
                          .invoice_id = comment.invoice_id,
                          .author_id = comment.author_id,
                          .author_name = comment.author_name,
                          .body = truth.revision == nullptr ? comment.body : truth.revision->body,
                          .create_micros = comment.create_time,
                          .sequence = comment.sequence,
                          .erased = comment.erased != 0};
  std::optional<std::string> whole =
      WholeEvent(event.payload, event.position, truth.entry.entry.org_id, added);
  if (!whole.has_value()) return event;
  return {.position = event.position, .subject = comment.invoice_id, .payload = *std::move(whole)};
}

std::string_view EventDiffers(Connection& connection, const StoredEvent& stored,
                              const EventTruth& truth) {
  const AuditEntry& entry = truth.entry.entry;
  v1::Event event;
  if (!event.ParseFromString(stored.payload)) return "has an event that cannot be read";
  const bool old = event.number() == 0;
  if (stored.subject != entry.invoice_id || event.position() != entry.position ||
      event.org_id() != entry.org_id || (!old && event.number() != entry.number) ||
      (!old && event.invoice_id() != entry.invoice_id) || (old && entry.format != 1) ||
      ActionOf(event, entry.action == kActionImported) != entry.action ||
      MicrosOf(event.event_time()) > absl::ToUnixMicros(entry.create_time)) {
    return kOther;
  }
  if ((CommentOf(event) != nullptr) != (truth.comment != nullptr)) return kOther;
  if (truth.comment != nullptr && !CommentHolds(event, truth)) return kOtherComment;
  if (event.has_comment_added() &&
      event.comment_added().thread_comment_count() != truth.comment->sequence) {
    return kOtherThread;
  }
  if (!old && truth.thread != nullptr && !ThreadHolds(connection, event, truth)) {
    return kOtherThread;
  }
  return "";
}

}  // namespace marginalia
