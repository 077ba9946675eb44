// Runs marginalia-operator as an operator does: the real program, its exit code and what it
// printed.
#ifndef MARGINALIA_TESTS_OPERATOR_OPERATOR_RUN_H_
#define MARGINALIA_TESTS_OPERATOR_OPERATOR_RUN_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

struct OperatorOutcome {
  int exit_code = -1;
  std::string out;
  std::string error;
};

// One run of it, which can be ended on its way.
class OperatorRun {
 public:
  // `arguments` begin with the command. What `input` holds comes to its standard input, if that is
  // the path of a file.
  explicit OperatorRun(std::vector<std::string> arguments, const std::string& input = "");
  ~OperatorRun();

  void Kill();
  // As a supervisor ends it.
  void Terminate();
  // What it has printed so far.
  std::string out() const;
  std::string error() const;
  OperatorOutcome Wait();

 private:
  TempDir directory_;
  int out_ = -1;
  std::unique_ptr<ChildProcess> process_;
};

OperatorOutcome RunOperator(std::vector<std::string> arguments, const std::string& input = "");

// What stands behind `name` on a line of its own, as backup and restore print it; "" when nothing.
std::string Printed(const OperatorOutcome& outcome, const std::string& name);

// The whole of a file; "" when it is not there.
std::string ReadWhole(const std::string& path);
void WriteWhole(const std::string& path, const std::string& text);
// Inverts one bit of the byte at `offset`.
void DamageByte(const std::string& path, std::size_t offset);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_OPERATOR_OPERATOR_RUN_H_
