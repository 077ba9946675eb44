// Page tokens as callers send them, and the cursors inside them. A token grants nothing and its
// seal is no secret, so a cursor may be anything too.
#include "services/tokens/page_token.h"

#include "comments-service/thread/page_cursor.h"
#include "comments-service/thread/thread_counts_cursor.h"
#include "services/tokens/sealed_token.h"
#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

constexpr std::string_view kListing = "ListComments";
constexpr std::string_view kReason = "PAGE_TOKEN_INVALID";

void RequireSameCursor(const PageCursor& cursor, const absl::StatusOr<PageCursor>& again) {
  Require(again.ok() && again->from == cursor.from && again->direction == cursor.direction,
          "a cursor comes back from the token that is made of it");
}

void ReadCursor(std::string_view token, std::string_view org) {
  const auto cursor = ParseCursorToken(token, {kListing, org});
  if (!cursor.ok()) return RequireRefusal(cursor.status(), kReason);
  Require(cursor->from >= 0, "a place in a listing is not negative");
  RequireSameCursor(*cursor,
                    ParseCursorToken(MakeCursorToken(*cursor, {kListing, org}), {kListing, org}));
  const PageTokens beyond = TokensOf(*cursor, nullptr, {kListing, org});
  for (const std::string& each : {beyond.next, beyond.previous}) {
    Require(ParseCursorToken(each, {kListing, org}).ok(), "the tokens of an empty page lead on");
  }
}

void ReadThreadCountsCursor(std::string_view token, std::string_view log_id) {
  const auto cursor = ParseThreadCountsCursor(token, log_id, "");
  if (!cursor.ok()) return RequireRefusal(cursor.status(), kReason);
  const auto again =
      ParseThreadCountsCursor(MakeThreadCountsToken(*cursor, log_id, ""), log_id, "");
  Require(again.ok() && again->org_id == cursor->org_id &&
              again->invoice_id == cursor->invoice_id &&
              again->as_of.value_or(0) == cursor->as_of.value_or(0),
          "a place among the threads comes back from the token that is made of it");
}

void RequireBound(std::string_view token, std::string_view org, std::string_view invoice) {
  const std::string other = std::string(org) + "x";
  Require(!ParsePageToken(token, {kListing, other, invoice}).ok(),
          "a page token is refused to another tenant");
  Require(!ParsePageToken(token, {kListing, org, std::string(invoice) + "x"}).ok(),
          "a page token is refused for another argument");
  Require(!ParsePageToken(token, {kListing, std::string(org) + std::string(invoice)}).ok(),
          "a page token is refused where its pieces are cut elsewhere");
  Require(!ParsePageToken(token, {"ListRecentComments", org, invoice}).ok(),
          "a page token is refused by another RPC");
}

// Three lines: a token or what one is made of, the tenant, the argument.
void ReadPageToken(std::string_view input) {
  const auto [text, org, invoice] = Lines<3>(input);
  const auto cursor = ParsePageToken(text, {kListing, org, invoice});
  if (cursor.ok()) {
    Require(MakePageToken(*cursor, {kListing, org, invoice}) == text,
            "a token that is taken is the one that would be made");
    RequireBound(text, org, invoice);
  } else {
    RequireRefusal(cursor.status(), kReason);
  }
  ReadCursor(text, org);

  const std::string made = MakePageToken(text, {kListing, org, invoice});
  Require(made.find_first_not_of(
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == made.npos,
          "a token can be part of an address");
  if (made.size() > kTokenCharactersMax) return;
  Require(*ParsePageToken(made, {kListing, org, invoice}) == text,
          "a cursor comes back from its token");
  RequireBound(made, org, invoice);
  ReadCursor(MakePageToken(text, {kListing, org}), org);
  ReadThreadCountsCursor(MakePageToken(text, {"ListThreadCounts", org}), org);
}

const FuzzTarget kTarget("page_token", ReadPageToken);

}  // namespace
}  // namespace marginalia
