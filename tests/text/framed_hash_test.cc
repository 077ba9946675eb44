#include "services/text/framed_hash.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace marginalia {
namespace {

std::string Hex(const Digest& digest) {
  return absl::BytesToHexString({BytesOf(digest).data(), BytesOf(digest).size()});
}

TEST(FramedHashTest, EachPieceHasItsLengthInFrontAsFourBytes) {
  std::string bytes = "x";
  AppendFramed(bytes, "ab");
  AppendFramed(bytes, "");
  AppendFramed(bytes, std::string(258, 'y'));
  EXPECT_EQ(bytes.substr(0, 15), std::string("x\0\0\0\2ab\0\0\0\0\0\0\1\2", 15));
  EXPECT_EQ(bytes.size(), 15U + 258U);
}

TEST(FramedHashTest, IsSha256AsFips180HasIt) {
  EXPECT_EQ(Hex(Sha256Of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256Of("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace marginalia
