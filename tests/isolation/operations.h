// What a tenant does in the randomized tests, and what it was told: operations are started many at
// a time, and described in their order once all have been answered. Main thread only, but for the
// answers.
#ifndef MARGINALIA_TESTS_ISOLATION_OPERATIONS_H_
#define MARGINALIA_TESTS_ISOLATION_OPERATIONS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace marginalia {

// What was asked and how it was answered, without what differs from run to run.
struct Outcome {
  std::string asked;
  // The beginning of the answer, to show; the whole of it as a hash.
  std::string answer_head;
  std::size_t answer_hash = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome OutcomeOf(std::string asked, const std::string& answer);

// Every part of a refusal that a caller sees: code, message and details.
std::string TextOf(const absl::Status& status);

// An operation under way. `start` gets `answered` to call once it is answered; `describe` then says
// how, and is called on the main thread.
struct Operation {
  std::string asked;
  std::function<void(Operation& self, std::function<void()> answered)> start;
  std::function<std::string()> describe;
};

// The last few tokens of a kind that a tenant was given.
class Keepsakes {
 public:
  void Keep(std::string token);
  bool empty() const { return tokens_.empty(); }
  const std::string& Any(std::uint64_t number) const { return tokens_[number % tokens_.size()]; }

 private:
  std::deque<std::string> tokens_;
};

// One tenant of a world. Its choices come from its own seed and its own answers alone, so that they
// are the same whoever else is there.
class TenantSession {
 public:
  explicit TenantSession(std::uint64_t seed) : random_(seed) {}
  virtual ~TenantSession() = default;

  // The operations of the next round: those to be done one after the other, then writes and then
  // reads that are started together.
  struct Round {
    std::vector<Operation> one_by_one;
    std::vector<Operation> writes;
    std::vector<Operation> reads;
  };
  virtual Round Plan() = 0;

  void Note(Operation& operation);
  const std::vector<Outcome>& outcomes() const { return outcomes_; }

 protected:
  std::uint64_t Number() { return random_(); }
  int Below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  // One of the other tenant's keepsakes; where there is none, or no other tenant, one that nobody
  // was ever given.
  std::string Foreign(const Keepsakes* of_another);

 private:
  std::mt19937_64 random_;
  std::mt19937_64 made_up_{7};
  std::vector<Outcome> outcomes_;
};

// Lets the tenants do `rounds` rounds beside each other: their operations alternate.
void RunRounds(const std::vector<TenantSession*>& tenants, int rounds);

// Fails the test at the first outcome that differs, and when hardly anything was answered or hardly
// anything refused: such outcomes would show nothing.
void ExpectSameOutcomes(const std::vector<Outcome>& alone, const std::vector<Outcome>& together);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_ISOLATION_OPERATIONS_H_
