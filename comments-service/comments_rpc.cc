#include "comments-service/comments_rpc.h"

#include <utility>
#include <vector>

#include "comments-service/call_context_rpc.h"
#include "comments-service/comment_messages.h"
#include "comments-service/import_messages.h"
#include "comments-service/record_messages.h"
#include "comments-service/withheld_positions.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "services/errors/errors.h"
#include "services/rpc/gate/gated_service.h"
#include "services/rpc/raw_message.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using Contract = v1::CommentsService;

// All methods are raw: see raw_message.h.
using RawService = Contract::WithRawCallbackMethod_AddComment<Contract::WithRawCallbackMethod_ImportComments<
    Contract::WithRawCallbackMethod_GetComment<Contract::WithRawCallbackMethod_ListComments<
        Contract::WithRawCallbackMethod_ListRecentComments<Contract::WithRawCallbackMethod_MarkThreadRead<
            Contract::WithRawCallbackMethod_BatchGetReadStates<Contract::WithRawCallbackMethod_SearchAuthors<
                Contract::WithRawCallbackMethod_WatchEvents<Contract::WithRawCallbackMethod_ListThreadCounts<
                    Contract::WithRawCallbackMethod_ListAuditEntries<Contract::WithRawCallbackMethod_VerifyAuditLog<
                        Contract::WithRawCallbackMethod_GetThread<Contract::WithRawCallbackMethod_GetCheckpoint<
                            Contract::WithRawCallbackMethod_GetInclusionProof<
                                Contract::WithRawCallbackMethod_GetConsistencyProof<
                                    Contract::WithRawCallbackMethod_EditComment<
                                        Contract::WithRawCallbackMethod_RemoveComment<
                                            Contract::WithRawCallbackMethod_ListCommentRevisions<
                                                Contract::WithRawCallbackMethod_ResolveThread<
                                                    Contract::WithRawCallbackMethod_ReopenThread<
                                                        Contract::WithRawCallbackMethod_EraseComment<
                                                            Contract::
                                                                WithRawCallbackMethod_ExportEvidence<
                                                                    Contract::
                                                                        Service>>>>>>>>>>>>>>>>>>>>>>>;

// The answer of a use case as the answer of the call.
template <class Result>
Answer<Result> AnswerTo(UnaryCall* call, grpc::ByteBuffer* response) {
  return [call, response](absl::StatusOr<Result> result) {
    if (result.ok()) {
      auto message = MessageOf(*result);
      WithholdPositions(call->call().caller(), message);
      *response = ToByteBuffer(message);
    }
    call->Answer(result.status());
  };
}

Answer<EncodedPage> PageAnswerTo(UnaryCall* call, grpc::ByteBuffer* response) {
  return [call, response](absl::StatusOr<EncodedPage> page) {
    if (page.ok()) *response = ToByteBuffer(*std::move(page));
    call->Answer(page.status());
  };
}

// gRPC marks the attempts that it makes by itself after the first.
bool IsRetriedByGrpc(const grpc::CallbackServerContext& context) {
  return context.client_metadata().count("grpc-previous-rpc-attempts") > 0;
}

// The attempt before may have added the comment, under an id that nobody can name.
absl::Status RetryNeedsCommentId() {
  return Refusal(absl::StatusCode::kAborted, "RETRY_NEEDS_COMMENT_ID",
                 "an earlier attempt of this call may have added the comment: look at the thread, "
                 "and send a comment_id so that a retry adds nothing twice");
}

class CommentsRpc : public GatedService<Contract, RawService> {
 public:
  CommentsRpc(Gate& gate, const CommentsUseCases& use_cases)
      : GatedService(gate), use_cases_(use_cases) {}

  Reactor* AddComment(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::AddCommentRequest>(
        context, add_comment_, *request, [this, context, response](UnaryCall* call, auto& message) {
          if (message.comment_id().empty() && IsRetriedByGrpc(*context)) {
            return call->Answer(RetryNeedsCommentId());
          }
          use_cases_.comments.Add(ContextOf(call->call()), NewCommentOf(std::move(message)),
                                  AnswerTo<AddedComment>(call, response));
        });
  }

  Reactor* ImportComments(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::ImportCommentsRequest>(
        context, import_comments_, *request, [this, response](UnaryCall* call, auto& message) {
          absl::StatusOr<NewImport> import = NewImportOf(std::move(message));
          if (!import.ok()) return call->Answer(import.status());
          use_cases_.imports.Import(ContextOf(call->call()), *std::move(import),
                                    AnswerTo<ImportOutcome>(call, response));
        });
  }

