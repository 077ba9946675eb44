#include "gateway/pages/views/money.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

// ISO 4217, table A.1, as of 2024: the currencies that have not two decimals.
constexpr std::string_view kWithoutDecimals[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                                 "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                                                 "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr std::string_view kThreeDecimals[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
constexpr std::string_view kFourDecimals[] = {"CLF", "UYW"};

constexpr std::string_view kMinusSign = "\u2212";

template <typename Currencies>
bool IsIn(const Currencies& currencies, std::string_view currency) {
  return std::find(std::begin(currencies), std::end(currencies), currency) != std::end(currencies);
}

std::size_t Decimals(std::string_view currency) {
  if (IsIn(kWithoutDecimals, currency)) return 0;
  if (IsIn(kThreeDecimals, currency)) return 3;
  return IsIn(kFourDecimals, currency) ? 4 : 2;
}

}  // namespace

std::string AmountText(std::int64_t minor_units, std::string_view currency) {
  // The lowest number has no positive counterpart: its digits have.
  std::string digits = absl::StrCat(minor_units);
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const std::size_t decimals = Decimals(currency);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  std::string fraction = digits.substr(digits.size() - decimals);
  digits.resize(digits.size() - decimals);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  if (!fraction.empty()) fraction.insert(0, 1, '.');
  return (negative ? std::string(kMinusSign) : "") + digits + fraction;
}

std::string MoneyText(std::int64_t minor_units, std::string_view currency) {
  return std::string(currency) + " " + AmountText(minor_units, currency);
}

}  // namespace marginalia
