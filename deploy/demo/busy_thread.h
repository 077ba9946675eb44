// A long thread to scroll through, the same on every machine.
#ifndef MARGINALIA_DEPLOY_DEMO_BUSY_THREAD_H_
#define MARGINALIA_DEPLOY_DEMO_BUSY_THREAD_H_

#include <vector>

#include "deploy/demo/demo_data.h"

namespace marginalia {

// `count` comments, oldest first, by all of `people` who may comment: bodies from two words to
// several paragraphs, a few with line breaks, links, emoji, right-to-left text and markup. The
// newest is minutes, the oldest weeks old. Some of the newest are edited by their authors, and some
// of all are removed by an admin among the people.
std::vector<DemoComment> BusyThread(int count, const std::vector<DemoPerson>& people);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_DEMO_BUSY_THREAD_H_
