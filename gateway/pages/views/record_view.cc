#include "gateway/pages/views/record_view.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <exception>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/views/page_time.h"

namespace marginalia {
namespace {

namespace json = boost::json;

std::string TextOf(const json::value& value) {
  const json::string& text = value.as_string();
  return {text.data(), text.size()};
}

// Adds NAME, NAME_exact for a time.
void AddTime(PageData& data, const std::string& name, const json::value& value) {
  const std::string text = TextOf(value);
  absl::Time time;
  std::string why;
  data[name] = text;
  const bool is_time = absl::ParseTime(absl::RFC3339_full, text, &time, &why);
  data[name + "_exact"] = is_time ? ExactTime(time) : text;
}

// Adds NAME and NAME_id for a person: both stand in the record.
void AddPerson(PageData& data, const std::string& name, const json::value& person) {
  const std::string id = TextOf(person.at("userId"));
  data[name] = std::string(ShownName(TextOf(person.at("displayName")), id));
  data[name + "_id"] = id;
}

// How many texts are shown, and are not.
struct Counts {
  std::int64_t shown = 0;
  std::int64_t erased = 0;
  std::int64_t withheld = 0;
};

PageData RevisionData(const json::value& comment, const json::value& revision, Counts& counts) {
  PageData data;
  const std::int64_t number = revision.at("revision").as_int64();
  if (number > 1) {
    data["revision_number"] = absl::StrCat(number);
    AddPerson(data, "editor", revision.at("editor"));
    AddTime(data, "revision_time", revision.at("time"));
  } else if (revision.at("time") != comment.at("createTime")) {
    data["edited_elsewhere"] = true;
    AddTime(data, "revision_time", revision.at("time"));
  }
  if (const json::value* body = revision.as_object().if_contains("body")) {
    ++counts.shown;
    data["text"] = TextOf(*body);
    data["has_text"] = true;
  } else if (revision.at("erased").as_bool()) {
    ++counts.erased;
    data["no_text"] = "This text was erased: it exists nowhere any more.";
  } else {
    ++counts.withheld;
    data["no_text"] = "This text was removed, and admins alone are shown it.";
  }
  return data;
}

PageData CommentData(const json::value& comment, Counts& counts) {
  PageData data;
  data["sequence"] = absl::StrCat(comment.at("sequence").as_int64());
  AddTime(data, "time", comment.at("createTime"));
  PageList revisions;
  for (const json::value& revision : comment.at("revisions").as_array()) {
    if (revisions.empty()) AddPerson(data, "author", revision.at("editor"));
    revisions.push_back(RevisionData(comment, revision, counts));
  }
  data["revisions"] = PageData(revisions);
  if (const json::value* removal = comment.as_object().if_contains("removal")) {
    data["removed"] = true;
    AddPerson(data, "remover", removal->at("actor"));
    AddTime(data, "removal_time", removal->at("time"));
    if (const std::string reason = TextOf(removal->at("reason")); !reason.empty()) {
      data["reason"] = reason;
    }
  }
  return data;
}

std::string Counted(std::int64_t count, const char* one, const char* many) {
  return count == 1 ? absl::StrCat("1 ", one) : absl::StrCat(count, " ", many);
}

std::string CountWords(std::int64_t entries, const Counts& counts) {
  std::string words = absl::StrCat(Counted(entries, "entry", "entries"), " of the record, ",
                                   Counted(counts.shown, "text", "texts"));
  if (counts.erased > 0) absl::StrAppend(&words, ", ", counts.erased, " erased");
  if (counts.withheld > 0) absl::StrAppend(&words, ", ", counts.withheld, " removed");
  return words;
}

// Throws what Boost throws for a value of another kind than it should be.
void Add(PageData& page, const json::value& file, const std::vector<std::string>& keys) {
  const json::value& thread = file.at("thread");
  page["is_resolved"] = TextOf(thread.at("state")) == "RESOLVED";
  if (thread.as_object().contains("stateTime")) {
    page["state_known"] = true;
    AddPerson(page, "state_actor", thread.at("stateActor"));
    AddTime(page, "state_time", thread.at("stateTime"));
  }
  Counts counts;
  PageList comments;
  for (const json::value& comment : file.at("comments").as_array()) {
    comments.push_back(CommentData(comment, counts));
  }
  page["is_empty"] = comments.empty();
  page["record_comments"] = PageData(comments);
  std::int64_t older = 0;
  const json::array& entries = file.at("entries").as_array();
  for (const json::value& entry : entries) older += entry.as_object().contains("format") ? 1 : 0;
  page["count_words"] = CountWords(static_cast<std::int64_t>(entries.size()), counts);
  if (older > 0) {
    page["older_words"] =
        absl::StrCat(Counted(older, "comment is", "comments are"),
                     " from before the record covered words: of these it proves who wrote when.");
  }
  page["checkpoint"] = TextOf(file.at("checkpoint"));
  PageList lines;
  for (const std::string& key : keys) {
    PageData line;
    line["key"] = key;
    lines.push_back(std::move(line));
  }
  page["keys"] = PageData(lines);
}

}  // namespace

absl::Status AddRecord(PageData& page, std::string_view evidence,
                       const std::vector<std::string>& verifier_keys) {
  try {
    Add(page, json::parse({evidence.data(), evidence.size()}), verifier_keys);
    return absl::OkStatus();
  } catch (const std::exception& failure) {
    return absl::InternalError(
        absl::StrCat("an evidence file that cannot be shown: ", failure.what()));
  }
}

}  // namespace marginalia
