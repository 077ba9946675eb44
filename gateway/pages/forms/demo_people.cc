#include "gateway/pages/forms/demo_people.h"

#include <boost/json.hpp>
#include <cstddef>
#include <exception>
#include <fstream>
#include <string_view>

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr std::size_t kFileBytesMax = 1024 * 1024;

std::string Text(const json::object& person, std::string_view name) {
  return std::string(person.at(name).as_string());
}

}  // namespace

absl::StatusOr<std::vector<DemoIdentity>> ReadDemoPeople(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytesMax, '\0');
  if (!file.is_open() || (file.read(text.data(), kFileBytesMax), file.bad())) {
    return absl::InternalError("cannot read the demo people in " + path);
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  try {
    std::vector<DemoIdentity> people;
    const json::value root = json::parse(text);
    for (const json::value& entry : root.as_array()) {
      const json::object& person = entry.as_object();
      people.push_back({Text(person, "org"), Text(person, "org_name"), Text(person, "user_id"),
                        Text(person, "display_name"), Text(person, "role"), Text(person, "token")});
    }
    return people;
  } catch (const std::exception&) {
    return absl::InternalError(path + " holds no list of demo people");
  }
}

}  // namespace marginalia
