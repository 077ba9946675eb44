// marginalia.comments.v1.CommentsService: each method passes the gate, translates its request,
// hands it to the use case, and translates the answer. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_COMMENTS_RPC_H_
#define MARGINALIA_COMMENTS_SERVICE_COMMENTS_RPC_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>

#include "comments-service/audit/audit_listing.h"
#include "comments-service/audit/checkpoints.h"
#include "comments-service/evidence/evidence_rpc.h"
#include "comments-service/readers/author_search.h"
#include "comments-service/readers/read_states.h"
#include "comments-service/thread/changes.h"
#include "comments-service/thread/comment_listing.h"
#include "comments-service/thread/comments.h"
#include "comments-service/thread/imports.h"
#include "comments-service/thread/recent_listing.h"
#include "comments-service/thread/revision_listing.h"
#include "comments-service/thread/settlements.h"
#include "comments-service/thread/thread_counts_listing.h"
#include "comments-service/verification/audit_verifier.h"
#include "comments-service/watch/watch_events_rpc.h"
#include "services/rpc/gate/gate.h"

namespace marginalia {

// None is owned; all must outlive the service.
struct CommentsUseCases {
  Comments& comments;
  Imports& imports;
  Changes& changes;
  Settlements& settlements;
  CommentListing& listing;
  RecentListing& recent;
  ThreadCountsListing& thread_counts;
  RevisionListing& revisions;
  ReadStates& read_states;
  AuthorSearch& authors;
  AuditListing& audit;
  AuditVerifier& verifier;
  Checkpoints& checkpoints;
  WatchEventsRpc& watch;
  EvidenceRpc& evidence;
};

std::unique_ptr<grpc::Service> MakeCommentsRpc(Gate& gate, const CommentsUseCases& use_cases);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_COMMENTS_RPC_H_
