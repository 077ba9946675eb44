#include "invoice-service/invoices_rpc.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "invoice-service/invoice_wire.h"
#include "services/rpc/consistency_token.h"
#include "services/rpc/errors.h"
#include "services/rpc/page.h"

namespace marginalia {
namespace {

namespace pb = invoices::v1;

constexpr std::string_view kListBinding = "ListInvoiceSummaries";

const GatedMethod& MethodOf(Gate& gate, std::string_view name) {
  return gate.Method("marginalia.invoices.v1.InvoicesService/" + std::string(name));
}

bool Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message) {
  grpc::Slice slice;
  return bytes.DumpToSingleSlice(&slice).ok() &&
         message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

grpc::ByteBuffer Joined(std::string_view encoded, const pb::GetInvoiceResponse& rest) {
  const std::size_t rest_bytes = rest.ByteSizeLong();
  grpc::Slice slice(encoded.size() + rest_bytes);
  auto* const bytes = const_cast<std::uint8_t*>(slice.begin());
  encoded.copy(reinterpret_cast<char*>(bytes), encoded.size());
  rest.SerializeWithCachedSizesToArray(bytes + encoded.size());
  return grpc::ByteBuffer(&slice, 1);
}

template <class Response, class Differing>
ProjectionChecks::Done AnswerCheck(UnaryCall* call, Response* response, Differing set_differing) {
  return [call, response, set_differing](const absl::StatusOr<ProjectionCheck>& check) {
    if (!check.ok()) return call->Answer(check.status());
    response->set_threads_checked(check->rows_checked);
    (response->*set_differing)(check->rows_differing);
    response->set_as_of_token(MakeConsistencyToken(check->as_of, TokenScope(call->caller())));
    call->Answer(absl::OkStatus());
  };
}

}  // namespace

InvoicesRpc::InvoicesRpc(Gate& gate, Invoices& invoices, Freshness& freshness, SummaryCache& cache,
                         Projector& projector)
    : gate_(gate),
      invoices_(invoices),
      freshness_(freshness),
      cache_(cache),
      projector_(projector),
      get_(MethodOf(gate, "GetInvoice")),
      list_(MethodOf(gate, "ListInvoiceSummaries")),
      batch_get_(MethodOf(gate, "BatchGetInvoiceSummaries")),
      create_(MethodOf(gate, "CreateInvoice")),
      update_(MethodOf(gate, "UpdateInvoice")),
      send_(MethodOf(gate, "SendInvoice")),
      pay_(MethodOf(gate, "PayInvoice")),
      void_(MethodOf(gate, "VoidInvoice")),
      rebuild_(MethodOf(gate, "RebuildProjection")),
      verify_(MethodOf(gate, "VerifyProjection")) {}

grpc::ServerUnaryReactor* InvoicesRpc::GetInvoice(Context* context, const grpc::ByteBuffer* bytes,
                                                  grpc::ByteBuffer* response) {
  UnaryCall* call = gate_.Open(context, get_);
  if (!call->admitted()) return call;
  pb::GetInvoiceRequest request;
  if (!Parse(*bytes, request)) {
    call->Answer(InvalidField("request", "must be an encoded GetInvoiceRequest"));
    return call;
  }
  absl::StatusOr<std::string> key = InvoiceKey(request.invoice_id(), "invoice_id");
  if (!key.ok()) {
    call->Answer(key.status());
    return call;
  }
  freshness_.Await(call->caller(), RequirementOf(request.consistency()), call->call().deadline(),
                   [this, call, key = *std::move(key), response](const absl::Status& fresh) {
                     if (!fresh.ok()) return call->Answer(fresh);
                     AnswerInvoice(call, key, response);
                   });
  return call;
}

void InvoicesRpc::AnswerInvoice(UnaryCall* call, const std::string& key,
                                grpc::ByteBuffer* response) {
  // Asked before the read: what is read then is as fresh as this or fresher.
  pb::GetInvoiceResponse rest;
  ToWire(freshness_.Now(call->caller()), rest.mutable_freshness());
  if (const CachedInvoicePointer cached = cache_.Find(call->caller().org_id, key)) {
    *response = Joined(cached->encoded, rest);
    return call->Answer(absl::OkStatus());
  }
  const std::uint64_t generation = cache_.generation();
  invoices_.Read(call->caller(), {key}, call->call().deadline(),
                 [this, call, response, generation, rest = std::move(rest)](
                     const absl::StatusOr<std::vector<CountedInvoice>>& found) {
                   if (!found.ok()) return call->Answer(found.status());
                   const CachedInvoicePointer encoded = Encode(found->front());
                   *response = Joined(encoded->encoded, rest);
                   cache_.Insert(call->caller().org_id, encoded, generation);
                   call->Answer(absl::OkStatus());
                 });
}

grpc::ServerUnaryReactor* InvoicesRpc::ListInvoiceSummaries(
    Context* context, const pb::ListInvoiceSummariesRequest* request,
    pb::ListInvoiceSummariesResponse* response) {
  UnaryCall* call = gate_.Open(context, list_);
  if (!call->admitted()) return call;
  const absl::StatusOr<int> limit = PageSize(request->page_size());
  if (!limit.ok()) {
    call->Answer(limit.status());
    return call;
  }
  std::string number;
  if (!request->page_token().empty()) {
    absl::StatusOr<std::string> cursor =
        ParsePageToken(request->page_token(), {kListBinding, call->caller().org_id});
    if (!cursor.ok()) {
      call->Answer(cursor.status());
      return call;
    }
    number = *std::move(cursor);
  }
  freshness_.Await(call->caller(), RequirementOf(request->consistency()), call->call().deadline(),
                   [this, call, number, limit = *limit, response](const absl::Status& fresh) {
                     if (!fresh.ok()) return call->Answer(fresh);
                     AnswerList(call, number, limit, response);
                   });
  return call;
}

void InvoicesRpc::AnswerList(UnaryCall* call, std::string number, int limit,
                             pb::ListInvoiceSummariesResponse* response) {
  ToWire(freshness_.Now(call->caller()), response->mutable_freshness());
  // One more than the page holds tells whether there is another.
  invoices_.List(call->caller(), std::move(number), limit + 1, call->call().deadline(),
                 [call, limit, response](absl::StatusOr<std::vector<InvoiceSummary>> found) {
                   if (!found.ok()) return call->Answer(found.status());
                   const bool more = found->size() > static_cast<std::size_t>(limit);
                   if (more) found->pop_back();
                   for (const InvoiceSummary& summary : *found) {
                     ToWire(summary, response->add_summaries());
                   }
                   if (more) {
                     response->set_next_page_token(MakePageToken(
                         found->back().number, {kListBinding, call->caller().org_id}));
                   }
                   call->Answer(absl::OkStatus());
                 });
}

grpc::ServerUnaryReactor* InvoicesRpc::BatchGetInvoiceSummaries(
    Context* context, const pb::BatchGetInvoiceSummariesRequest* request,
    pb::BatchGetInvoiceSummariesResponse* response) {
  UnaryCall* call = gate_.Open(context, batch_get_);
  if (!call->admitted()) return call;
  const std::size_t count = request->invoice_ids_size();
  if (count == 0 || count > kBatchInvoicesMax) {
    call->Answer(
        InvalidField("invoice_ids", absl::StrCat("must be 1 to ", kBatchInvoicesMax, " ids")));
    return call;
  }
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) {
    absl::StatusOr<std::string> key =
        InvoiceKey(request->invoice_ids(static_cast<int>(i)), absl::StrCat("invoice_ids[", i, "]"));
    if (!key.ok()) {
      call->Answer(key.status());
      return call;
    }
    keys.push_back(*std::move(key));
  }
  freshness_.Await(call->caller(), RequirementOf(request->consistency()), call->call().deadline(),
                   [this, call, keys = std::move(keys), response](const absl::Status& fresh) {
                     if (!fresh.ok()) return call->Answer(fresh);
                     AnswerBatch(call, keys, response);
                   });
  return call;
}

