// The pages on which a comment is edited, removed and read in its earlier words without script, and
// the forms that settle a thread.
#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "tests/gateway/pages_fixture.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kChangeId[] = "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10";

class ChangeFormTest : public PagesFixture {
 protected:
  // A comment of dana's, by the form.
  std::string PostAsDana(const std::string& body) {
    const HttpAnswer posted = Submit(
        kForm,
        absl::StrCat("comment_id=2f1d1f0e-5a0b-4a5e-9a63-0d3c1b8a7e1", posted_++, "&body=", body));
    const std::string address = HeaderOf(posted, "location");
    return address.substr(address.find("#comment-") + 9);
  }
  static std::string PathOf(const std::string& id, const std::string& what) {
    return absl::StrCat(kPage, "/comments/", id, "/", what);
  }
  static std::string FormOf(const HttpAnswer& page, const std::string& field,
                            const std::string& encoded) {
    return absl::StrCat("etag=", EtagOf(page), "&change_id=", ChangeIdOf(page), "&", field, "=",
                        encoded);
  }
  static std::string EtagOf(const HttpAnswer& page) {
    return Between(page.body, "name=\"etag\" value=\"", "\"");
  }
  static std::string ChangeIdOf(const HttpAnswer& page) {
    return Between(page.body, "name=\"change_id\" value=\"", "\"");
  }
  static std::string ErrorOf(const HttpAnswer& page) {
    return Unescaped(Between(page.body, "role=\"alert\">", "</p>"));
  }
  static std::string TextOf(const HttpAnswer& page) {
    const std::string element = Between(page.body, "<textarea ", "</textarea>");
    return Unescaped(element.substr(element.find('>') + 1));
  }
  static std::string SaidOf(const HttpAnswer& page) {
    return Unescaped(Between(page.body, "<p class=\"body\" dir=\"auto\">", "</p>"));
  }
  // The page of the thread that an answer leads to.
  HttpAnswer Follow(const HttpAnswer& answer) {
    EXPECT_EQ(answer.status, 303);
    return Page(HeaderOf(answer, "location"));
  }

 private:
  int posted_ = 0;
};

TEST_F(ChangeFormTest, EachIsOfferedWhatIsHisToDo) {
  const std::string own = PostAsDana("mine");
  const std::string other = comments_->Post(kOrg, kInvoiceId, "priya's").comment_id();
  const HttpAnswer page = Page(kPage);
  EXPECT_TRUE(Has(page, absl::StrCat("href=\"", PathOf(own, "edit"),
                                     "\" aria-label=\"Edit the comment by Name of dana\"")));
  EXPECT_TRUE(Has(page, PathOf(own, "remove")));
  EXPECT_FALSE(Has(page, PathOf(other, "edit")));
  EXPECT_FALSE(Has(page, PathOf(other, "remove")));
  const HttpAnswer admins = Page(kPage, As("alex", "admin"));
  EXPECT_FALSE(Has(admins, PathOf(own, "edit")));
  EXPECT_TRUE(Has(admins, PathOf(own, "remove")));
  EXPECT_FALSE(Has(Page(kPage, As("dana", "viewer")), "comment-actions"));
}

TEST_F(ChangeFormTest, AnEditLeadsBackToTheCommentWhichIsMarked) {
  const std::string id = PostAsDana("frist");
  const HttpAnswer form = Page(PathOf(id, "edit"));
  EXPECT_EQ(form.status, 200);
  EXPECT_EQ(TextOf(form), "frist");
  EXPECT_EQ(EtagOf(form), "c1");
  EXPECT_EQ(ChangeIdOf(form).size(), 36U);
  EXPECT_THAT(form.body, Not(HasSubstr("<script")));
  const HttpAnswer edited =
      Submit(PathOf(id, "edit"), FormOf(form, "body", "first%0D%0A%26+%3Cb%3E"));
  EXPECT_EQ(
      HeaderOf(edited, "location").rfind(absl::StrCat(kPage, "?comment=", id, "&consistency="), 0),
      0U);
  const HttpAnswer page = Follow(edited);
  EXPECT_EQ(BodiesOf(page), std::vector<std::string>{"first\n& <b>"});
  EXPECT_TRUE(Has(page, absl::StrCat("<li class=\"comment marked\" id=\"comment-", id, "\"")));
  EXPECT_TRUE(Has(page, absl::StrCat("<a class=\"edited\" href=\"", PathOf(id, "history"), "\">")));
}

