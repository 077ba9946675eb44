// A page that outlasts its session: nothing is read or stored under another name than the one it
// was made for.
#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/gateway/pages_fixture.h"

namespace marginalia {
namespace {

constexpr char kDanasPage[] = "dana%40acme@northlight";
constexpr char kNewComment[] =
    R"({"id": "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10", "body": "Typed by Dana."})";

class ViewerTest : public PagesFixture {
 protected:
  // Of a page that was made for `viewer`, sent in the browser in which `user` is signed in.
  HttpClient::Headers From(const std::string& user, const std::string& viewer) const {
    HttpClient::Headers headers = FromOwnPage(user);
    headers.emplace_back("X-Marginalia-Viewer", viewer);
    return headers;
  }
  std::string Changed(const HttpAnswer& answer) {
    return absl::StrCat(answer.status, " ", ReasonOfProblem(answer));
  }
};

TEST_F(ViewerTest, APageSaysForWhomItWasMade) {
  const HttpAnswer page = Page(kPage, InBrowser("dana@acme"));
  EXPECT_TRUE(Has(page, absl::StrCat(" data-viewer=\"", kDanasPage, "\">")));
  EXPECT_TRUE(Has(page, absl::StrCat("name=\"viewer\" value=\"", kDanasPage, "\"")));
}

TEST_F(ViewerTest, WhatAScriptSendsUnderAnotherNameIsRefused) {
  EXPECT_EQ(Post(kThread, kNewComment, From("dana@acme", kDanasPage)).status, 201);
  for (const char* other : {"dana@northlight", "dana%40acme@rivalworks", "dana%40acme", "@", "%",
                            "priya@northlight@northlight"}) {
    const HttpAnswer refused = Post(kThread, kNewComment, From("dana@acme", other));
    EXPECT_EQ(Changed(refused), "409 VIEWER_CHANGED") << other;
  }
  EXPECT_EQ(Changed(Get(kThread, From("priya", kDanasPage))), "409 VIEWER_CHANGED");
  EXPECT_EQ(Changed(Get("/api/activity", From("priya", kDanasPage))), "409 VIEWER_CHANGED");
  const HttpAnswer told = Post(kThread, kNewComment, From("priya", kDanasPage));
  EXPECT_TRUE(Has(told, "priya is signed in here now")) << told.body;
}

TEST_F(ViewerTest, WhoSaysNothingIsNotCompared) {
  EXPECT_EQ(Post(kThread, kNewComment, FromOwnPage("priya")).status, 201);
}

TEST_F(ViewerTest, AFormOfAnotherPersonsPageStoresNothingAndGivesTheTextBack) {
  const std::string form = "comment_id=0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10&body=%0ATyped+by+Dana.";
  const HttpAnswer refused =
      Submit(kForm, absl::StrCat(form, "&viewer=dana%2540acme%40northlight"), FromOwnPage("priya"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_TRUE(Has(refused, "readonly>\n\nTyped by Dana.</textarea>")) << refused.body;
  EXPECT_TRUE(Has(refused, absl::StrCat("href=\"", kForm, "\">Go on as priya</a>")));
  EXPECT_EQ(BodiesOf(Page(kPage)).size(), 0U);
  EXPECT_EQ(Submit(kForm, absl::StrCat(form, "&viewer=a&viewer=b"), FromOwnPage("priya")).status,
            400);
  EXPECT_EQ(
      Submit(kForm, absl::StrCat(form, "&viewer=priya%40northlight"), FromOwnPage("priya")).status,
      303);
}

TEST_F(ViewerTest, AStreamSaysItInItsAddress) {
  const std::string address = absl::StrCat(kEvents, "?viewer=");
  EXPECT_EQ(Changed(Get(address + "dana%2540acme%40northlight", InBrowser("priya"))),
            "409 VIEWER_CHANGED");
  Open(InBrowser("priya"), address + "priya%40northlight");
}

}  // namespace
}  // namespace marginalia
