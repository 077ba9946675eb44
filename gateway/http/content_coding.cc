#include "gateway/http/content_coding.h"

#include <brotli/encode.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace marginalia {
namespace {

// A page of 100 comments, 33 kB, shrinks to a fifth; more effort would save little and cost much.
constexpr int kGzipLevel = 4;
constexpr int kBrotliQuality = 4;
// So that zlib writes a gzip header, for a window of 32 KiB.
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kGzipMemoryLevel = 8;

// Whether ";q=0.5" or the like wants its coding at all.
bool IsWanted(absl::string_view parameters) {
  const std::size_t q = absl::AsciiStrToLower(parameters).find("q=");
  double weight = 1;
  return q == std::string::npos || !absl::SimpleAtod(parameters.substr(q + 2), &weight) ||
         weight > 0;
}

bool Accepts(std::string_view accept_encoding, absl::string_view coding) {
  while (!accept_encoding.empty()) {
    const std::string_view item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(accept_encoding.size(), item.size() + 1));
    const absl::string_view whole(item.data(), item.size());
    const absl::string_view name =
        absl::StripAsciiWhitespace(whole.substr(0, std::min(whole.size(), whole.find(';'))));
    if (absl::EqualsIgnoreCase(name, coding)) return IsWanted(whole.substr(name.size()));
  }
  return false;
}

// Empty when memory is out.
std::string Gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindowBits, kGzipMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return {};
  }
  std::string coded(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  // zlib reads through a pointer to what it never writes.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(coded.data());
  stream.avail_out = static_cast<uInt>(coded.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  coded.resize(whole ? stream.total_out : 0);
  deflateEnd(&stream);
  return coded;
}

std::string Brotli(std::string_view text) {
  std::string coded(BrotliEncoderMaxCompressedSize(text.size()), '\0');
  std::size_t size = coded.size();
  const bool whole =
      BrotliEncoderCompress(kBrotliQuality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, text.size(),
                            reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                            reinterpret_cast<std::uint8_t*>(coded.data()));
  coded.resize(whole ? size : 0);
  return coded;
}

}  // namespace

ContentCoding ChooseCoding(std::string_view accept_encoding) {
  if (Accepts(accept_encoding, "br")) return ContentCoding::kBrotli;
  return Accepts(accept_encoding, "gzip") ? ContentCoding::kGzip : ContentCoding::kIdentity;
}

std::string_view CodingName(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kGzip:
      return "gzip";
    case ContentCoding::kBrotli:
      return "br";
    case ContentCoding::kIdentity:
      break;
  }
  return {};
}

std::string InCoding(ContentCoding coding, std::string_view text) {
  switch (coding) {
    case ContentCoding::kGzip:
      return Gzip(text);
    case ContentCoding::kBrotli:
      return Brotli(text);
    case ContentCoding::kIdentity:
      break;
  }
  return std::string(text);
}

void CodeBody(const HttpRequest& request, HttpResponse& response) {
  if (response.coding != ContentCoding::kIdentity || response.body.size() < kCodedBodyBytesMin) {
    return;
  }
  const ContentCoding coding = ChooseCoding(request.Header("accept-encoding"));
  if (coding == ContentCoding::kIdentity) return;
  std::string coded = InCoding(coding, response.body);
  if (coded.empty() || coded.size() >= response.body.size()) return;
  response.body = std::move(coded);
  response.coding = coding;
}

bool HasCodedBody(const HttpRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const HeaderField& field) {
    return absl::EqualsIgnoreCase({field.name.data(), field.name.size()}, "content-encoding") &&
           !absl::EqualsIgnoreCase({field.value.data(), field.value.size()}, "identity");
  });
}

}  // namespace marginalia
