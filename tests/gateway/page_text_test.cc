// What pages say and where they lead, word for word. The vectors are those that gateway/web passes,
// too.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "gateway/http/content_coding.h"
#include "gateway/http/form_fields.h"
#include "gateway/pages/asset_files.h"
#include "gateway/pages/forms/comment_draft.h"
#include "gateway/pages/frame/avatar.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/template.h"
#include "gateway/pages/frame/template_texts.h"
#include "gateway/pages/views/comment_links.h"
#include "gateway/pages/views/count_text.h"
#include "gateway/pages/views/excerpt.h"
#include "gateway/pages/views/money.h"
#include "gateway/pages/views/page_time.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

namespace json = boost::json;

const json::array& Vectors(std::string_view name) {
  static const json::value* vectors = [] {
    std::ifstream file(PAGE_TEXT_VECTORS);
    return new json::value(json::parse(std::string(std::istreambuf_iterator<char>(file), {})));
  }();
  return vectors->at(name).as_array();
}

std::string Text(const json::value& row, std::string_view name) {
  return std::string(row.at(name).as_string());
}

absl::Time TimeIn(const json::value& row, std::string_view name) {
  absl::Time time;
  std::string why;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, Text(row, name), &time, &why)) << why;
  return time;
}

TEST(PageTextTest, LinksAreFoundAndNothingElseIs) {
  ASSERT_GT(Vectors("links").size(), 30U);
  for (const json::value& row : Vectors("links")) {
    json::array parts;
    const std::string text = Text(row, "text");
    for (const TextPart& part : FindLinks(text)) {
      parts.push_back(json::object{{part.is_link ? "href" : "text", std::string(part.text)}});
    }
    EXPECT_EQ(parts, row.at("parts").as_array()) << text;
  }
}

TEST(PageTextTest, TimesAreToldFromNowAndExactly) {
  ASSERT_GT(Vectors("times").size(), 15U);
  for (const json::value& row : Vectors("times")) {
    const absl::Time time = TimeIn(row, "time");
    EXPECT_EQ(RelativeTime(time, TimeIn(row, "now")), Text(row, "relative")) << row;
    EXPECT_EQ(ExactTime(time), Text(row, "exact"));
    EXPECT_EQ(MachineTime(time), Text(row, "time"));
  }
}

TEST(PageTextTest, CountsAreWords) {
  for (const json::value& row : Vectors("counts")) {
    const auto count = row.at("count").to_number<std::int64_t>();
    EXPECT_EQ(CountWords(count), Text(row, "words"));
    EXPECT_EQ(CountNumber(count), Text(row, "number"));
  }
}

TEST(PageTextTest, APersonHasAlwaysTheSameAvatar) {
  for (const json::value& row : Vectors("avatars")) {
    EXPECT_EQ(AvatarHue(Text(row, "userId")), row.at("hue").to_number<int>()) << row;
    EXPECT_EQ(AvatarLetter(Text(row, "displayName")), Text(row, "letter")) << row;
  }
}

TEST(PageTextTest, AnExcerptIsCutBetweenCharacters) {
  for (const json::value& row : Vectors("excerpts")) {
    EXPECT_EQ(Excerpt(Text(row, "text")), Text(row, "excerpt"));
  }
}

