// The words by which an invoice is searched for. Pure functions but for the rows at the end, which
// are stateless: each works on the connection it is given, within its caller's transaction, and
// throws what SOCI throws.
#ifndef MARGINALIA_INVOICE_SERVICE_INVOICE_WORDS_H_
#define MARGINALIA_INVOICE_SERVICE_INVOICE_WORDS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "invoice-service/invoice.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

inline constexpr std::size_t kWordCharactersMax = 32;
inline constexpr std::size_t kWordsOfInvoiceMax = 20;
inline constexpr std::size_t kSearchCharactersMax = 100;
inline constexpr std::size_t kSearchWordsMax = 5;

// The different words of an invoice's number and its customer's name, in small letters.
std::vector<std::string> WordsOfInvoice(std::string_view number, std::string_view customer_name);

// The words of what is searched for, the longest first; none for an empty text. Errors:
// INVALID_ARGUMENT about `search`.
absl::StatusOr<std::vector<std::string>> WordsOfSearch(std::string_view search);

// Whether each of `search` begins one of `words`.
bool AreBegunBy(const std::vector<std::string>& words, const std::vector<std::string>& search);

class InvoiceWords {
 public:
  // With the words of the invoices that are there, as far as SQL can tell them apart: on SQLite
  // capitals beyond ASCII stay what they are until the invoice is written again.
  static std::vector<std::string> Schema();

  // In the place of those that the invoice may have.
  static void Write(Connection& connection, const std::string& org_id, const Invoice& invoice);
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_INVOICE_WORDS_H_
