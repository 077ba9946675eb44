// A thread that was edited, removed and closed elsewhere, and imported with all of that.
#ifndef MARGINALIA_TESTS_COMMENTS_SERVICE_IMPORTED_CHANGES_FIXTURE_H_
#define MARGINALIA_TESTS_COMMENTS_SERVICE_IMPORTED_CHANGES_FIXTURE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "tests/comments_service/imports.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {

class ImportedChangesFixture : public ServiceTest {
 protected:
  static constexpr char kThread[] = "INV-1";
  static constexpr std::int64_t kStart = kImportedAtSeconds;

  void SetUp() override {
    ServiceOptions options;
    options.edit_window = absl::InfiniteDuration();
    Start(std::move(options));
  }

  // A second after the one before it.
  static comments::v1::ImportedComment& AddItem(comments::v1::ImportCommentsRequest& request,
                                                const std::string& body) {
    const int place = request.comments_size();
    comments::v1::ImportedComment& item = AddImported(request, body);
    item.mutable_create_time()->set_seconds(kStart + place);
    return item;
  }
  // With all that a text may have that quotes it wrongly.
  static void SetRemoval(comments::v1::ImportedComment& item, std::int64_t seconds) {
    SetRemoved(item, seconds);
    item.mutable_removal()->mutable_actor()->set_display_name("The \"Boss\"");
    item.mutable_removal()->set_reason("wrong thread\nC:\\");
  }
  // One that never changed, an edited one, a removed one, one whose text nobody knows any more, and
  // an edited one that was removed; closed a thousand seconds later.
  static comments::v1::ImportCommentsRequest WholeThread() {
    comments::v1::ImportCommentsRequest request;
    request.set_invoice_id(kThread);
    AddItem(request, "plain");
    AddItem(request, "edited").mutable_edit_time()->set_seconds(kStart + 100);
    SetRemoval(AddItem(request, "taken back"), kStart + 200);
    SetRemoval(AddItem(request, ""), kStart + 300);
    comments::v1::ImportedComment& both = AddItem(request, "edited, then taken back");
    both.mutable_edit_time()->set_seconds(kStart + 50);
    SetRemoval(both, kStart + 400);
    SetResolved(request, kStart + 1000);
    return request;
  }

  absl::StatusOr<comments::v1::ImportCommentsResponse> Import(
      const comments::v1::ImportCommentsRequest& request) {
    return service().AsService("org").Import(request);
  }
  comments::v1::ImportCommentsRequest Imported() {
    comments::v1::ImportCommentsRequest request = WholeThread();
    const auto imported = Import(request);
    EXPECT_TRUE(imported.ok()) << imported.status();
    return request;
  }
  Client Author() { return service().As("org", "old"); }
  comments::v1::Comment At(int sequence) {
    const auto page = Alex().List(kThread, 100);
    EXPECT_TRUE(page.ok()) << page.status();
    return page->comments(page->comments_size() - sequence);
  }
  void ExpectIntact() {
    const auto verdict = Alex().Verify();
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    EXPECT_TRUE(verdict->intact()) << verdict->first_broken_what();
    EXPECT_TRUE(Alex().Verify(kThread)->intact());
  }
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_COMMENTS_SERVICE_IMPORTED_CHANGES_FIXTURE_H_
