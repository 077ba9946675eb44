// Looks every few milliseconds at what the sessions of a PostgreSQL database are doing, for as long
// as it lives: how many are within a transaction at a time, and what they wait for there.
#ifndef MARGINALIA_TESTS_BENCH_POSTGRES_WAITS_H_
#define MARGINALIA_TESTS_BENCH_POSTGRES_WAITS_H_

#include <atomic>
#include <map>
#include <string>
#include <thread>

namespace marginalia::bench {

// Sessions at a time, by what they wait for ("Lock:transactionid", "IO:WALSync"; "CPU": nothing).
using SessionsByWait = std::map<std::string, double>;

class PostgresWaits {
 public:
  // `url` is a superuser's, of the database to look at. Counts into `sessions`, which outlives
  // this.
  PostgresWaits(const std::string& url, SessionsByWait& sessions);
  // Ends the looking; `sessions` then holds the averages.
  ~PostgresWaits();

 private:
  void Look(const std::string& url);

  SessionsByWait& sessions_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

// "Lock:transactionid 1.2, IO:WALSync 0.4", most first.
std::string Describe(const SessionsByWait& sessions);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_POSTGRES_WAITS_H_
