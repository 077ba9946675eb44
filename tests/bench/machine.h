// What the figures were measured on and with. Absolute figures mean nothing without it.
#ifndef MARGINALIA_TESTS_BENCH_MACHINE_H_
#define MARGINALIA_TESTS_BENCH_MACHINE_H_

#include <string>
#include <utility>
#include <vector>

namespace marginalia::bench {

// Name and value: processor, cores, memory, kernel, load; compiler and library versions.
std::vector<std::pair<std::string, std::string>> DescribeMachine();

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_MACHINE_H_
