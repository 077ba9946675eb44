// A gateway with its pages, as a browser meets it. Used by one thread.
#ifndef MARGINALIA_TESTS_GATEWAY_PAGES_FIXTURE_H_
#define MARGINALIA_TESTS_GATEWAY_PAGES_FIXTURE_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/gateway_fixture.h"

namespace marginalia {

inline constexpr char kPage[] = "/invoices/INV-1042";
inline constexpr char kForm[] = "/invoices/INV-1042/comments";

// Whether the gateway has a demo's sign-in page.
enum class DemoSignIn { kOff, kOn };

class PagesFixture : public GatewayFixture {
 protected:
  explicit PagesFixture(DemoSignIn demo = DemoSignIn::kOff);

  // Asks for a page and fails the test unless it is a sound one: escaped, uncached, under its
  // policy.
  HttpAnswer Page(const std::string& target) { return Page(target, As("dana")); }
  HttpAnswer Page(const std::string& target, const HttpClient::Headers& headers);
  // Sends a form, by default as dana with her token.
  HttpAnswer Submit(const std::string& target, const std::string& form) {
    return Submit(target, form, As("dana"));
  }
  HttpAnswer Submit(const std::string& target, const std::string& form,
                    const HttpClient::Headers& headers);
  HttpAnswer Send(std::string_view method, const std::string& target,
                  const HttpClient::Headers& headers, const std::string& body = "",
                  std::string_view content_type = "");

  // Posts "comment 1" and so on.
  void PostComments(int count);
  // What a service that is away is met with.
  static absl::Status Away();

  // The headers of a browser in which the person is signed in.
  HttpClient::Headers InBrowser(const std::string& user, const std::string& role = "member") const;
  // The same, for what its own pages send.
  HttpClient::Headers FromOwnPage(const std::string& user,
                                  const std::string& role = "member") const;

  static std::string HeaderOf(const HttpAnswer& answer, const std::string& name);
  // What stands between the first `begin` and the `end` after it; empty when there is none.
  static std::string Between(std::string_view text, std::string_view begin, std::string_view end);
  static bool Has(const HttpAnswer& answer, std::string_view text);
  // The bodies of the page's comments, as the text that a person reads; fails the test when there
  // is any markup in one but links.
  static std::vector<std::string> BodiesOf(const HttpAnswer& page);
  static boost::json::value DehydratedOf(const HttpAnswer& page);
  // The text with its character references resolved.
  static std::string Unescaped(std::string text);

  invoices::v1::Invoice invoice_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_GATEWAY_PAGES_FIXTURE_H_
