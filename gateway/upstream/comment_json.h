// Comments, threads and their events as JSON. Names are lowerCamelCase, times RFC 3339 in UTC. Pure
// functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_COMMENT_JSON_H_
#define MARGINALIA_GATEWAY_UPSTREAM_COMMENT_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "marginalia/comments/v1/comments_service.pb.h"
#include "marginalia/invoices/v1/invoices_service.pb.h"

namespace marginalia {

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

// What an event is called on the stream: "comment_added". Empty: its kind is not known here.
std::string_view KindName(const comments::v1::Event& event);
// {comment, totalSize, thread}: the data of such an event; the comment where it is of one, the size
// where one was added.
std::string ToJson(const comments::v1::Event& event);

// As members of what is written: a person, and what a thread's state is called ("RESOLVED").
void AppendAuthor(std::string& json, std::string_view name, const comments::v1::Author& author);
std::string_view StateName(comments::v1::ThreadState state);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_COMMENT_JSON_H_
