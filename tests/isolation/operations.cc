#include "tests/isolation/operations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <latch>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

constexpr std::size_t kHeadBytesMax = 240;
// Refusals have details.
constexpr char kRefusalMark[] = " [type.googleapis.com/";
constexpr std::size_t kKeepsakesMax = 32;
constexpr std::size_t kMadeUpCharacters = 40;

using Operations = std::vector<Operation> TenantSession::Round::*;

// Alternates between the tenants. Starts all before it waits for any.
void StartTogether(std::vector<TenantSession::Round>& rounds, Operations which) {
  std::size_t longest = 0;
  std::ptrdiff_t count = 0;
  for (TenantSession::Round& round : rounds) {
    longest = std::max(longest, (round.*which).size());
    count += static_cast<std::ptrdiff_t>((round.*which).size());
  }
  std::latch answered(count);
  for (std::size_t i = 0; i < longest; ++i) {
    for (TenantSession::Round& round : rounds) {
      if (i >= (round.*which).size()) continue;
      Operation& operation = (round.*which)[i];
      operation.start(operation, [&answered] { answered.count_down(); });
    }
  }
  answered.wait();
}

void NoteAll(const std::vector<TenantSession*>& tenants, std::vector<TenantSession::Round>& rounds,
             Operations which) {
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    for (Operation& operation : rounds[i].*which) tenants[i]->Note(operation);
  }
}

void RunOneByOne(const std::vector<TenantSession*>& tenants,
                 std::vector<TenantSession::Round>& rounds) {
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    for (Operation& operation : rounds[i].one_by_one) {
      std::latch answered(1);
      operation.start(operation, [&answered] { answered.count_down(); });
      answered.wait();
      tenants[i]->Note(operation);
    }
  }
}

void ExpectBothKinds(const std::vector<Outcome>& outcomes) {
  const auto refused = std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return absl::StrContains(outcome.answer_head, kRefusalMark);
  });
  const auto count = static_cast<std::ptrdiff_t>(outcomes.size());
  EXPECT_GT(refused, count / 10);
  EXPECT_GT(count - refused, count / 3);
}

}  // namespace

Outcome OutcomeOf(std::string asked, const std::string& answer) {
  return {.asked = std::move(asked),
          .answer_head = answer.substr(0, kHeadBytesMax),
          .answer_hash = std::hash<std::string>()(answer)};
}

std::string TextOf(const absl::Status& status) {
  std::string text(status.ToString(absl::StatusToStringMode::kWithNoExtraData));
  // They come in any order.
  std::map<std::string, std::string> details;
  status.ForEachPayload([&details](absl::string_view type, const absl::Cord& payload) {
    details[std::string(type)] = std::string(payload);
  });
  for (const auto& [type, detail] : details) {
    absl::StrAppend(&text, " [", type, " ", absl::CHexEscape(detail), "]");
  }
  return text;
}

void Keepsakes::Keep(std::string token) {
  if (token.empty()) return;
  tokens_.push_back(std::move(token));
  if (tokens_.size() > kKeepsakesMax) tokens_.pop_front();
}

void TenantSession::Note(Operation& operation) {
  outcomes_.push_back(OutcomeOf(std::move(operation.asked), operation.describe()));
}

std::string TenantSession::Foreign(const Keepsakes* of_another) {
  const std::uint64_t number = Number();
  if (of_another != nullptr && !of_another->empty()) return of_another->Any(number);
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string token = "A";
  while (token.size() < kMadeUpCharacters) token += kLetters[made_up_() % kLetters.size()];
  return token;
}

void RunRounds(const std::vector<TenantSession*>& tenants, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    std::vector<TenantSession::Round> plans;
    for (TenantSession* tenant : tenants) plans.push_back(tenant->Plan());
    RunOneByOne(tenants, plans);
    for (const Operations which : {&TenantSession::Round::writes, &TenantSession::Round::reads}) {
      StartTogether(plans, which);
      NoteAll(tenants, plans, which);
    }
  }
}

void ExpectSameOutcomes(const std::vector<Outcome>& alone, const std::vector<Outcome>& together) {
  ASSERT_EQ(alone.size(), together.size());
  ExpectBothKinds(alone);
  for (std::size_t i = 0; i < alone.size(); ++i) {
    ASSERT_EQ(alone[i].asked, together[i].asked) << "operation " << i;
    ASSERT_TRUE(alone[i] == together[i])
        << "operation " << i << ": " << alone[i].asked << "\nalone:    " << alone[i].answer_head
        << "\ntogether: " << together[i].answer_head;
  }
}

}  // namespace marginalia
