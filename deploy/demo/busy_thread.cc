#include "deploy/demo/busy_thread.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace marginalia {
namespace {

constexpr int kSentencesMax = 6;
// Comments come in bursts, with nights between some of them.
constexpr int kBurstEvery = 9;
// Every so often one of the comments that a page must show right.
constexpr int kSpecialEvery = 11;
constexpr int kLongSentences = 40;
// Of the newest ones every so often one is edited, as long as its author may.
constexpr int kEditedEvery = 4;
constexpr absl::Duration kEditedWithin = absl::Hours(6);
// And of all every so often one is removed.
constexpr int kRemovedEvery = 41;
constexpr std::array<std::string_view, 3> kRemovalReasons = {
    "posted in the wrong thread", "the customer's card number was in it", ""};

// A voice is what a person keeps saying; people take the voices in turn.
constexpr std::array<std::string_view, 14> kFollowsUp = {
    "I called their accounts team this morning and nobody could find the invoice.",
    "They say the purchase order number is missing.",
    "Resent it with the PO number in the subject line.",
    "Can someone confirm the billing address we have for them?",
    "Their new contact is in accounts payable, not procurement.",
    "I'll chase again on Thursday.",
    "No reply yet.",
    "They promised payment with the next run.",
    "Got it, thanks.",
    "I moved the reminder to next week so we don't write twice.",
    "The customer asked for a copy of the signed statement of work.",
    "Sent. They opened it twice, so it arrived.",
    "Let me know before you answer them, I have a call with them at three.",
    "That matches what they told me on the phone.",
};
constexpr std::array<std::string_view, 14> kKnowsTheWork = {
    "The retainer covers up to 40 hours; June came to 36.",
    "I checked the time sheets, the hours are right.",
    "Two of those days were the migration, which we agreed to bill separately.",
    "The scope changed in week two, see the notes of that meeting.",
    "We should show the hours per person next time.",
    "That line is the second round of changes, not the first.",
    "Agreed.",
    "I can write a short summary of what was delivered if that helps.",
    "The discount they mention was for May only.",
    "They signed off on the last milestone on the 12th.",
    "Looks right to me.",
    "Design was included, implementation was not.",
    "I pulled the original quote: same amount, same wording.",
    "We have delivered everything on this one.",
};
constexpr std::array<std::string_view, 14> kDecides = {
    "Please do not void this one, we only need a corrected copy.",
    "Fine by me.",
    "I'd rather give them a week than argue about the late fee.",
    "Who owns the next step here?",
    "Let's keep the terms at Net 30 for this customer.",
    "If they ask for a credit note, send them to me.",
    "I spoke with their CFO; it will be paid this month.",
    "Noted for the audit.",
    "We can split the amount over two invoices next quarter.",
    "No further discount on this account, please.",
    "Thanks, both. That settles it from my side.",
    "Legal is fine with the wording.",
    "Please keep the discussion on this invoice so that we find it later.",
    "Approved.",
};

using Voice = std::span<const std::string_view>;
constexpr std::array<Voice, 3> kVoices = {Voice(kFollowsUp), Voice(kKnowsTheWork), Voice(kDecides)};

constexpr std::array<std::string_view, 16> kSpecials = {
    "Three things:\n1. the PO number\n2. the delivery date\n3. who signs\n\nI take the first.",
    "Their portal is at https://portal.globex.example/invoices?number=INV-1043&tab=status and "
    "wants "
    "a login.",
    "Paid? 🎉 Not yet, but the run is on Friday 🤞🏽",
    "رسالة من العميل: «سندفع الفاتورة يوم الأحد»، شكراً لكم.",
    "<script>alert(\"this must show as text\")</script>",
    "👍",
    "Their system turned the note into <b>bold</b> &amp; <i>italics</i>; the PDF is fine.",
    "הלקוח ביקש עותק של החשבונית INV-1043 עד יום ה׳.",
    "Quoting their mail:\n\n> We have received the invoice.\n> It will be paid within the agreed "
    "terms.\n\nSo no action needed.",
    "<img src=x onerror=\"alert(1)\"> is what came back from their ticket system, odd.",
    "See [the contract](https://docs.globex.example/contract) and "
    "<a href=\"javascript:alert(1)\">this link</a>, which must not be a link.",
    "Crème brûlée was on the expenses, 12,50 €. Naïve question: do we bill it? "
    "日本のお客様も同じです。",
    "Reference: 9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0"
    "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "{{customer.name}} ${total} %s -- their template, unfilled; nothing of ours.",
    "👩‍💻 on it, 👨‍👩‍👧‍👦 call at five, back after 🕖",
    "Line one\n\tindented line two\n\n\nline five after two empty ones",
};

// Not a std distribution: those differ between standard libraries.
class Dice {
 public:
  int Below(int bound) { return static_cast<int>(engine_() % static_cast<std::uint32_t>(bound)); }

