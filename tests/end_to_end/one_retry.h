// Requests of the gateway over a restart of what stands behind it.
#ifndef MARGINALIA_TESTS_END_TO_END_ONE_RETRY_H_
#define MARGINALIA_TESTS_END_TO_END_ONE_RETRY_H_

#include <chrono>
#include <string>

#include "tests/support/await.h"
#include "tests/support/http_client.h"

namespace marginalia {

// The answer of ask(), a request to the gateway, made once more when it was told to be: the gateway
// may not have reached a service yet that has just started again, and promises that one retry is
// enough then.
template <class Ask>
HttpAnswer WithOneRetry(Ask ask) {
  const HttpAnswer answer = ask();
  const auto told = answer.headers.find("retry-after");
  if (answer.status != 503 || told == answer.headers.end()) return answer;
  LetPass(std::chrono::seconds(std::stoi(told->second)));
  return ask();
}

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_END_TO_END_ONE_RETRY_H_
