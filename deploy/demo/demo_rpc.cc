#include "deploy/demo/demo_rpc.h"

#include <grpcpp/client_context.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

using comments::v1::CommentsService;
using invoices::v1::Invoice;
using invoices::v1::InvoicesService;

constexpr absl::Duration kCallMax = absl::Seconds(30);
constexpr absl::Duration kRetryPause = absl::Milliseconds(100);
// What ImportComments takes at once.
constexpr std::size_t kImportedCommentsMax = 500;

// A UUIDv5, so that a repeated load means the same invoices and comments.
std::string IdOf(std::string_view name) {
  boost::uuids::name_generator_sha1 generator(boost::uuids::ns::dns());
  return boost::uuids::to_string(
      generator(absl::StrCat(std::string(name), ".demo.marginalia.dev")));
}

std::string InvoiceName(const DemoTenant& tenant, const Invoice& invoice) {
  return absl::StrCat(invoice.number(), ".", tenant.org_id);
}

template <typename Stub, typename Request, typename Response>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

// Right after a start the services may still be looking for each other: UNAVAILABLE is tried again.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(Stub& stub, Method<Stub, Request, Response> method,
                              std::string_view name, const std::string& bearer,
                              const Request& request) {
  const SteadyTime give_up = SteadyTime::Now() + kCallMax;
  while (true) {
    grpc::ClientContext context;
    PrepareCall(context, bearer, "", give_up);
    context.set_wait_for_ready(true);
    Response response;
    const absl::Status status = FromGrpc((stub.*method)(&context, request, &response));
    if (status.ok()) return response;
    if (!absl::IsUnavailable(status) || SteadyTime::Now() + kRetryPause > give_up) {
      return absl::Status(status.code(),
                          absl::StrCat(std::string(name), ": ", std::string(status.message()), " (",
                                       ReasonOf(status), ")"));
    }
    absl::SleepFor(kRetryPause);
  }
}

// How many changes of status lie between the two.
int TransitionsBetween(invoices::v1::InvoiceStatus from, invoices::v1::InvoiceStatus to) {
  if (from == to) return 0;
  const bool by_way_of_sent =
      from == invoices::v1::INVOICE_STATUS_DRAFT && to == invoices::v1::INVOICE_STATUS_PAID;
  return by_way_of_sent ? 2 : 1;
}

// Makes one tenant's invoices, in the name of one of its people.
class InvoiceMaker {
 public:
  InvoiceMaker(InvoicesService::Stub& stub, std::string bearer)
      : stub_(stub), bearer_(std::move(bearer)) {}