TEST_F(ChangeFormTest, OfTwoWhoEditAtOnceTheSecondSeesWhatTheFirstWroteAndKeepsHisText) {
  const std::string id = PostAsDana("said");
  const HttpAnswer first = Page(PathOf(id, "edit"));
  const HttpAnswer second = Page(PathOf(id, "edit"));
  EXPECT_EQ(Submit(PathOf(id, "edit"), FormOf(first, "body", "by+the+first")).status, 303);
  const HttpAnswer refused = Submit(PathOf(id, "edit"), FormOf(second, "body", "by+the+second"));
  EXPECT_EQ(refused.status, 412);
  EXPECT_THAT(ErrorOf(refused), HasSubstr("changed meanwhile"));
  EXPECT_EQ(SaidOf(refused), "by the first");
  EXPECT_EQ(TextOf(refused), "by the second");
  EXPECT_EQ(EtagOf(refused), "c2");
  EXPECT_TRUE(Has(refused, "aria-describedby=\"change-error\""));
  const HttpAnswer page =
      Follow(Submit(PathOf(id, "edit"), FormOf(refused, "body", "by+the+second")));
  EXPECT_EQ(BodiesOf(page), std::vector<std::string>{"by the second"});
}

TEST_F(ChangeFormTest, ATextForACommentThatWasRemovedMeanwhileCanBePostedAnew) {
  const std::string id = PostAsDana("said");
  const HttpAnswer form = Page(PathOf(id, "edit"));
  comments_->Remove(kOrg, kInvoiceId, id, "twice");
  const HttpAnswer refused = Submit(PathOf(id, "edit"), FormOf(form, "body", "said+better"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(ErrorOf(refused),
            "Name of priya has removed this comment meanwhile. Your text is still here.");
  EXPECT_EQ(TextOf(refused), "said better");
  EXPECT_TRUE(Has(refused, absl::StrCat("action=\"", kForm, "\"")));
  EXPECT_EQ(Between(refused.body, "name=\"comment_id\" value=\"", "\"").size(), 36U);
  // What is removed has no form of its own any more.
  const HttpAnswer gone = Page(PathOf(id, "edit"));
  EXPECT_EQ(gone.status, 303);
  EXPECT_EQ(HeaderOf(gone, "location"), absl::StrCat(kPage, "?comment=", id));
}

TEST_F(ChangeFormTest, WhatIsTooLateSaysSoAndKeepsTheText) {
  const std::string id = PostAsDana("said");
  const absl::Status over =
      Refusal(absl::StatusCode::kFailedPrecondition, "EDIT_WINDOW_OVER", "it is over");
  comments_->FailNext(over);
  const std::string fields = absl::StrCat("etag=c1&change_id=", kChangeId);
  const HttpAnswer edit = Submit(PathOf(id, "edit"), fields + "&body=late");
  EXPECT_EQ(edit.status, 409);
  EXPECT_THAT(ErrorOf(edit), HasSubstr("The time in which it could be changed is over."));
  EXPECT_EQ(TextOf(edit), "late");
  EXPECT_EQ(SaidOf(edit), "said");
  EXPECT_TRUE(Has(edit, "Post it as a new comment"));
  comments_->FailNext(over);
  const HttpAnswer removal = Submit(PathOf(id, "remove"), fields + "&reason=late");
  EXPECT_EQ(removal.status, 409);
  EXPECT_THAT(ErrorOf(removal), HasSubstr("Ask an admin"));
  EXPECT_FALSE(Has(removal, "<form class=\"change-form\""));
}

TEST_F(ChangeFormTest, AMistakeComesBackWithTheReasonAndWhatWasTyped) {
  const std::string id = PostAsDana("said");
  const HttpAnswer form = Page(PathOf(id, "edit"));
  const HttpAnswer blank = Submit(PathOf(id, "edit"), FormOf(form, "body", ""));
  EXPECT_EQ(blank.status, 400);
  EXPECT_EQ(ErrorOf(blank), "The comment must not be blank.");
  EXPECT_EQ(ChangeIdOf(blank), ChangeIdOf(form));
  comments_->FailNext(Away());
  const HttpAnswer away = Submit(PathOf(id, "edit"), FormOf(form, "body", "%0D%0Akept"));
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(ErrorOf(away),
            "This was not done: it is away. What you wrote is still here; send it again.");
  // The first line end is the browser's own, and it drops it.
  EXPECT_EQ(TextOf(away), "\n\nkept");
  EXPECT_EQ(ChangeIdOf(away), ChangeIdOf(form));
  comments_->FailNext(Refusal(absl::StatusCode::kAlreadyExists, "CHANGE_ID_REUSED", "taken"));
  const HttpAnswer reused = Submit(PathOf(id, "edit"), FormOf(form, "body", "kept"));
  EXPECT_EQ(reused.status, 409);
  EXPECT_NE(ChangeIdOf(reused), ChangeIdOf(form));
}

TEST_F(ChangeFormTest, AnIdThatIsNoneIsReplacedAndTheTextKept) {
  const std::string id = PostAsDana("said");
  comments_->FailNext(InvalidField("change_id", "must be a UUID"));
  const HttpAnswer refused =
      Submit(PathOf(id, "edit"), "etag=c1&change_id=nonsense&body=said+better");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(TextOf(refused), "said better");
  EXPECT_EQ(ChangeIdOf(refused).size(), 36U);
}

TEST_F(ChangeFormTest, ARemovalShowsWhatItIsAboutAndLeavesItsReason) {
  const std::string id = PostAsDana("wrong+thread");
  const HttpAnswer form = Page(PathOf(id, "remove"));
  EXPECT_EQ(SaidOf(form), "wrong thread");
  EXPECT_TRUE(Has(form, "maxlength=\"500\""));
  const HttpAnswer page =
      Follow(Submit(PathOf(id, "remove"), FormOf(form, "reason", "said+elsewhere")));
  EXPECT_TRUE(Has(page, "<li class=\"comment removed marked\""));
  EXPECT_TRUE(Has(page, "<q dir=\"auto\">said elsewhere</q>"));
}

TEST_F(ChangeFormTest, WhatWasEditedMeanwhileIsNotRemovedUnseen) {
  const std::string id = PostAsDana("said");
  const HttpAnswer removal = Page(PathOf(id, "remove"));
  const HttpAnswer edit = Page(PathOf(id, "edit"));
  EXPECT_EQ(Submit(PathOf(id, "edit"), FormOf(edit, "body", "said+otherwise")).status, 303);
  const HttpAnswer refused = Submit(PathOf(id, "remove"), FormOf(removal, "reason", "why"));
  EXPECT_EQ(refused.status, 412);
  EXPECT_EQ(SaidOf(refused), "said otherwise");
  EXPECT_TRUE(Has(refused, "name=\"reason\" value=\"why\""));
  EXPECT_EQ(EtagOf(refused), "c2");
  EXPECT_EQ(Submit(PathOf(id, "remove"), "reason=x").status, 400);
}

TEST_F(ChangeFormTest, WhatAnyFormHasChangedTheApiTellsBeforeItsEventComes) {
  const std::string id = PostAsDana("said");
  const auto is_remembered = [this] {
    EXPECT_EQ(Get(kThread).status, 200);
    const int asked = comments_->list_calls();
    EXPECT_EQ(Get(kThread).status, 200);
    return comments_->list_calls() == asked;
  };
  const std::vector<std::pair<std::string, std::string>> forms = {
      {kForm, "comment_id=2f1d1f0e-5a0b-4a5e-9a63-0d3c1b8a7f11&body=more"},
      {PathOf(id, "edit"), "etag=c1&change_id=0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e11&body=better"},
      {PathOf(id, "remove"), "etag=c2&change_id=0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e12"},
      {absl::StrCat(kPage, "/resolve"), "etag=t1"},
      {absl::StrCat(kPage, "/reopen"), "etag=t2"}};
  for (const auto& [target, form] : forms) {
    EXPECT_TRUE(Await(is_remembered)) << target;
    comments_->HoldEvents(true);
    EXPECT_EQ(Submit(target, form).status, 303) << target;
    const int asked = comments_->list_calls();
    EXPECT_EQ(Get(kThread).status, 200);
    EXPECT_EQ(comments_->list_calls(), asked + 1) << target;
    comments_->HoldEvents(false);
  }
}

TEST_F(ChangeFormTest, TheHistoryIsReadAPageAtATime) {
  const std::string id = PostAsDana("version+1");
  for (int i = 2; i <= 21; ++i) {
    const HttpAnswer form = Page(PathOf(id, "edit"));
    ASSERT_EQ(Submit(PathOf(id, "edit"), FormOf(form, "body", absl::StrCat("version+", i))).status,
              303);
  }
  const HttpAnswer first = Page(PathOf(id, "history"));
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(SaidOf(first), "version 1");
  EXPECT_TRUE(Has(first, "Version 20"));
  EXPECT_FALSE(Has(first, "Version 21"));
  EXPECT_TRUE(Has(first, absl::StrCat("href=\"", kPage, "?comment=", id, "\"")));
  const HttpAnswer second = Page(Unescaped(Between(first.body, "rel=\"next\" href=\"", "\"")));
  EXPECT_EQ(SaidOf(second), "version 21");
  EXPECT_FALSE(Has(second, "rel=\"next\""));
}

TEST_F(ChangeFormTest, WhatIsNotOnesOwnIsRefusedOnItsPage) {
  const std::string id = comments_->Post(kOrg, kInvoiceId, "priya's").comment_id();
  EXPECT_EQ(Page(PathOf(id, "edit")).status, 403);
  EXPECT_EQ(Page(PathOf(id, "remove")).status, 403);
  EXPECT_EQ(Page(PathOf(id, "edit"), As("alex", "admin")).status, 403);
  EXPECT_EQ(Page(PathOf(id, "remove"), As("alex", "admin")).status, 200);
  const std::string fields = absl::StrCat("etag=c1&change_id=", kChangeId);
  EXPECT_EQ(Submit(PathOf(id, "edit"), fields + "&body=x").status, 403);
  EXPECT_EQ(Submit(PathOf(id, "remove"), fields + "&reason=x").status, 403);
  EXPECT_EQ(Page(PathOf(kChangeId, "edit")).status, 404);
  EXPECT_EQ(Page("/invoices/INV-9999/comments/" + id + "/history").status, 404);
}

TEST_F(ChangeFormTest, WhatIsNoFormSettlesNothing) {
  for (const char* verb : {"/resolve", "/reopen"}) {
    for (const char* type : {"application/json", "multipart/form-data", "text/plain"}) {
      EXPECT_EQ(Send("POST", absl::StrCat(kPage, verb), As("dana"), "etag=t0", type).status, 415)
          << verb << " " << type;
    }
  }
  EXPECT_EQ(comments_->head(), 0);
  EXPECT_EQ(Submit(absl::StrCat(kPage, "/resolve"), "etag=t0").status, 303);
}

TEST_F(ChangeFormTest, WhatIsNoFormOrComesFromAnotherSiteChangesNothing) {
  const std::string id = PostAsDana("said");
  const std::string fields = absl::StrCat("etag=c1&change_id=", kChangeId);
  for (const char* what : {"edit", "remove"}) {
    EXPECT_EQ(
        Send("POST", PathOf(id, what), As("dana"), R"({"body":"x"})", "application/json").status,
        415);
    EXPECT_EQ(Submit(PathOf(id, what), fields + "&etag=c1&body=x").status, 400);
    HttpClient::Headers foreign = InBrowser("dana");
    foreign.emplace_back("Sec-Fetch-Site", "cross-site");
    const HttpAnswer forged = Submit(PathOf(id, what), fields + "&body=x&reason=x", foreign);
    EXPECT_EQ(forged.status, 403);
    EXPECT_TRUE(Has(forged, "This came from another site"));
  }
  EXPECT_EQ(BodiesOf(Page(kPage)), std::vector<std::string>{"said"});
  EXPECT_EQ(Submit(PathOf(id, "edit"), fields + "&body=own", FromOwnPage("dana")).status, 303);
}

}  // namespace
}  // namespace marginalia