void InvoicesRpc::AnswerBatch(UnaryCall* call, const std::vector<std::string>& keys,
                              pb::BatchGetInvoiceSummariesResponse* response) {
  ToWire(freshness_.Now(call->caller()), response->mutable_freshness());
  Encoded(call, keys,
          [call, response](const absl::Status& status,
                           const std::vector<CachedInvoicePointer>& invoices) {
            if (!status.ok()) return call->Answer(status);
            for (const CachedInvoicePointer& invoice : invoices) {
              const std::string_view summary = invoice->summary();
              response->add_summaries()->ParseFromArray(summary.data(),
                                                        static_cast<int>(summary.size()));
            }
            call->Answer(absl::OkStatus());
          });
}

void InvoicesRpc::Encoded(UnaryCall* call, const std::vector<std::string>& keys, EncodedDone done) {
  const std::string& org_id = call->caller().org_id;
  std::vector<CachedInvoicePointer> invoices;
  std::vector<std::string> missing;
  for (const std::string& key : keys) {
    invoices.push_back(cache_.Find(org_id, key));
    if (invoices.back() == nullptr) missing.push_back(key);
  }
  if (missing.empty()) return done(absl::OkStatus(), invoices);
  const std::uint64_t generation = cache_.generation();
  invoices_.Read(call->caller(), std::move(missing), call->call().deadline(),
                 [this, call, generation, invoices = std::move(invoices), done = std::move(done)](
                     const absl::StatusOr<std::vector<CountedInvoice>>& found) mutable {
                   if (!found.ok()) return done(found.status(), invoices);
                   auto next = found->begin();
                   for (CachedInvoicePointer& invoice : invoices) {
                     if (invoice != nullptr) continue;
                     invoice = Encode(*next++);
                     cache_.Insert(call->caller().org_id, invoice, generation);
                   }
                   done(absl::OkStatus(), invoices);
                 });
}

