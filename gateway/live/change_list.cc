#include "gateway/live/change_list.h"

#include "services/text/json_string.h"

namespace marginalia {

void ChangeList::Add(const EventText& text) {
  if (text->empty()) return;
  if (events_ > 0) json_ += ',';
  json_ += ChangeJson(*text);
  ++events_;
}

std::string ChangeList::Finish(std::string_view scope) && {
  json_ += "],\"nextToken\":";
  AppendJsonString(json_, MakeConsistencyToken(point_, scope));
  json_ += '}';
  return std::move(json_);
}

}  // namespace marginalia
