#include "gateway/http/gate/router.h"

#include <gtest/gtest.h>

#include "gateway/http/gate/api_call.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

Router MadeOf(std::vector<Route> routes) {
  auto router = Router::Create(std::move(routes));
  EXPECT_TRUE(router.ok()) << router.status();
  return *std::move(router);
}

Router Sample() {
  return MadeOf({{"GET", "/api/invoices"},
                 {"GET", "/api/invoices/{id}"},
                 {"GET", "/api/invoices/{id}/comments"},
                 {"POST", "/api/invoices/{id}/comments"}});
}

RouteMatch Match(std::string_view method, std::string_view path) {
  static const Router* router = new Router(Sample());
  auto match = router->Match(method, path);
  EXPECT_TRUE(match.ok()) << match.status();
  return *std::move(match);
}

TEST(RouterTest, ASegmentInBracesTakesAnyOneSegmentDecoded) {
  const RouteMatch match = Match("GET", "/api/invoices/INV%2F10%2042/comments");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->path, "/api/invoices/{id}/comments");
  EXPECT_EQ(match.index, 2U);
  EXPECT_EQ(match.parameters, std::vector<std::string>{"INV/10 42"});
}

TEST(RouterTest, HeadIsAnsweredByTheRouteOfGet) {
  const RouteMatch match = Match("HEAD", "/api/invoices");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->method, "GET");
}

TEST(RouterTest, AKnownPathTellsWhichMethodsItTakes) {
  EXPECT_EQ(Match("DELETE", "/api/invoices/x/comments").allow, "GET, HEAD, POST");
  EXPECT_EQ(Match("OPTIONS", "/api/invoices").allow, "GET, HEAD");
  EXPECT_EQ(Match("get", "/api/invoices").allow, "GET, HEAD");
  EXPECT_EQ(Match("POST", "/api/invoices/x/comments").allow, "");
}

TEST(RouterTest, NothingElseIsFound) {
  for (const char* path : {"/", "/api", "/api/invoices/", "/api/invoices//comments",
                           "//api/invoices", "/api/invoices/x/comments/", "/API/invoices",
                           "/api/./invoices", "/api/invoices/x/other", "/api/%69nvoices"}) {
    const RouteMatch match = Match("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_EQ(match.allow, "") << path;
  }
}

TEST(RouterTest, ABadlyEncodedSegmentIsRefused) {
  const Router router = Sample();
  for (const char* path : {"/api/invoices/%", "/api/invoices/%4", "/api/invoices/%zz",
                           "/api/invoices/%00", "/api/invoices/%0a", "/api/invoices/%ff",
                           "/api/invoices/%c0%80", "/api/invoices/%ed%a0%80"}) {
    const auto match = router.Match("GET", path);
    EXPECT_EQ(ReasonOf(match.status()), "TARGET_INVALID") << path;
  }
}

TEST(RouterTest, RoutesThatMatchTheSameRequestsAreRefusedAtStart) {
  for (const char* path : {"/a/{id}", "/a/{other}", "/a/b", "/{x}/b"}) {
    const auto router = Router::Create({{"GET", "/a/{id}"}, {"GET", path}});
    EXPECT_EQ(router.status().code(), absl::StatusCode::kAlreadyExists) << path;
    EXPECT_NE(std::string(router.status().message()).find(path), std::string::npos);
  }
  MadeOf({{"GET", "/a/{id}"}, {"POST", "/a/{id}"}, {"GET", "/a"}, {"GET", "/b/{id}"}});
}

}  // namespace
}  // namespace marginalia
