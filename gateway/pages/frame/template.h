// A page's HTML with places to fill in (https://mustache.github.io/mustache.5.html), compiled once.
// What is filled in is escaped wherever it stands. The texts are the *.mustache files beside this
// one, held in the binary. Immutable, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_TEMPLATE_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_TEMPLATE_H_

#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>

namespace marginalia {

// What is filled in. A name that is not there is looked for around the section that asks, so names
// differ from page to list to item.
using PageData = kainjow::mustache::data;
using PageList = kainjow::mustache::list;

class Template {
 public:
  // Compiles name.mustache, with the files that it includes by {{>name}} put in their places. Ends
  // the process, saying why, when there is none or it is malformed: a test compiles them all.
  explicit Template(std::string_view name);

  std::string Render(const PageData& data) const;

 private:
  // To render changes a template only where one of its parts is compiled late, and none is.
  mutable kainjow::mustache::mustache compiled_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_TEMPLATE_H_
