#include "gateway/http/gate/same_origin.h"

#include <gtest/gtest.h>

namespace marginalia {
namespace {

bool Same(std::string_view host, std::string_view origin) {
  HttpRequest request;
  request.headers = {{"Host", host}, {"Origin", origin}};
  return IsFromSameOrigin(request);
}

TEST(SameOriginTest, APortThatTheSchemeImpliesMayBeSaidOrNot) {
  EXPECT_TRUE(Same("app.example:443", "https://app.example"));
  EXPECT_TRUE(Same("app.example", "https://app.example:443"));
  EXPECT_TRUE(Same("app.example:80", "http://app.example"));
  EXPECT_TRUE(Same("App.Example", "https://app.example"));
  EXPECT_TRUE(Same("[::1]:8080", "http://[::1]:8080"));
  EXPECT_TRUE(Same("[::1]:443", "https://[::1]"));
}

TEST(SameOriginTest, AnotherHostOrPortIsAnotherOrigin) {
  EXPECT_FALSE(Same("app.example:80", "https://app.example"));
  EXPECT_FALSE(Same("app.example:443", "http://app.example"));
  EXPECT_FALSE(Same("app.example:8443", "https://app.example"));
  EXPECT_FALSE(Same("app.example", "https://app.example:8443"));
  EXPECT_FALSE(Same("app.example", "https://evil.example"));
  EXPECT_FALSE(Same("app.example", "https://app.example.evil.example"));
  EXPECT_FALSE(Same("[::1]", "http://[::2]"));
}

TEST(SameOriginTest, OnlyAnAddressIsTheMachineItselfAndNoNameThatBeginsLikeOne) {
  const auto is_insecure = [](std::string_view origin) {
    HttpRequest request;
    request.headers = {{"Origin", origin}};
    return IsFromInsecurePage(request);
  };
  for (const char* name :
       {"http://127.0.0.1.nip.io:8080", "http://127.example", "http://127.0.0.1x"}) {
    EXPECT_TRUE(is_insecure(name)) << name;
  }
  for (const char* own : {"http://127.0.0.1:8080", "http://127.9.9.9", "http://localhost",
                          "http://[::1]", "https://127.0.0.1.nip.io"}) {
    EXPECT_FALSE(is_insecure(own)) << own;
  }
}

TEST(SameOriginTest, WhatIsNoOriginIsNobodys) {
  for (const char* origin :
       {"", "null", "app.example", "ftp://app.example", "https://", "https://:443",
        "https://app.example/", "https://app.example:", "https://app.example:x",
        "https://app.example:443:443", "https://x@app.example", "https://app.example:99999",
        "https://[::1"}) {
    EXPECT_FALSE(Same("app.example", origin)) << origin;
  }
  EXPECT_FALSE(Same("", "https://app.example"));
  EXPECT_FALSE(Same("app.example:", "https://app.example"));
}

}  // namespace
}  // namespace marginalia
