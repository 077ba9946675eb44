// The messages of the contract as JSON. Names are lowerCamelCase, times RFC 3339 in UTC, money
// whole minor units. Written straight out: a page costs a quarter of what protobuf's own JSON does.
// Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_TRANSCODE_H_
#define MARGINALIA_GATEWAY_UPSTREAM_TRANSCODE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "marginalia/invoices/v1/invoices_service.pb.h"

namespace marginalia {

// By invoice_id.
using ReadStatesOfInvoices = absl::flat_hash_map<std::string, comments::v1::ReadState>;

// That of the thread as the page tells it; from a service that does not tell it yet, as many as the
// thread has comments, since nothing else changes one there.
std::int64_t RevisionOf(const comments::v1::ListCommentsResponse& page);

// {comments, nextCursor, previousCursor, totalSize, consistencyToken, thread}; where the comments
// are of more than one thread, their readStates and what is known of their invoices instead.
std::string ToJson(const comments::v1::ListCommentsResponse& page);
std::string ToJson(const comments::v1::ListRecentCommentsResponse& page,
                   const invoices::v1::BatchGetInvoiceSummariesResponse& invoices);

// {comment, consistencyToken}
std::string ToJson(const comments::v1::AddCommentResponse& added);
std::string ToJson(const comments::v1::GetCommentResponse& answer);

// {comment, consistencyToken}: a comment after its change.
std::string ToJson(const comments::v1::EditCommentResponse& changed);
std::string ToJson(const comments::v1::RemoveCommentResponse& changed);
// {revisions, nextCursor}
std::string ToJson(const comments::v1::ListCommentRevisionsResponse& page);
// {thread, comment, consistencyToken}: the comment where one was said with it.
std::string ToJson(const comments::v1::ResolveThreadResponse& settled);
std::string ToJson(const comments::v1::ReopenThreadResponse& settled);

// {invoiceId, readSequence, newestSequence, unreadCount, mentioned}
std::string ToJson(const comments::v1::ReadState& state);
// {readState}
std::string ToJson(const comments::v1::MarkThreadReadResponse& marked);
// {people}
std::string ToJson(const comments::v1::SearchAuthorsResponse& found);

// What an event is called on the stream: "comment_added". Empty: its kind is not known here.
std::string_view KindName(const comments::v1::Event& event);
// {comment, totalSize, thread}: the data of such an event; the comment where it is of one, the size
// where one was added.
std::string ToJson(const comments::v1::Event& event);

// An answer whose last part, the freshness, differs from time to time although nothing has changed:
// everything before `freshness_offset` is what an entity tag stands for.
struct JsonWithFreshness {
  std::string json;
  std::size_t freshness_offset = 0;
};

// {invoice, summary, freshness}
JsonWithFreshness ToJson(const invoices::v1::GetInvoiceResponse& answer);
// {summaries, nextCursor, freshness}; with unreadCount and mentioned in the summaries of those
// invoices whose read states are known.
JsonWithFreshness ToJson(const invoices::v1::ListInvoiceSummariesResponse& page,
                         const ReadStatesOfInvoices& read_states);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_TRANSCODE_H_