TEST(PageTextTest, MoneyHasTheDecimalsOfItsCurrency) {
  EXPECT_EQ(MoneyText(1'200'000, "USD"), "USD 12,000.00");
  EXPECT_EQ(MoneyText(1'200, "JPY"), "JPY 1,200");
  EXPECT_EQ(MoneyText(1'234'567, "KWD"), "KWD 1,234.567");
  EXPECT_EQ(MoneyText(12'345, "CLF"), "CLF 1.2345");
  EXPECT_EQ(MoneyText(0, "EUR"), "EUR 0.00");
  EXPECT_EQ(MoneyText(5, "EUR"), "EUR 0.05");
  EXPECT_EQ(MoneyText(0, "JPY"), "JPY 0");
  EXPECT_EQ(AmountText(-5, "USD"), "−0.05");
  EXPECT_EQ(AmountText(-120'000, "USD"), "−1,200.00");
  EXPECT_EQ(AmountText(99'999, "XYZ"), "999.99");
  EXPECT_EQ(AmountText(std::numeric_limits<std::int64_t>::min(), "USD"),
            "−92,233,720,368,547,758.08");
  EXPECT_EQ(AmountText(std::numeric_limits<std::int64_t>::max(), "JPY"),
            "9,223,372,036,854,775,807");
}

TEST(PageTextTest, DaysAreWrittenOutAndWhatIsNoDayStays) {
  EXPECT_EQ(LongDay("2026-06-30"), "30 June 2026");
  EXPECT_EQ(ShortDay("2024-02-29"), "29 Feb 2024");
  EXPECT_EQ(LongDay("soon"), "soon");
  EXPECT_EQ(LongDay(""), "");
  const absl::Time evening =
      absl::FromCivil(absl::CivilMinute(2026, 11, 26, 23, 59), absl::UTCTimeZone());
  EXPECT_EQ(DaysUntil("2026-11-26", evening), 0);
  EXPECT_EQ(DaysUntil("2026-11-27", evening), 1);
  EXPECT_EQ(DaysUntil("2026-06-30", evening), -149);
  EXPECT_EQ(DaysUntil("soon", evening), std::nullopt);
}

TEST(PageTextTest, AnInvoiceWhoseNumberNoServiceTakesIsFoundByItsId) {
  ASSERT_GT(Vectors("addresses").size(), 10U);
  for (const json::value& row : Vectors("addresses")) {
    EXPECT_EQ(InvoicePath(Text(row, "number"), "uuid"), Text(row, "path"));
  }
}

TEST(PageTextTest, AddressesAreEncodedAndStayOnTheSite) {
  EXPECT_EQ(InvoicePath("INV/2026 \"1\"?&#"), "/invoices/INV%2F2026%20%221%22%3F%26%23");
  EXPECT_EQ(WithQuery("/a", {{"x", ""}, {"y", "1&2"}, {"z", "ä"}}), "/a?y=1%262&z=%C3%A4");
  EXPECT_EQ(WithQuery("/a", {{"x", ""}}), "/a");
  EXPECT_EQ(LocalPath("/invoices/INV-1?cursor=a%2Fb"), "/invoices/INV-1?cursor=a%2Fb");
  for (const char* foreign :
       {"", "//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\r\nX: y",
        "/a b", "/\"", "/<b>", "/\t/evil.example", "/ä", "javascript:alert(1)"}) {
    EXPECT_EQ(LocalPath(foreign), "/invoices") << foreign;
  }
}

TEST(PageTextTest, FormFieldsAreReadStrictly) {
  const std::string form = "body=a+b%26%0D%0Ac%F0%9F%98%80&comment_id=1&empty=&x";
  EXPECT_EQ(*FormField(form, "body"), "a b&\nc😀");
  EXPECT_EQ(*FormField(form, "comment_id"), "1");
  EXPECT_EQ(*FormField(form, "empty"), "");
  EXPECT_EQ(*FormField(form, "x"), "");
  EXPECT_EQ(*FormField(form, "absent"), "");
  for (const char* bad :
       {"body=1&body=2", "body=%", "body=%4", "body=%zz", "body=%FF", "body=\xC3"}) {
    const auto value = FormField(bad, "body");
    ASSERT_FALSE(value.ok()) << bad;
    EXPECT_EQ(FieldViolationsOf(value.status()).at(0).field, "body");
  }
}

TEST(PageTextTest, ADraftHasAnIdOfItsOwn) {
  const std::string id = NewDraft().comment_id;
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '7');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_NE(id, NewDraft().comment_id);
}

TEST(PageTextTest, TheSmallestCodingThatIsWantedIsChosen) {
  EXPECT_EQ(ChooseCoding("gzip, deflate, br, zstd"), ContentCoding::kBrotli);
  EXPECT_EQ(ChooseCoding("gzip;q=1.0, BR ;q=0"), ContentCoding::kGzip);
  EXPECT_EQ(ChooseCoding("br;q=0.1"), ContentCoding::kBrotli);
  EXPECT_EQ(ChooseCoding("gzip;q=0"), ContentCoding::kIdentity);
  EXPECT_EQ(ChooseCoding("brr, xgzip"), ContentCoding::kIdentity);
  EXPECT_EQ(ChooseCoding(""), ContentCoding::kIdentity);
}

TEST(PageTextTest, EveryTemplateCompilesAndEscapesWhatIsFilledIn) {
  ASSERT_GT(TemplateTexts().size(), 8U);
  for (const auto& [name, text] : TemplateTexts()) {
    const Template compiled(name);
    // The only place that is filled in as it is holds JSON without "<".
    const std::size_t raw = text.find("{{{");
    EXPECT_EQ(raw == text.npos ? "" : text.substr(raw, 16),
              name == "thread" ? "{{{dehydrated}}}" : "");
    EXPECT_EQ(text.find("{{&"), text.npos) << name;
  }
  PageData data;
  data["title"] = "</title><script>alert('1' & \"2\")</script>";
  EXPECT_NE(Template("error_page")
                .Render(data)
                .find("<h1>&lt;/title&gt;&lt;script&gt;alert(&apos;1&apos; &amp; &quot;2&quot;)"),
            std::string::npos);
}

}  // namespace
}  // namespace marginalia
