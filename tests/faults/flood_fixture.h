// The three processes while somebody floods one of them: everybody else is answered all the same,
// and the flooded process grows by no more than so much.
#ifndef MARGINALIA_TESTS_FAULTS_FLOOD_FIXTURE_H_
#define MARGINALIA_TESTS_FAULTS_FLOOD_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>

#include "tests/support/three_processes.h"

namespace marginalia {

class FloodFixture : public testing::Test {
 protected:
  // Runs `flood` against `flooded` while somebody else calls it, whose every call must be answered.
  void FloodBesideACaller(ProcessUnderTest& flooded, std::int64_t growth_kibibytes_max,
                          const std::function<void()>& flood);

  ThreeProcesses processes_;
  const std::string invoice_ = processes_.NewInvoice("INV-1");

 private:
  // Why a call was not answered, or nothing: of the gateway over HTTP, of the services over gRPC.
  std::string Refusal(const ProcessUnderTest& flooded);
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_FAULTS_FLOOD_FIXTURE_H_
