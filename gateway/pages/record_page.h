// A thread as it stands in the record, to be printed: all comments with their revisions and
// removals, what of them is proven, and the checkpoint and the keys at the foot. Handlers are
// called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_RECORD_PAGE_H_
#define MARGINALIA_GATEWAY_PAGES_RECORD_PAGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/http/gate/api_call.h"
#include "gateway/http/io_thread.h"
#include "gateway/pages/frame/template.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

// A thread whose evidence is longer is not shown as one page.
inline constexpr std::int64_t kRecordPageBytesMax = 8 * 1024 * 1024;

class RecordPage {
 public:
  // Neither is owned; both must outlive it.
  RecordPage(IoThread& io, Upstream& upstream);
  // Once no call is under way.
  ~RecordPage();
  RecordPage(const RecordPage&) = delete;
  RecordPage& operator=(const RecordPage&) = delete;

  void Show(ApiCall call);

 private:
  struct Record {
    std::string evidence;
    std::vector<std::string> verifier_keys;
  };
  class Reading;

  void HaveRead(Reading* reading);
  void LoadInvoice(ApiCall call, Record record);

  IoThread& io_;
  Upstream& upstream_;
  const Template page_{"record_page"};
  // Those under way.
  std::unordered_map<Reading*, std::unique_ptr<Reading>> readings_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_RECORD_PAGE_H_