  // Creates the invoice and takes it to the goal's version; from wherever it is already. One that
  // somebody has taken further stays as it is.
  absl::Status Make(const std::string& invoice_id, const Invoice& goal) {
    absl::StatusOr<Invoice> invoice = GetOrCreate(invoice_id, goal);
    while (invoice.ok() && invoice->version() < goal.version()) invoice = NextStep(*invoice, goal);
    if (!invoice.ok()) return invoice.status();
    if (invoice->version() == goal.version() && invoice->total() != goal.total()) {
      return absl::FailedPreconditionError(absl::StrCat("its total became ", invoice->total(),
                                                        ", the demo data says ", goal.total()));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Invoice> GetOrCreate(const std::string& invoice_id, const Invoice& goal) {
    invoices::v1::GetInvoiceRequest get;
    get.set_invoice_id(invoice_id);
    const auto found = Call(stub_, &InvoicesService::Stub::GetInvoice, "GetInvoice", bearer_, get);
    if (found.ok()) return found->invoice();
    if (found.status().code() != absl::StatusCode::kNotFound) return found.status();

    invoices::v1::CreateInvoiceRequest create;
    create.set_invoice_id(invoice_id);
    *create.mutable_invoice() = goal;
    // What is edited later has something to gain.
    if (goal.version() >
        1 + TransitionsBetween(invoices::v1::INVOICE_STATUS_DRAFT, goal.status())) {
      create.mutable_invoice()->clear_terms();
    }
    const auto created =
        Call(stub_, &InvoicesService::Stub::CreateInvoice, "CreateInvoice", bearer_, create);
    if (!created.ok()) return created.status();
    return created->invoice();
  }

  absl::StatusOr<Invoice> NextStep(const Invoice& invoice, const Invoice& goal) {
    if (goal.version() - invoice.version() > TransitionsBetween(invoice.status(), goal.status())) {
      invoices::v1::UpdateInvoiceRequest request;
      *request.mutable_invoice() = goal;
      request.mutable_invoice()->set_invoice_id(invoice.invoice_id());
      request.set_etag(invoice.etag());
      return Answered(
          Call(stub_, &InvoicesService::Stub::UpdateInvoice, "UpdateInvoice", bearer_, request));
    }
    if (goal.status() == invoices::v1::INVOICE_STATUS_VOID) {
      return Move(&InvoicesService::Stub::VoidInvoice, "VoidInvoice", invoice);
    }
    return invoice.status() == invoices::v1::INVOICE_STATUS_DRAFT
               ? Move(&InvoicesService::Stub::SendInvoice, "SendInvoice", invoice)
               : Move(&InvoicesService::Stub::PayInvoice, "PayInvoice", invoice);
  }

  template <typename Request, typename Response>
  absl::StatusOr<Invoice> Move(Method<InvoicesService::Stub, Request, Response> method,
                               std::string_view name, const Invoice& invoice) {
    Request request;
    request.set_invoice_id(invoice.invoice_id());
    request.set_etag(invoice.etag());
    return Answered(Call(stub_, method, name, bearer_, request));
  }

  template <typename Response>
  static absl::StatusOr<Invoice> Answered(const absl::StatusOr<Response>& response) {
    if (!response.ok()) return response.status();
    return response->invoice();
  }

  InvoicesService::Stub& stub_;
  const std::string bearer_;
};

// The whole thread in order, in requests as long as ImportComments takes them.
absl::Status ImportThread(CommentsService::Stub& stub, const std::string& bearer,
                          const std::string& invoice_name, const std::vector<DemoComment>& comments,
                          absl::Time first_start) {
  comments::v1::ImportCommentsRequest request;
  for (std::size_t i = 0; i < comments.size(); ++i) {
    comments::v1::ImportedComment& comment = *request.add_comments();
    comment.set_comment_id(IdOf(absl::StrCat(i + 1, ".", invoice_name)));
    comment.mutable_author()->set_user_id(comments[i].author.user_id);
    comment.mutable_author()->set_display_name(comments[i].author.display_name);
    comment.set_body(comments[i].first_body.empty() ? comments[i].body : comments[i].first_body);
    const std::int64_t micros = absl::ToUnixMicros(first_start - comments[i].ago);
    comment.mutable_create_time()->set_seconds(micros / 1'000'000);
    comment.mutable_create_time()->set_nanos(static_cast<std::int32_t>(micros % 1'000'000) * 1'000);
    const bool full = request.comments_size() == static_cast<int>(kImportedCommentsMax);
    if (!full && i + 1 < comments.size()) continue;
    request.set_invoice_id(IdOf(invoice_name));
    const auto imported =
        Call(stub, &CommentsService::Stub::ImportComments, "ImportComments", bearer, request);
    if (!imported.ok()) return imported.status();
    request.Clear();
  }
  return absl::OkStatus();
}

// Somebody of the tenant who may make invoices; nullptr: nobody may.
const DemoPerson* MakerOf(const DemoTenant& tenant) {
  for (const DemoPerson& person : tenant.people) {
    if (person.may_comment()) return &person;
  }
  return nullptr;
}

std::string TokenOf(const DemoTenant& tenant, const DemoPerson& person, const TokenMint& mint) {
  return mint.Mint({tenant.org_id, person.user_id, person.display_name, person.role});
}

// Calls in the name of one of the tenant's people.
class PeoplesChanges {
 public:
  PeoplesChanges(CommentsService::Stub& stub, const DemoTenant& tenant, const TokenMint& mint,
                 std::string invoice_name)
      : stub_(stub), tenant_(tenant), mint_(mint), invoice_name_(std::move(invoice_name)) {}

  // Each under an id of its own, so that it is made once however often the demo is loaded.
  absl::Status Make(const DemoInvoice& demo) {
    for (std::size_t i = 0; i < demo.comments.size(); ++i) {
      const DemoComment& comment = demo.comments[i];
      const std::string name = absl::StrCat(i + 1, ".", invoice_name_);
      absl::Status made;
      if (!comment.first_body.empty()) made = Edit(name, comment);
      if (made.ok() && comment.removal) made = Remove(name, *comment.removal);
      if (!made.ok()) return made;
    }
    return demo.resolved_by ? Resolve(*demo.resolved_by) : absl::OkStatus();
  }

 private:
  absl::Status Edit(const std::string& name, const DemoComment& comment) {
    comments::v1::EditCommentRequest request;
    request.set_invoice_id(IdOf(invoice_name_));
    request.set_comment_id(IdOf(name));
    request.set_body(comment.body);
    request.set_change_id(IdOf("edit." + name));
    // As it was imported.
    request.set_etag("c1");
    const absl::Status edited = Call(stub_, &CommentsService::Stub::EditComment, "EditComment",
                                     TokenOf(tenant_, comment.author, mint_), request)
                                    .status();
    // What somebody has taken further, or what is too old by now, stays as it is.
    const bool stays = absl::IsAborted(edited) || absl::IsFailedPrecondition(edited);
    return stays ? absl::OkStatus() : edited;
  }

  absl::Status Remove(const std::string& name, const DemoRemoval& removal) {
    comments::v1::RemoveCommentRequest request;
    request.set_invoice_id(IdOf(invoice_name_));
    request.set_comment_id(IdOf(name));
    request.set_reason(removal.reason);
    request.set_change_id(IdOf("remove." + name));
    return Call(stub_, &CommentsService::Stub::RemoveComment, "RemoveComment",
                TokenOf(tenant_, removal.actor, mint_), request)
        .status();
  }

  absl::Status Resolve(const DemoPerson& person) {
    comments::v1::ResolveThreadRequest request;
    request.set_invoice_id(IdOf(invoice_name_));
    request.set_change_id(IdOf("resolve." + invoice_name_));
    return Call(stub_, &CommentsService::Stub::ResolveThread, "ResolveThread",
                TokenOf(tenant_, person, mint_), request)
        .status();
  }

  CommentsService::Stub& stub_;
  const DemoTenant& tenant_;
  const TokenMint& mint_;
  const std::string invoice_name_;
};

absl::Status Within(const std::string& what, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(what, ": ", std::string(status.message())));
}

}  // namespace

absl::Status LoadDemo(const std::vector<DemoTenant>& tenants, const DemoTarget& target,
                      const TokenMint& mint) {
  const auto invoices = InvoicesService::NewStub(ConnectTo(target.invoices_address));
  const auto comments = CommentsService::NewStub(ConnectTo(target.comments_address));
  for (const DemoTenant& tenant : tenants) {
    const DemoPerson* maker = MakerOf(tenant);
    if (maker == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(tenant.org_id, ": none of its people may make an invoice"));
    }
    InvoiceMaker invoice_maker(*invoices, TokenOf(tenant, *maker, mint));
    const std::string importer = mint.Mint({tenant.org_id, "demo", "Demo", "service"});
    for (const DemoInvoice& demo : tenant.invoices) {
      const std::string name = InvoiceName(tenant, demo.invoice);
      absl::Status status = invoice_maker.Make(IdOf(name), demo.invoice);
      if (status.ok()) {
        status = ImportThread(*comments, importer, name, demo.comments, target.first_start);
      }
      if (status.ok()) status = PeoplesChanges(*comments, tenant, mint, name).Make(demo);
      if (!status.ok()) {
        return Within(absl::StrCat(demo.invoice.number(), " of ", tenant.org_id), status);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status AwaitFreshReads(const std::vector<DemoTenant>& tenants, const DemoTarget& target,
                             const TokenMint& mint) {
  const auto invoices = InvoicesService::NewStub(ConnectTo(target.invoices_address));
  for (const DemoTenant& tenant : tenants) {
    if (tenant.people.empty()) continue;
    invoices::v1::ListInvoiceSummariesRequest request;
    request.set_page_size(1);
    request.mutable_consistency()->set_fully_consistent(true);
    const auto read =
        Call(*invoices, &InvoicesService::Stub::ListInvoiceSummaries, "ListInvoiceSummaries",
             TokenOf(tenant, tenant.people.front(), mint), request);
    if (!read.ok()) return Within(tenant.org_id, read.status());
  }
  return absl::OkStatus();
}

}  // namespace marginalia