template <class Response>
Invoices::InvoiceDone InvoicesRpc::AnswerWith(UnaryCall* call, Response* response) {
  return [call, response](const absl::StatusOr<Invoice>& invoice) {
    if (invoice.ok()) ToWire(*invoice, response->mutable_invoice());
    call->Answer(invoice.status());
  };
}

grpc::ServerUnaryReactor* InvoicesRpc::CreateInvoice(Context* context,
                                                     const pb::CreateInvoiceRequest* request,
                                                     pb::CreateInvoiceResponse* response) {
  UnaryCall* call = gate_.Open(context, create_);
  if (!call->admitted()) return call;
  invoices_.Create(call->caller(), request->invoice_id(), ContentOf(request->invoice()),
                   call->call().deadline(), AnswerWith(call, response));
  return call;
}

grpc::ServerUnaryReactor* InvoicesRpc::UpdateInvoice(Context* context,
                                                     const pb::UpdateInvoiceRequest* request,
                                                     pb::UpdateInvoiceResponse* response) {
  UnaryCall* call = gate_.Open(context, update_);
  if (!call->admitted()) return call;
  invoices_.Update(call->caller(), request->invoice().invoice_id(), ContentOf(request->invoice()),
                   request->etag(), call->call().deadline(), AnswerWith(call, response));
  return call;
}

grpc::ServerUnaryReactor* InvoicesRpc::SendInvoice(Context* context,
                                                   const pb::SendInvoiceRequest* request,
                                                   pb::SendInvoiceResponse* response) {
  UnaryCall* call = gate_.Open(context, send_);
  if (!call->admitted()) return call;
  invoices_.Move(call->caller(), request->invoice_id(), InvoiceAction::kSend, request->etag(),
                 call->call().deadline(), AnswerWith(call, response));
  return call;
}

grpc::ServerUnaryReactor* InvoicesRpc::PayInvoice(Context* context,
                                                  const pb::PayInvoiceRequest* request,
                                                  pb::PayInvoiceResponse* response) {
  UnaryCall* call = gate_.Open(context, pay_);
  if (!call->admitted()) return call;
  invoices_.Move(call->caller(), request->invoice_id(), InvoiceAction::kPay, request->etag(),
                 call->call().deadline(), AnswerWith(call, response));
  return call;
}

grpc::ServerUnaryReactor* InvoicesRpc::VoidInvoice(Context* context,
                                                   const pb::VoidInvoiceRequest* request,
                                                   pb::VoidInvoiceResponse* response) {
  UnaryCall* call = gate_.Open(context, void_);
  if (!call->admitted()) return call;
  invoices_.Move(call->caller(), request->invoice_id(), InvoiceAction::kVoid, request->etag(),
                 call->call().deadline(), AnswerWith(call, response));
  return call;
}

grpc::ServerUnaryReactor* InvoicesRpc::RebuildProjection(
    Context* context, const pb::RebuildProjectionRequest* request,
    pb::RebuildProjectionResponse* response) {
  UnaryCall* call = gate_.Open(context, rebuild_);
  if (!call->admitted()) return call;
  projector_.Check(
      ProjectionChecks::Kind::kRebuild,
      AnswerCheck(call, response, &pb::RebuildProjectionResponse::set_threads_repaired));
  return call;
}

grpc::ServerUnaryReactor* InvoicesRpc::VerifyProjection(Context* context,
                                                        const pb::VerifyProjectionRequest* request,
                                                        pb::VerifyProjectionResponse* response) {
  UnaryCall* call = gate_.Open(context, verify_);
  if (!call->admitted()) return call;
  projector_.Check(
      ProjectionChecks::Kind::kVerify,
      AnswerCheck(call, response, &pb::VerifyProjectionResponse::set_threads_differing));
  return call;
}

}  // namespace marginalia
