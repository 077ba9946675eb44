#include "gateway/pages/frame/error_pages.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/form_fields.h"
#include "gateway/http/gate/same_origin.h"
#include "gateway/http/problem.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

constexpr std::string_view kSignIn = "/sign-in";
constexpr absl::Duration kRetryAfterDefault = absl::Seconds(1);

struct Words {
  std::string_view title;
  std::string_view advice;
  // What was wrong; empty: what the failure says.
  std::string_view what = {};
};

// What programs are told by a reason needs other words for people.
constexpr std::pair<std::string_view, Words> kWordsOfReasons[] = {
    {"INVOICE_NOT_FOUND",
     {"This invoice cannot be found", "Check the address, or look for it among the invoices.",
      "There is no such invoice, or it is not yours to see."}},
    {"PAGE_TOKEN_INVALID",
     {"This place in the list is gone", "Begin again with the first page.",
      "The address leads to a place that cannot be found any more."}},
    {"TOKEN_MISSING",
     {"You are not signed in", "Sign in, then come back to this page.",
      "Nobody is signed in in this browser."}},
    {"TOKEN_INVALID",
     {"Your session has ended", "Sign in again, then come back to this page.",
      "Who you are was known for a while only, and that is over."}},
    {"VIEWER_CHANGED",
     {"Somebody else is signed in now",
      "Nothing was done under another name. Go on as who is signed in now, or sign in as who you "
      "were."}},
    {"SIGN_IN_INSECURE",
     {"Signing in takes HTTPS here", "Open this site over HTTPS, or as localhost on its machine.",
      "A browser keeps who you are only over HTTPS or on its own machine, and this page came over "
      "plain HTTP from another one."}},
    {"CROSS_ORIGIN",
     {"This came from another site", "Go to the page itself and do it there.",
      "Only a page of this site can do this, and the request came from elsewhere."}},
};

Words WordsOfStatus(int status) {
  switch (status) {
    case 400:
      return {"This address does not work", "Go back, or begin with the list of invoices."};
    case 403:
      return {"This is not for you", "If you should be able to do this, ask an admin."};
    case 404:
      return {"This cannot be found", "Check the address, or look for it among the invoices."};
    case 405:
      return {"This does not work here", "Go back, or begin with the list of invoices."};
    case 408:
      return {"This took too long", "Go back and send it again."};
    case 413:
      return {"This is too long", "Go back, make the text shorter and send it again."};
    case 415:
      return {"This form cannot be read", "Go back and send the form from its page."};
    case 429:
      return {"Too much at once", "Wait a moment, then reload the page."};
    case 503:
    case 504:
      return {"This is not available right now", "Wait a moment, then reload the page."};
    default:
      return {
          "Something went wrong",
          "Reload the page. If that does not help, tell whoever runs this the reference below."};
  }
}

Words WordsOf(int status, const std::string& reason) {
  for (const auto& [known, words] : kWordsOfReasons) {
    if (known == reason) return words;
  }
  return WordsOfStatus(status);
}

// "There is no such invoice." for "there is no such invoice".
std::string AsSentence(std::string_view message) {
  std::string sentence(message);
  if (sentence.empty()) return sentence;
  sentence[0] = absl::ascii_toupper(static_cast<unsigned char>(sentence[0]));
  if (sentence.back() != '.') sentence += '.';
  return sentence;
}

PageData ErrorData(const ApiCallFacts& facts, const Words& words, std::string_view detail) {
  PageData page = FrameData(facts, words.title);
  // What is another tenant's and what does not exist look alike, to the byte.
  page["page_now"] = false;
  page["what"] = words.what.empty() ? AsSentence(detail) : std::string(words.what);
  page["advice"] = std::string(words.advice);
  page["way_href"] = "/invoices";
  page["way_text"] = "All invoices";
  page["request_id"] = facts.request_id;
  return page;
}

// The way on as who is signed in now. To read what a form leads to leads to the page that it stands
// on.
void AddWayOn(PageData& page, const ApiCallFacts& facts) {
  const Caller& caller = facts.token->caller;
  page["way_href"] = std::string(facts.exchange->request().target);
  page["way_text"] =
      absl::StrCat("Go on as ", std::string(ShownName(caller.display_name, caller.user_id)));
}

// What was typed into a form that was refused. Words that another site sent are not given out as
// the reader's own.
void AddTyped(PageData& page, const HttpRequest& request) {
  if (!IsForm(request) || !IsFromSameOrigin(request)) return;
  for (const char* field : {"body", "reason"}) {
    const auto typed = FormField(request.body, field);
    if (!typed.ok() || typed->empty()) continue;
    page["has_typed"] = true;
    // A browser drops the first line end in a textarea.
    page["typed"] = (typed->front() == '\n' ? "\n" : "") + *typed;
  }
}

void AddRetryAfter(HttpResponse& response, absl::Duration wait) {
  response.headers += absl::StrCat(
      "Retry-After: ", absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1))), "\r\n");
}

}  // namespace

HttpResponse ErrorPages::Page(const ApiCallFacts& facts, const absl::Status& failure) const {
  const absl::Status status = PublicStatus(failure);
  const int code = HttpStatusOf(status);
  const bool leads_to_sign_in = code == 401 && can_sign_in_ && facts.form == RouteForm::kPage;
  const HttpRequest& request = facts.exchange->request();
  const std::string sign_in = WithQuery(kSignIn, {{"next", request.target}});
  // A form is not sent on: what was typed would be lost.
  if (leads_to_sign_in && request.is_read()) return SeeOther(sign_in);
  PageData page = ErrorData(facts, WordsOf(code, ReasonOf(status)),
                            {status.message().data(), status.message().size()});
  if (leads_to_sign_in) {
    page["way_href"] = sign_in;
    page["way_text"] = "Sign in";
  }
  if (ReasonOf(status) == "VIEWER_CHANGED") AddWayOn(page, facts);
  AddTyped(page, request);
  HttpResponse response = PageResponse(code, template_.Render(page));
  if (code == 401) response.headers += "WWW-Authenticate: Bearer\r\n";
  if (code == 429 || code == 503) {
    AddRetryAfter(response, std::max(RetryAfterOf(status), kRetryAfterDefault));
  }
  return response;
}

HttpResponse ErrorPages::Page(const ApiCallFacts& facts, int status,
                              std::string_view detail) const {
  HttpResponse response =
      PageResponse(status, template_.Render(ErrorData(facts, WordsOfStatus(status), detail)));
  if (status == 503) AddRetryAfter(response, kRetryAfterDefault);
  return response;
}

}  // namespace marginalia
