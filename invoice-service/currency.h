// The currencies that an invoice can be in. Pure, thread-safe.
#ifndef MARGINALIA_INVOICE_SERVICE_CURRENCY_H_
#define MARGINALIA_INVOICE_SERVICE_CURRENCY_H_

#include <string_view>

namespace marginalia {

// Whether `code` is one of ISO 4217's active codes, in capital letters, and a currency: neither the
// code for none nor the one for tests.
bool IsCurrency(std::string_view code);

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_CURRENCY_H_