  Reactor* GetComment(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::GetCommentRequest>(
        context, get_comment_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.comments.Get(ContextOf(call->call()), message.invoice_id(),
                                  message.comment_id(), AnswerTo<Comment>(call, response));
        });
  }

  Reactor* ListComments(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::ListCommentsRequest>(
        context, list_comments_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.listing.ListThread(
              ContextOf(call->call()),
              {.invoice_id = std::move(*message.mutable_invoice_id()),
               .page_size = message.page_size(),
               .page_token = std::move(*message.mutable_page_token()),
               .at_least_as_fresh = std::move(*message.mutable_at_least_as_fresh()),
               .around_comment_id = std::move(*message.mutable_around_comment_id())},
              PageAnswerTo(call, response));
        });
  }

  Reactor* EditComment(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::EditCommentRequest>(
        context, edit_comment_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.changes.Edit(ContextOf(call->call()), NewEditOf(std::move(message)),
                                  AnswerTo<EditedComment>(call, response));
        });
  }

  Reactor* RemoveComment(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::RemoveCommentRequest>(
        context, remove_comment_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.changes.Remove(ContextOf(call->call()), NewRemovalOf(std::move(message)),
                                    AnswerTo<RemovedComment>(call, response));
        });
  }

  Reactor* EraseComment(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::EraseCommentRequest>(
        context, erase_comment_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.changes.Erase(ContextOf(call->call()), NewErasureOf(std::move(message)),
                                   AnswerTo<ErasedComment>(call, response));
        });
  }

  Reactor* ResolveThread(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::ResolveThreadRequest>(
        context, resolve_thread_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.settlements.Resolve(ContextOf(call->call()),
                                         NewSettlementOf(std::move(message)),
                                         AnswerTo<ResolvedThread>(call, response));
        });
  }

  Reactor* ReopenThread(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::ReopenThreadRequest>(
        context, reopen_thread_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.settlements.Reopen(ContextOf(call->call()),
                                        NewSettlementOf(std::move(message)),
                                        AnswerTo<ReopenedThread>(call, response));
        });
  }

  Reactor* ListCommentRevisions(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::ListCommentRevisionsRequest>(
        context, list_comment_revisions_, *request,
        [this, response](UnaryCall* call, auto& message) {
          use_cases_.revisions.List(ContextOf(call->call()), RevisionsRequestOf(std::move(message)),
                                    AnswerTo<RevisionsPage>(call, response));
        });
  }

  Reactor* GetThread(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::GetThreadRequest>(
        context, get_thread_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.listing.GetThread(
              ContextOf(call->call()),
              {.invoice_id = std::move(*message.mutable_invoice_id()),
               .at_least_as_fresh = std::move(*message.mutable_at_least_as_fresh())},
              AnswerTo<ThreadAnswer>(call, response));
        });
  }

  Reactor* ListRecentComments(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::ListRecentCommentsRequest>(
        context, list_recent_comments_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.recent.List(ContextOf(call->call()),
                                 {.page_size = message.page_size(),
                                  .page_token = std::move(*message.mutable_page_token()),
                                  .mentioning_me = message.mentioning_me()},
                                 PageAnswerTo(call, response));
        });
  }

  Reactor* MarkThreadRead(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::MarkThreadReadRequest>(
        context, mark_thread_read_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.read_states.Mark(ContextOf(call->call()),
                                      std::move(*message.mutable_invoice_id()), message.sequence(),
                                      AnswerTo<ReadState>(call, response));
        });
  }

  Reactor* BatchGetReadStates(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::BatchGetReadStatesRequest>(
        context, batch_get_read_states_, *request,
        [this, response](UnaryCall* call, auto& message) {
          const auto& ids = message.invoice_ids();
          use_cases_.read_states.Get(ContextOf(call->call()), {ids.begin(), ids.end()},
                                     AnswerTo<std::vector<ReadState>>(call, response));
        });
  }

  Reactor* SearchAuthors(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::SearchAuthorsRequest>(
        context, search_authors_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.authors.Find(ContextOf(call->call()), message.prefix(), message.page_size(),
                                  AnswerTo<std::vector<Author>>(call, response));
        });
  }

  grpc::ServerWriteReactor<Bytes>* WatchEvents(Context* context, const Bytes* request) override {
    return use_cases_.watch.Watch(context, request);
  }

  grpc::ServerWriteReactor<Bytes>* ExportEvidence(Context* context, const Bytes* request) override {
    return use_cases_.evidence.Export(context, request);
  }

  Reactor* ListThreadCounts(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::ListThreadCountsRequest>(
        context, list_thread_counts_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.thread_counts.List(ContextOf(call->call()),
                                        {.page_size = message.page_size(),
                                         .page_token = std::move(*message.mutable_page_token())},
                                        AnswerTo<ThreadCountsPage>(call, response));
        });
  }

  Reactor* ListAuditEntries(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::ListAuditEntriesRequest>(
        context, list_audit_entries_, *request, [this, response](UnaryCall* call, auto& message) {
          absl::StatusOr<AuditPageRequest> page = AuditPageRequestOf(message);
          if (!page.ok()) return call->Answer(page.status());
          use_cases_.audit.List(ContextOf(call->call()), *std::move(page),
                                AnswerTo<AuditPage>(call, response));
        });
  }

  Reactor* VerifyAuditLog(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::VerifyAuditLogRequest>(
        context, verify_audit_log_, *request, [this, response](UnaryCall* call, auto& message) {
          CallContext context = ContextOf(call->call());
          context.cancelled = &call->cancelled();
          use_cases_.verifier.Verify(context, std::move(*message.mutable_invoice_id()),
                                     AnswerTo<AuditVerdict>(call, response));
        });
  }

  Reactor* GetCheckpoint(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::GetCheckpointRequest>(
        context, get_checkpoint_, *request, [this, response](UnaryCall* call, auto&) {
          use_cases_.checkpoints.Get(ContextOf(call->call()),
                                     AnswerTo<SignedCheckpoint>(call, response));
        });
  }

  Reactor* GetInclusionProof(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::GetInclusionProofRequest>(
        context, get_inclusion_proof_, *request, [this, response](UnaryCall* call, auto& message) {
          use_cases_.checkpoints.ProveEntry(ContextOf(call->call()), message.number(),
                                            message.size(), AnswerTo<ProvenEntry>(call, response));
        });
  }

  Reactor* GetConsistencyProof(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::GetConsistencyProofRequest>(context, get_consistency_proof_, *request,
                                                  [this, response](UnaryCall* call, auto& message) {
                                                    use_cases_.checkpoints.ProveGrowth(
                                                        ContextOf(call->call()), message.first(),
                                                        message.second(),
                                                        AnswerTo<ProvenGrowth>(call, response));
                                                  });
  }

 private:
  const CommentsUseCases use_cases_;
  const GatedMethod& add_comment_ = MethodOf("AddComment");
  const GatedMethod& import_comments_ = MethodOf("ImportComments");
  const GatedMethod& get_comment_ = MethodOf("GetComment");
  const GatedMethod& list_comments_ = MethodOf("ListComments");
  const GatedMethod& list_recent_comments_ = MethodOf("ListRecentComments");
  const GatedMethod& list_thread_counts_ = MethodOf("ListThreadCounts");
  const GatedMethod& list_audit_entries_ = MethodOf("ListAuditEntries");
  const GatedMethod& verify_audit_log_ = MethodOf("VerifyAuditLog");
  const GatedMethod& edit_comment_ = MethodOf("EditComment");
  const GatedMethod& remove_comment_ = MethodOf("RemoveComment");
  const GatedMethod& erase_comment_ = MethodOf("EraseComment");
  const GatedMethod& resolve_thread_ = MethodOf("ResolveThread");
  const GatedMethod& reopen_thread_ = MethodOf("ReopenThread");
  const GatedMethod& list_comment_revisions_ = MethodOf("ListCommentRevisions");
  const GatedMethod& get_thread_ = MethodOf("GetThread");
  const GatedMethod& mark_thread_read_ = MethodOf("MarkThreadRead");
  const GatedMethod& batch_get_read_states_ = MethodOf("BatchGetReadStates");
  const GatedMethod& search_authors_ = MethodOf("SearchAuthors");
  const GatedMethod& get_checkpoint_ = MethodOf("GetCheckpoint");
  const GatedMethod& get_inclusion_proof_ = MethodOf("GetInclusionProof");
  const GatedMethod& get_consistency_proof_ = MethodOf("GetConsistencyProof");
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCommentsRpc(Gate& gate, const CommentsUseCases& use_cases) {
  return std::make_unique<CommentsRpc>(gate, use_cases);
}

}  // namespace marginalia
