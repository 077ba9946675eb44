// Amounts of money as pages write them. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_MONEY_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_MONEY_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace marginalia {

// "12,000.00" for 1,200,000 minor units of USD, "1,200" for 1,200 of JPY: as many decimals as the
// currency has minor units of (ISO 4217), two for one that is not known. Below zero a minus sign.
std::string AmountText(std::int64_t minor_units, std::string_view currency);

// The same with the currency: "USD 12,000.00".
std::string MoneyText(std::int64_t minor_units, std::string_view currency);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_MONEY_H_
