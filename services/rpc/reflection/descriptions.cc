#include "services/rpc/reflection/descriptions.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <mutex>
#include <set>
#include <unordered_map>

namespace marginalia {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

absl::Status NotFound(const char* what) { return absl::NotFoundError(what); }

// Once for each file: it costs, and whoever has a token may ask without end.
std::string_view Encoded(const FileDescriptor& file) {
  static auto* const mutex = new std::mutex;
  static auto* const encoded = new std::unordered_map<const FileDescriptor*, std::string>;
  const std::lock_guard lock(*mutex);
  const auto [found, is_new] = encoded->try_emplace(&file);
  if (is_new) {
    google::protobuf::FileDescriptorProto message;
    file.CopyTo(&message);
    found->second = message.SerializeAsString();
  }
  return found->second;
}

absl::StatusOr<DescribedFiles> WithImports(const FileDescriptor* file) {
  if (file == nullptr) return NotFound("nothing here describes that");
  std::vector<const FileDescriptor*> files = {file};
  std::set<const FileDescriptor*> seen = {file};
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (int n = 0; n < files[i]->dependency_count(); ++n) {
      const FileDescriptor* imported = files[i]->dependency(n);
      if (seen.insert(imported).second) files.push_back(imported);
    }
  }
  DescribedFiles described;
  for (const FileDescriptor* each : files) described.push_back(Encoded(*each));
  return described;
}

}  // namespace

absl::StatusOr<DescribedFiles> FilesOfFile(const std::string& name) {
  return WithImports(Pool().FindFileByName(name));
}

absl::StatusOr<DescribedFiles> FilesOfSymbol(const std::string& full_name) {
  return WithImports(Pool().FindFileContainingSymbol(full_name));
}

absl::StatusOr<DescribedFiles> FilesOfExtension(const std::string& message, int number) {
  const Descriptor* extended = Pool().FindMessageTypeByName(message);
  const FieldDescriptor* extension =
      extended == nullptr ? nullptr : Pool().FindExtensionByNumber(extended, number);
  return WithImports(extension == nullptr ? nullptr : extension->file());
}

absl::StatusOr<std::vector<int>> ExtensionNumbersOf(const std::string& message) {
  const Descriptor* extended = Pool().FindMessageTypeByName(message);
  if (extended == nullptr) return NotFound("there is no such message");
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(extended, &extensions);
  std::vector<int> numbers;
  for (const FieldDescriptor* extension : extensions) numbers.push_back(extension->number());
  return numbers;
}

}  // namespace marginalia
