#include "invoice-service/invoice_words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "services/errors/errors.h"
#include "services/storage/connection/statement.h"
#include "services/text/lower_case.h"
#include "services/text/utf8.h"

namespace marginalia {
namespace {

bool IsOfWord(char32_t character) {
  if (character < 0x80) {
    return ('0' <= character && character <= '9') || ('a' <= character && character <= 'z');
  }
  // Blanks, dashes, quotation marks and what else stands between words.
  if (character <= 0xBF || character == 0xD7 || character == 0xF7) return false;
  return (character < 0x2000 || character > 0x206F) && (character < 0x3000 || character > 0x3020);
}

void AddWords(std::string_view text, std::size_t most, std::vector<std::string>& words) {
  const std::string lowered = LowerCase(text);
  std::string_view rest = lowered;
  std::string word;
  std::size_t characters = 0;
  const auto end_word = [&] {
    const bool is_new = std::find(words.begin(), words.end(), word) == words.end();
    if (!IsBlank(word) && is_new && words.size() < most) words.push_back(word);
    word.clear();
    characters = 0;
  };
  while (!rest.empty()) {
    const std::string_view before = rest;
    if (!IsOfWord(TakeCharacter(rest))) {
      end_word();
    } else if (characters++ < kWordCharactersMax) {
      word += before.substr(0, before.size() - rest.size());
    }
  }
  end_word();
}

struct Statements {
  explicit Statements(Connection& connection)
      : clear(connection, "DELETE FROM invoice_words WHERE org_id = :org AND number = :number",
              soci::use(org_id), soci::use(number)),
        insert(connection,
               "INSERT INTO invoice_words (org_id, word, number) "
               "VALUES (:org, :word, :number)",
               soci::use(org_id), soci::use(word), soci::use(number)) {}

  std::string org_id;
  std::string number;
  std::string word;
  Statement clear;
  Statement insert;
};

// Of the invoices that are there, each word between blanks, where marks are blanks.
std::string StoredWordsOfSqlite() {
  std::string text = "lower(number || ' ' || customer_name)";
  for (const char* mark : {".", ",", ":", ";", "/", "-", "_", "(", ")", "&", "+", "''", "\""}) {
    text = absl::StrCat("replace(", text, ", '", mark, "', ' ')");
  }
  return absl::Substitute(
      "{sqlite_only}INSERT INTO invoice_words (org_id, word, number) "
      "WITH RECURSIVE pieces (org_id, number, word, rest) AS ("
      "SELECT org_id, number, '', $0 || ' ' FROM invoices UNION ALL SELECT org_id, number, "
      "substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1) "
      "FROM pieces WHERE rest <> '') "
      "SELECT DISTINCT org_id, substr(word, 1, 32), number FROM pieces WHERE word <> ''",
      text);
}

constexpr char kStoredWordsOfPostgres[] =
    "{postgres_only}INSERT INTO invoice_words (org_id, word, number) "
    "SELECT DISTINCT org_id, left(word, 32), number FROM (SELECT org_id, number, "
    "regexp_split_to_table(lower(number || ' ' || customer_name), '[^[:alnum:]]+') AS word "
    "FROM invoices) AS pieces WHERE word <> ''";

}  // namespace

std::vector<std::string> WordsOfInvoice(std::string_view number, std::string_view customer_name) {
  std::vector<std::string> words;
  AddWords(number, kWordsOfInvoiceMax, words);
  AddWords(customer_name, kWordsOfInvoiceMax, words);
  return words;
}

absl::StatusOr<std::vector<std::string>> WordsOfSearch(std::string_view search) {
  std::vector<std::string> words;
  if (search.empty()) return words;
  if (!IsValidUtf8(search)) return InvalidField("search", "must be valid UTF-8");
  if (CountCharacters(search, kSearchCharactersMax + 1) > kSearchCharactersMax) {
    return InvalidField("search",
                        absl::StrCat("must be at most ", kSearchCharactersMax, " characters"));
  }
  AddWords(search, kSearchWordsMax + 1, words);
  if (words.empty()) return InvalidField("search", "must have a letter or a digit");
  if (words.size() > kSearchWordsMax) {
    return InvalidField("search", absl::StrCat("must be at most ", kSearchWordsMax, " words"));
  }
  std::stable_sort(words.begin(), words.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return words;
}

bool AreBegunBy(const std::vector<std::string>& words, const std::vector<std::string>& search) {
  return std::all_of(search.begin(), search.end(), [&words](const std::string& beginning) {
    return std::any_of(words.begin(), words.end(), [&beginning](const std::string& word) {
      return word.compare(0, beginning.size(), beginning) == 0;
    });
  });
}

std::vector<std::string> InvoiceWords::Schema() {
  return {
      "CREATE TABLE invoice_words ("
      "org_id TEXT NOT NULL, "
      "word TEXT {c_collation} NOT NULL, "
      "number TEXT {c_collation} NOT NULL, "
      "PRIMARY KEY (org_id, word, number)) {clustered}",
      StoredWordsOfSqlite(), kStoredWordsOfPostgres,
      "CREATE INDEX invoice_words_by_number ON invoice_words (org_id, number, word)"};
}

void InvoiceWords::Write(Connection& connection, const std::string& org_id,
                         const Invoice& invoice) {
  auto& statements = connection.Prepared<Statements>();
  statements.org_id = org_id;
  statements.number = invoice.content.number;
  statements.clear.Run();
  for (const std::string& word :
       WordsOfInvoice(invoice.content.number, invoice.content.customer.name)) {
    statements.word = word;
    statements.insert.Run();
  }
}

}  // namespace marginalia