 private:
  std::mt19937 engine_{1043};
};

std::string Sentences(Voice voice, int count, Dice& dice) {
  std::string body;
  for (int i = 0; i < count; ++i) {
    if (i > 0) body += i % 5 == 0 ? "\n\n" : " ";
    body += voice[static_cast<std::size_t>(dice.Below(static_cast<int>(voice.size())))];
  }
  return body;
}

std::string Body(int index, Voice voice, Dice& dice) {
  const int special = index / kSpecialEvery;
  if (index % kSpecialEvery == kSpecialEvery - 1) {
    // Once a round one that is longer than a screen.
    const auto round = static_cast<std::size_t>(special) % (kSpecials.size() + 1);
    return round < kSpecials.size() ? std::string(kSpecials[round])
                                    : Sentences(voice, kLongSentences, dice);
  }
  // Most comments are short.
  return Sentences(voice, 1 + dice.Below(1 + dice.Below(kSentencesMax)), dice);
}

absl::Duration Pause(int index, Dice& dice) {
  return index % kBurstEvery == 0 ? absl::Hours(8) + absl::Minutes(dice.Below(900))
                                  : absl::Seconds(40 + dice.Below(1800));
}

const DemoPerson* AdminOf(const std::vector<DemoPerson>& people) {
  for (const DemoPerson& person : people) {
    if (person.role == "admin") return &person;
  }
  return nullptr;
}

// What becomes of the comments once they are written.
void Change(std::vector<DemoComment>& thread, const std::vector<DemoPerson>& people) {
  const DemoPerson* const admin = AdminOf(people);
  const int count = static_cast<int>(thread.size());
  for (int i = 0; i < count; ++i) {
    DemoComment& comment = thread[static_cast<std::size_t>(i)];
    const int removed = i / kRemovedEvery;
    if (i % kRemovedEvery == kRemovedEvery / 2 && admin != nullptr) {
      const auto why = static_cast<std::size_t>(removed) % kRemovalReasons.size();
      comment.removal = DemoRemoval{*admin, std::string(kRemovalReasons[why])};
    } else if ((count - i) % kEditedEvery == 0 && comment.ago < kEditedWithin) {
      comment.first_body = comment.body + " More in a minute.";
    }
  }
}

}  // namespace

std::vector<DemoComment> BusyThread(int count, const std::vector<DemoPerson>& people) {
  std::vector<DemoPerson> authors;
  for (const DemoPerson& person : people) {
    if (person.may_comment()) authors.push_back(person);
  }
  std::vector<DemoComment> thread;
  if (authors.empty()) return thread;
  Dice dice;
  for (int i = 0; i < count; ++i) {
    const auto author = static_cast<std::size_t>(dice.Below(static_cast<int>(authors.size())));
    const std::string body = Body(i, kVoices[author % kVoices.size()], dice);
    thread.push_back({.author = authors[author], .body = body, .ago = absl::ZeroDuration()});
  }
  absl::Duration ago = absl::Minutes(7);
  for (int i = count - 1; i >= 0; --i) {
    thread[static_cast<std::size_t>(i)].ago = ago;
    ago += Pause(i, dice);
  }
  Change(thread, people);
  return thread;
}

}  // namespace marginalia
