#include "tests/replicas/faults.h"

#include <signal.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "tests/support/await.h"

namespace marginalia {

void Faults::Next() {
  ++round_;
  const auto any_of = [this](const std::vector<Replica*>& replicas) -> Replica& {
    return *replicas[static_cast<std::size_t>(Between(0, static_cast<int>(replicas.size()) - 1))];
  };
  switch (Between(0, 9)) {
    case 0:
    case 1:
    case 2:
      return Kill(any_of(replicas_.all()));
    case 3:
    case 4:
      return Stop(any_of(replicas_.all()));
    case 5:
    case 6:
      return CutFromDatabase(any_of(replicas_.with_database()));
    case 7:
      return BlackHole(any_of(replicas_.with_database()));
    case 8:
      return RestartDatabase(SIGINT);
    default:
      return RestartDatabase(SIGQUIT);
  }
}

void Faults::Begin(const std::string& what, bool database_gone) {
  notice_.Begin(absl::StrCat("round ", round_, ": ", what), database_gone);
}

int Faults::Between(int least, int most) {
  return least + static_cast<int>(random_() % static_cast<unsigned>(most - least + 1));
}

void Faults::Last(int milliseconds_min, int milliseconds_max) {
  LetPass(std::chrono::milliseconds(Between(milliseconds_min, milliseconds_max)));
}

void Faults::Kill(Replica& replica) {
  Begin(replica.name() + " is killed");
  replica.Kill();
  replica.Start();
  notice_.End();
}

void Faults::Stop(Replica& replica) {
  Begin(replica.name() + " is stopped");
  replica.process().Stop();
  Last(1'000, 3'000);
  replica.process().Signal(SIGCONT);
  notice_.End();
}

void Faults::CutFromDatabase(Replica& replica) {
  Begin(replica.name() + " is refused by the database");
  replica.database_link().Cut();
  Last(1'000, 2'000);
  replicas_.LeadToDatabase(replica);
  notice_.End();
}

void Faults::BlackHole(Replica& replica) {
  Begin(replica.name() + " hears nothing from the database");
  replica.database_link().Hold();
  Last(1'000, 2'000);
  replica.database_link().Resume();
  notice_.End();
}

void Faults::RestartDatabase(int signal) {
  Begin(signal == SIGINT ? "the database is restarted in order" : "the database is restarted",
        /*database_gone=*/true);
  node_.Stop(signal);
  node_.Start();
  notice_.End();
}

}  // namespace marginalia
