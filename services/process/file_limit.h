// How many files a process may have open. To be called once, by main.
#ifndef MARGINALIA_SERVICES_PROCESS_FILE_LIMIT_H_
#define MARGINALIA_SERVICES_PROCESS_FILE_LIMIT_H_

namespace marginalia {

// Takes as many as the system allows this process. Each connection is one, and the limit that a
// process begins with is often 1,024. Without effect when the system refuses.
void RaiseFileLimit();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_FILE_LIMIT_H_
