// The contract's messages of comments, threads and readers from the domain's values and back. Pure
// functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_COMMENT_MESSAGES_H_
#define MARGINALIA_COMMENTS_SERVICE_COMMENT_MESSAGES_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "comments-service/readers/read_states.h"
#include "comments-service/thread/changes.h"
#include "comments-service/thread/comment_listing.h"
#include "comments-service/thread/comments.h"
#include "comments-service/thread/revision_listing.h"
#include "comments-service/thread/settlements.h"
#include "comments-service/thread/thread_counts_listing.h"
#include "marginalia/comments/v1/comments_service.pb.h"

namespace marginalia {

// To the microsecond. Errors: INVALID_ARGUMENT about `field` when it is not a valid Timestamp.
absl::StatusOr<absl::Time> TimeOf(const google::protobuf::Timestamp& timestamp,
                                  std::string_view field);

NewComment NewCommentOf(comments::v1::AddCommentRequest request);

comments::v1::AddCommentResponse MessageOf(const AddedComment& added);
comments::v1::GetCommentResponse MessageOf(const Comment& comment);
comments::v1::MarkThreadReadResponse MessageOf(const ReadState& state);
comments::v1::BatchGetReadStatesResponse MessageOf(const std::vector<ReadState>& states);
comments::v1::SearchAuthorsResponse MessageOf(const std::vector<Author>& authors);
NewEdit NewEditOf(comments::v1::EditCommentRequest request);
NewRemoval NewRemovalOf(comments::v1::RemoveCommentRequest request);
NewErasure NewErasureOf(comments::v1::EraseCommentRequest request);
NewSettlement NewSettlementOf(comments::v1::ResolveThreadRequest request);
NewSettlement NewSettlementOf(comments::v1::ReopenThreadRequest request);
RevisionsRequest RevisionsRequestOf(comments::v1::ListCommentRevisionsRequest request);

comments::v1::EditCommentResponse MessageOf(const EditedComment& edited);
comments::v1::RemoveCommentResponse MessageOf(const RemovedComment& removed);
comments::v1::EraseCommentResponse MessageOf(const ErasedComment& erased);
comments::v1::ResolveThreadResponse MessageOf(const ResolvedThread& resolved);
comments::v1::ReopenThreadResponse MessageOf(const ReopenedThread& reopened);
comments::v1::ListCommentRevisionsResponse MessageOf(const RevisionsPage& page);
comments::v1::GetThreadResponse MessageOf(const ThreadAnswer& answer);
comments::v1::ListThreadCountsResponse MessageOf(const ThreadCountsPage& page);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_COMMENT_MESSAGES_H_
