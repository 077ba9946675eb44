#include "tests/gateway/pages_fixture.h"

#include <algorithm>
#include <fstream>
#include <regex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

// Nothing that the policy would forbid, and what a screen reader needs.
void CheckHtml(const std::string& html) {
  static const std::regex* inline_code = new std::regex(
      R"(<script(?! type="module" src="/assets/)(?! type="application/json" id="dehydrated")|<style|<[^>]* (on[a-z]+|style)=)");
  EXPECT_FALSE(std::regex_search(html, *inline_code)) << html;
  EXPECT_TRUE(absl::StartsWith(html, "<!doctype html>\n<html lang=\"en\">")) << html;
  EXPECT_TRUE(absl::StrContains(html, "<main id=\"main\"")) << html;
  EXPECT_TRUE(absl::StrContains(html, "</html>")) << html;
}

}  // namespace

PagesFixture::PagesFixture(DemoSignIn demo) {
  invoice_.set_invoice_id(kInvoiceId);
  invoice_.set_number(kInvoiceNumber);
  invoice_.mutable_customer()->set_name("Acme Corp");
  invoice_.mutable_customer()->set_email("billing@acme.example");
  invoice_.set_terms("Net 30");
  invoice_.set_currency("USD");
  invoice_.set_due_date("2026-06-30");
  invoice_.set_status(invoices::v1::INVOICE_STATUS_SENT);
  invoice_.set_version(3);
  auto* line = invoice_.add_line_items();
  line->set_description("Design review");
  line->set_quantity("2 rounds");
  line->set_amount(480'000);
  invoice_.set_total(1'200'000);
  invoices_->Add(kOrg, invoice_, 0);
  if (demo == DemoSignIn::kOn) {
    options_.demo_people_path = directory_.File("people.json");
    boost::json::array people;
    for (const char* org : {kOrg, "rivalworks"}) {
      people.push_back(boost::json::object{{"org", org},
                                           {"org_name", std::string("The ") + org},
                                           {"user_id", "dana"},
                                           {"display_name", "Dana <b>"},
                                           {"role", "member"},
                                           {"token", TokenOf("dana", "member", org)}});
    }
    std::ofstream(options_.demo_people_path) << boost::json::serialize(people);
  }
  StartGateway();
  AwaitReady();
}

HttpAnswer PagesFixture::Page(const std::string& target, const HttpClient::Headers& headers) {
  HttpAnswer answer = Send("GET", target, headers);
  if (answer.status != 303) CheckHtml(answer.body);
  return answer;
}

HttpAnswer PagesFixture::Submit(const std::string& target, const std::string& form,
                                const HttpClient::Headers& headers) {
  HttpAnswer answer = Send("POST", target, headers, form, "application/x-www-form-urlencoded");
  if (answer.status != 303) CheckHtml(answer.body);
  return answer;
}

HttpAnswer PagesFixture::Send(std::string_view method, const std::string& target,
                              const HttpClient::Headers& headers, const std::string& body,
                              std::string_view content_type) {
  std::string request = absl::StrCat(std::string(method), " ", target, " HTTP/1.1\r\n");
  const bool has_host = std::any_of(headers.begin(), headers.end(),
                                    [](const auto& header) { return header.first == "Host"; });
  if (!has_host) absl::StrAppend(&request, "Host: ", gateway_->address(), "\r\n");
  if (!content_type.empty()) {
    absl::StrAppend(&request, "Content-Type: ", std::string(content_type),
                    "\r\nContent-Length: ", body.size(), "\r\n");
  }
  for (const auto& [name, value] : headers) absl::StrAppend(&request, name, ": ", value, "\r\n");
  HttpAnswer answer = client_->SendRaw(request + "\r\n" + body);
  EXPECT_EQ(HeaderOf(answer, "content-security-policy"), kPolicy) << target;
  EXPECT_EQ(HeaderOf(answer, "x-content-type-options"), "nosniff");
  EXPECT_EQ(HeaderOf(answer, "referrer-policy"), "same-origin");
  EXPECT_FALSE(HeaderOf(answer, "x-request-id").empty());
  if (target.rfind("/assets/", 0) != 0 || answer.status >= 400) {
    EXPECT_EQ(HeaderOf(answer, "cache-control"), "private, no-store");
  }
  return answer;
}

void PagesFixture::PostComments(int count) {
  for (int i = 1; i <= count; ++i) comments_->Post(kOrg, kInvoiceId, absl::StrCat("comment ", i));
}

absl::Status PagesFixture::Away() {
  return Refusal(absl::StatusCode::kUnavailable, "UPSTREAM_UNAVAILABLE", "it is away");
}

HttpClient::Headers PagesFixture::InBrowser(const std::string& user,
                                            const std::string& role) const {
  return {{"Cookie", "theme=dark; __Host-marginalia=" + TokenOf(user, role, kOrg) + "; x=y"},
          {"Accept", "text/html,application/xhtml+xml"}};
}

HttpClient::Headers PagesFixture::FromOwnPage(const std::string& user,
                                              const std::string& role) const {
  HttpClient::Headers headers = InBrowser(user, role);
  headers.emplace_back("Sec-Fetch-Site", "same-origin");
  return headers;
}

std::string PagesFixture::HeaderOf(const HttpAnswer& answer, const std::string& name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? "" : found->second;
}

std::string PagesFixture::Between(std::string_view text, std::string_view begin,
                                  std::string_view end) {
  const std::size_t at = text.find(begin);
  if (at == text.npos) return "";
  text.remove_prefix(at + begin.size());
  return std::string(text.substr(0, text.find(end)));
}

bool PagesFixture::Has(const HttpAnswer& answer, std::string_view text) {
  return answer.body.find(text) != std::string::npos;
}

std::vector<std::string> PagesFixture::BodiesOf(const HttpAnswer& page) {
  static const std::regex* link = new std::regex(
      R"rx(<a href="(https?://[^"<>]*)" rel="noopener noreferrer nofollow ugc">([^<>]*)</a>)rx",
      std::regex::icase);
  constexpr std::string_view kBegin = "<p class=\"body\" dir=\"auto\">";
  std::vector<std::string> bodies;
  std::string_view rest = page.body;
  for (std::size_t at = rest.find(kBegin); at != rest.npos; at = rest.find(kBegin)) {
    rest.remove_prefix(at + kBegin.size());
    // Behind it stands what can be done with the comment, if anything.
    const std::size_t end =
        std::min(rest.find("</p></article></li>"), rest.find("</p><noscript><p class=\"comment-a"));
    const std::string html(rest.substr(0, end));
    const std::string text = std::regex_replace(html, *link, "$2");
    EXPECT_EQ(text.find_first_of("<>\"'\r"), std::string::npos) << html;
    bodies.push_back(Unescaped(text));
  }
  return bodies;
}

boost::json::value PagesFixture::DehydratedOf(const HttpAnswer& page) {
  const std::string text = Between(page.body, "id=\"dehydrated\">", "</script>");
  EXPECT_EQ(text.find('<'), std::string::npos) << text;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  EXPECT_FALSE(error) << text;
  return value;
}

std::string PagesFixture::Unescaped(std::string text) {
  // "&amp;" last: what it makes is text.
  for (const auto& [escaped, character] :
       std::vector<std::pair<std::string, std::string>>{{"&lt;", "<"},
                                                        {"&gt;", ">"},
                                                        {"&quot;", "\""},
                                                        {"&apos;", "'"},
                                                        {"&#13;", "\r"},
                                                        {"&amp;", "&"}}) {
    text = absl::StrReplaceAll(text, {{escaped, character}});
  }
  return text;
}

}  // namespace marginalia
