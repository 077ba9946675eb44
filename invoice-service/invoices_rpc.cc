#include "invoice-service/invoices_rpc.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "invoice-service/invoice_messages.h"
#include "invoice-service/invoice_words.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "services/errors/errors.h"
#include "services/rpc/gate/gated_service.h"
#include "services/rpc/raw_message.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {
namespace {

namespace v1 = invoices::v1;
using Contract = v1::InvoicesService;

// All methods are raw: see raw_message.h.
using RawService = Contract::WithRawCallbackMethod_CreateInvoice<
    Contract::WithRawCallbackMethod_GetInvoice<Contract::WithRawCallbackMethod_ListInvoiceSummaries<
        Contract::WithRawCallbackMethod_BatchGetInvoiceSummaries<
            Contract::WithRawCallbackMethod_UpdateInvoice<
                Contract::WithRawCallbackMethod_SendInvoice<
                    Contract::WithRawCallbackMethod_PayInvoice<
                        Contract::WithRawCallbackMethod_VoidInvoice<
                            Contract::WithRawCallbackMethod_RebuildProjection<
                                Contract::WithRawCallbackMethod_VerifyProjection<
                                    Contract::Service>>>>>>>>>>;

// The metadata of a batch's NOT_FOUND, as the contract names it.
constexpr std::string_view kUnknownIndexes = "unknown_indexes";

template <class Request>
ReadContext ContextOf(const UnaryCall& call, const Request& request) {
  return {call.caller(), RequirementOf(request.consistency()), call.call().deadline(),
          call.call().trace()};
}

// The invoice and its summary as they came out of the cache, and the freshness behind them: encoded
// messages are joined by appending one to the other.
absl::StatusOr<grpc::ByteBuffer> InvoiceAnswer(const FreshInvoice& fresh, std::string_view id) {
  if (fresh.invoice == nullptr) return InvoiceNotFound(id);
  v1::GetInvoiceResponse rest;
  ToWire(fresh.as_of, rest.mutable_freshness());
  const std::string& encoded = fresh.invoice->encoded;
  const grpc::Slice slice(encoded.size() + rest.ByteSizeLong());
  auto* const bytes = const_cast<std::uint8_t*>(slice.begin());
  encoded.copy(reinterpret_cast<char*>(bytes), encoded.size());
  rest.SerializeWithCachedSizesToArray(bytes + encoded.size());
  return grpc::ByteBuffer(&slice, 1);
}

// OK when all are there. Else the error tells of all that are not, so that who asked can ask again
// without them.
absl::Status AllFound(const FreshBatch& fresh, const std::vector<std::string>& ids) {
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (fresh.summaries[i].empty()) unknown.push_back(i);
  }
  if (unknown.empty()) return absl::OkStatus();
  return WithErrorMetadata(InvoiceNotFound(ids[unknown.front()]), kUnknownIndexes,
                           absl::StrJoin(unknown, ","));
}

absl::StatusOr<grpc::ByteBuffer> BatchAnswer(const FreshBatch& fresh,
                                             const std::vector<std::string>& ids) {
  const absl::Status all_found = AllFound(fresh, ids);
  if (!all_found.ok()) return all_found;
  v1::BatchGetInvoiceSummariesResponse message;
  ToWire(fresh.as_of, message.mutable_freshness());
  for (const std::string& summary : fresh.summaries) {
    message.add_summaries()->ParseFromString(summary);
  }
  return ToByteBuffer(message);
}

grpc::ByteBuffer ListAnswer(const FreshSummaries& page) {
  v1::ListInvoiceSummariesResponse message;
  ToWire(page.as_of, message.mutable_freshness());
  for (const InvoiceSummary& summary : page.summaries) ToWire(summary, message.add_summaries());
  message.set_next_page_token(page.next_page_token);
  return ToByteBuffer(message);
}

absl::StatusOr<SummaryList> ListOf(const v1::ListInvoiceSummariesRequest& request) {
  SummaryList list;
  if (!comments::v1::ThreadState_IsValid(request.thread_state())) {
    return InvalidField("thread_state", "must be OPEN, RESOLVED or unset");
  }
  list.state = static_cast<ThreadState>(request.thread_state());
  if (!v1::InvoiceOrder_IsValid(request.order())) {
    return InvalidField("order", "must be ACTIVITY or unset");
  }
  if (request.order() == v1::INVOICE_ORDER_ACTIVITY) list.order = SummaryList::Order::kActivity;
  if (!v1::InvoiceStatus_IsValid(request.status())) {
    return InvalidField("status", "must be one of an invoice, or unset");
  }
  if (request.status() != v1::INVOICE_STATUS_UNSPECIFIED) {
    list.status = static_cast<InvoiceStatus>(request.status());
  }
  list.overdue = request.overdue();
  if (list.overdue && list.status && list.status != InvoiceStatus::kSent) {
    return InvalidField("status", "must be unset or SENT of what is overdue");
  }
  auto words = WordsOfSearch(request.search());
  if (!words.ok()) return words.status();
  list.words = *std::move(words);
  if ((list.overdue || !list.words.empty()) && list.order != SummaryList::Order::kNumber) {
    return InvalidField("order", "must be unset of what is overdue or searched for");
  }
  return list;
}

