#include "gateway/api/readers_api.h"

#include <utility>

#include "gateway/api/json_members.h"
#include "gateway/api/json_request.h"
#include "gateway/http/json_response.h"
#include "gateway/http/target.h"
#include "gateway/upstream/reader_json.h"
#include "services/errors/errors.h"

namespace marginalia {

using comments::v1::MarkThreadReadRequest;
using comments::v1::MarkThreadReadResponse;
using comments::v1::SearchAuthorsRequest;
using comments::v1::SearchAuthorsResponse;

void ReadersApi::MarkRead(ApiCall call) {
  if (!SendsJson(call)) return RefuseContentType(std::move(call));
  auto members =
      ReadJsonMembers(call.request().body, {{"sequence", JsonMember::Kind::kWholeNumber}});
  if (!members.ok()) return call.Fail(members.status());
  const auto sequence = members->numbers.find("sequence");
  if (sequence == members->numbers.end()) return call.Fail(InvalidField("sequence", "is missing"));
  MarkThreadReadRequest request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_sequence(sequence->second);
  upstream_.MarkThreadRead(
      std::move(call), request,
      [](ApiCall call, const absl::Status& status, const MarkThreadReadResponse& marked) {
        if (!status.ok()) return call.Fail(status);
        call.Answer(JsonResponse(200, ToJson(marked), ""));
      });
}

void ReadersApi::FindPeople(ApiCall call) {
  SearchAuthorsRequest request;
  auto prefix = QueryText(call.query(), "prefix");
  if (!prefix.ok()) return call.Fail(prefix.status());
  request.set_prefix(*std::move(prefix));
  const auto limit = QueryLimit(call.query());
  if (!limit.ok()) return call.Fail(limit.status());
  request.set_page_size(*limit);
  upstream_.SearchAuthors(
      std::move(call), request,
      [](ApiCall call, const absl::Status& status, const SearchAuthorsResponse& found) {
        if (!status.ok()) return call.Fail(status);
        call.Answer(JsonResponse(200, ToJson(found), ""));
      });
}

}  // namespace marginalia
