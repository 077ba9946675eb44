#include "comments-service/thread/wire/erased_event.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <stdexcept>

#include "comments-service/thread/comment.h"
#include "marginalia/comments/v1/event.pb.h"

namespace marginalia {
namespace {

using comments::v1::Event;
using google::protobuf::internal::WireFormatLite;

// Null for the kinds that never carry a text.
comments::v1::Comment* SayingComment(Event& event) {
  if (event.has_comment_added()) return event.mutable_comment_added()->mutable_comment();
  if (event.has_comment_edited()) return event.mutable_comment_edited()->mutable_comment();
  return nullptr;
}

// The number of the field that says what has happened; 0: none of those that are known.
int KindOf(std::string_view encoded_event) {
  google::protobuf::io::CodedInputStream in(
      reinterpret_cast<const std::uint8_t*>(encoded_event.data()),
      static_cast<int>(encoded_event.size()));
  // The kind stands behind position, tenant and time.
  for (std::uint32_t tag = in.ReadTag(); tag != 0; tag = in.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (field >= Event::kCommentAddedFieldNumber) {
      return field <= Event::kThreadReopenedFieldNumber ? field : 0;
    }
    if (!WireFormatLite::SkipField(&in, tag)) return 0;
  }
  return 0;
}

}  // namespace

std::string WithoutText(std::string_view encoded_event) {
  Event event;
  if (!event.ParseFromArray(encoded_event.data(), static_cast<int>(encoded_event.size()))) {
    throw std::runtime_error("an event that is to be erased cannot be read");
  }
  comments::v1::Comment* const comment = SayingComment(event);
  if (comment == nullptr) return std::string(encoded_event);
  comment->clear_body();
  comment->clear_mentions();
  comment->set_erased(true);
  comment->set_etag(CommentEtag(comment->revision(), false, true));
  return event.SerializeAsString();
}

bool IsErasure(std::string_view encoded_event) {
  return KindOf(encoded_event) == Event::kCommentErasedFieldNumber;
}

std::optional<std::int64_t> ChangedPlace(std::string_view encoded_event) {
  switch (KindOf(encoded_event)) {
    case Event::kCommentAddedFieldNumber:
    case Event::kThreadResolvedFieldNumber:
    case Event::kThreadReopenedFieldNumber:
      return 0;
  }
  Event event;
  if (!event.ParseFromArray(encoded_event.data(), static_cast<int>(encoded_event.size()))) {
    return std::nullopt;
  }
  const std::int64_t place =
      event.has_comment_edited()    ? event.comment_edited().comment().sequence()
      : event.has_comment_removed() ? event.comment_removed().comment().sequence()
                                    : event.comment_erased().comment().sequence();
  return place == 0 ? std::nullopt : std::optional(place);
}

}  // namespace marginalia