absl::StatusOr<std::vector<std::string>> KeysOf(
    const v1::BatchGetInvoiceSummariesRequest& request) {
  const std::size_t count = request.invoice_ids_size();
  if (count == 0 || count > kBatchInvoicesMax) {
    return InvalidField("invoice_ids", absl::StrCat("must be 1 to ", kBatchInvoicesMax, " ids"));
  }
  std::vector<std::string> keys;
  for (const std::string& id : request.invoice_ids()) {
    absl::StatusOr<std::string> key =
        InvoiceKey(id, absl::StrCat("invoice_ids[", keys.size(), "]"));
    if (absl::IsNotFound(key.status())) {
      // Found under no key, like any other that is not there.
      keys.emplace_back();
      continue;
    }
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  return keys;
}

// The result of a use case as the answer of the call, by way of `encode`.
template <class Result, class Encode>
auto AnswerWith(UnaryCall* call, grpc::ByteBuffer* response, Encode encode) {
  return [call, response, encode = std::move(encode)](const absl::StatusOr<Result>& result) {
    if (!result.ok()) return call->Answer(result.status());
    absl::StatusOr<grpc::ByteBuffer> encoded = encode(*result);
    if (encoded.ok()) *response = *std::move(encoded);
    call->Answer(encoded.status());
  };
}

template <class Response>
auto AnswerTo(UnaryCall* call, grpc::ByteBuffer* response) {
  return AnswerWith<Invoice>(call, response, [](const Invoice& invoice) {
    Response message;
    ToWire(invoice, message.mutable_invoice());
    return ToByteBuffer(message);
  });
}

class InvoicesRpc : public GatedService<Contract, RawService> {
 public:
  InvoicesRpc(Gate& gate, const InvoicesUseCases& use_cases)
      : GatedService(gate), use_cases_(use_cases) {}

  Reactor* CreateInvoice(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::CreateInvoiceRequest>(
        context, create_invoice_, *request, [this, response](UnaryCall* call, const auto& message) {
          use_cases_.invoices.Create(call->caller(), message.invoice_id(),
                                     ContentOf(message.invoice()), call->call().deadline(),
                                     AnswerTo<v1::CreateInvoiceResponse>(call, response));
        });
  }

  Reactor* GetInvoice(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::GetInvoiceRequest>(
        context, get_invoice_, *request, [this, response](UnaryCall* call, const auto& message) {
          absl::StatusOr<std::string> key = InvoiceKey(message.invoice_id(), "invoice_id");
          if (!key.ok()) return call->Answer(key.status());
          use_cases_.reads.Get(
              ContextOf(*call, message), *std::move(key),
              AnswerWith<FreshInvoice>(call, response,
                                       [id = message.invoice_id()](const FreshInvoice& fresh) {
                                         return InvoiceAnswer(fresh, id);
                                       }));
        });
  }

  Reactor* ListInvoiceSummaries(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::ListInvoiceSummariesRequest>(
        context, list_invoice_summaries_, *request,
        [this, response](UnaryCall* call, const auto& message) {
          absl::StatusOr<SummaryList> list = ListOf(message);
          if (!list.ok()) return call->Answer(list.status());
          use_cases_.reads.List(ContextOf(*call, message), *std::move(list), message.page_size(),
                                message.page_token(),
                                AnswerWith<FreshSummaries>(call, response, ListAnswer));
        });
  }

  Reactor* BatchGetInvoiceSummaries(Context* context, const Bytes* request,
                                    Bytes* response) override {
    return Handle<v1::BatchGetInvoiceSummariesRequest>(
        context, batch_get_invoice_summaries_, *request,
        [this, response](UnaryCall* call, const auto& message) {
          absl::StatusOr<std::vector<std::string>> keys = KeysOf(message);
          if (!keys.ok()) return call->Answer(keys.status());
          std::vector<std::string> ids(message.invoice_ids().begin(), message.invoice_ids().end());
          use_cases_.reads.GetBatch(
              ContextOf(*call, message), *std::move(keys),
              AnswerWith<FreshBatch>(call, response,
                                     [ids = std::move(ids)](const FreshBatch& fresh) {
                                       return BatchAnswer(fresh, ids);
                                     }));
        });
  }

  Reactor* UpdateInvoice(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::UpdateInvoiceRequest>(
        context, update_invoice_, *request, [this, response](UnaryCall* call, const auto& message) {
          use_cases_.invoices.Update(call->caller(), message.invoice().invoice_id(),
                                     ContentOf(message.invoice()), message.etag(),
                                     call->call().deadline(),
                                     AnswerTo<v1::UpdateInvoiceResponse>(call, response));
        });
  }

  Reactor* SendInvoice(Context* context, const Bytes* request, Bytes* response) override {
    return Move<v1::SendInvoiceRequest, v1::SendInvoiceResponse>(context, send_invoice_, *request,
                                                                 response, InvoiceAction::kSend);
  }

  Reactor* PayInvoice(Context* context, const Bytes* request, Bytes* response) override {
    return Move<v1::PayInvoiceRequest, v1::PayInvoiceResponse>(context, pay_invoice_, *request,
                                                               response, InvoiceAction::kPay);
  }

  Reactor* VoidInvoice(Context* context, const Bytes* request, Bytes* response) override {
    return Move<v1::VoidInvoiceRequest, v1::VoidInvoiceResponse>(context, void_invoice_, *request,
                                                                 response, InvoiceAction::kVoid);
  }

  Reactor* RebuildProjection(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::RebuildProjectionRequest>(
        context, rebuild_projection_, *request, [this, response](UnaryCall* call, const auto&) {
          Check<v1::RebuildProjectionResponse>(
              call, response, Rebuild::Kind::kRepair,
              &v1::RebuildProjectionResponse::set_threads_repaired);
        });
  }

  Reactor* VerifyProjection(Context* context, const Bytes* request, Bytes* response) override {
    return Handle<v1::VerifyProjectionRequest>(
        context, verify_projection_, *request, [this, response](UnaryCall* call, const auto&) {
          Check<v1::VerifyProjectionResponse>(call, response, Rebuild::Kind::kVerify,
                                              &v1::VerifyProjectionResponse::set_threads_differing);
        });
  }

 private:
  template <class Request, class Response>
  UnaryCall* Move(Context* context, const GatedMethod& method, const Bytes& bytes, Bytes* response,
                  InvoiceAction action) {
    return Handle<Request>(
        context, method, bytes, [this, response, action](UnaryCall* call, const auto& message) {
          use_cases_.invoices.Move(call->caller(), message.invoice_id(), action, message.etag(),
                                   call->call().deadline(), AnswerTo<Response>(call, response));
        });
  }

  template <class Response, class SetDiffering>
  void Check(UnaryCall* call, Bytes* response, Rebuild::Kind kind, SetDiffering set_differing) {
    use_cases_.projector.Check(
        kind, [call, response, set_differing](const absl::StatusOr<ProjectionCheck>& check) {
          if (!check.ok()) return call->Answer(check.status());
          Response message;
          message.set_threads_checked(check->rows_checked);
          (message.*set_differing)(check->rows_differing);
          message.set_as_of_token(MakeConsistencyToken(check->as_of, TokenScope(call->caller())));
          *response = ToByteBuffer(message);
          call->Answer(absl::OkStatus());
        });
  }

  const InvoicesUseCases use_cases_;
  const GatedMethod& create_invoice_ = MethodOf("CreateInvoice");
  const GatedMethod& get_invoice_ = MethodOf("GetInvoice");
  const GatedMethod& list_invoice_summaries_ = MethodOf("ListInvoiceSummaries");
  const GatedMethod& batch_get_invoice_summaries_ = MethodOf("BatchGetInvoiceSummaries");
  const GatedMethod& update_invoice_ = MethodOf("UpdateInvoice");
  const GatedMethod& send_invoice_ = MethodOf("SendInvoice");
  const GatedMethod& pay_invoice_ = MethodOf("PayInvoice");
  const GatedMethod& void_invoice_ = MethodOf("VoidInvoice");
  const GatedMethod& rebuild_projection_ = MethodOf("RebuildProjection");
  const GatedMethod& verify_projection_ = MethodOf("VerifyProjection");
};

}  // namespace

std::unique_ptr<grpc::Service> MakeInvoicesRpc(Gate& gate, const InvoicesUseCases& use_cases) {
  return std::make_unique<InvoicesRpc>(gate, use_cases);
}

}  // namespace marginalia
