// The record of a service in which all has happened that can happen, and somebody who changes the
// database itself: what can be changed, what VerifyAuditLog says of it, and all as it was before.
#ifndef MARGINALIA_TESTS_COMMENTS_SERVICE_TAMPERED_RECORD_H_
#define MARGINALIA_TESTS_COMMENTS_SERVICE_TAMPERED_RECORD_H_

#include <map>
#include <string>
#include <vector>

#include "marginalia/comments/v1/comments_service.pb.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {

// A row to change a value of, or a table to change one of in each of these.
struct TamperedRow {
  std::string what;   // "one that was edited"
  std::string where;  // besides the tenant's
  // Of the comment that the finding must name; empty: of none, or of any.
  std::string comment_id = "";
};

class TamperedRecord : public ServiceTest {
 protected:
  void SetUp() override;

  bool OnPostgres() const;
  void Run(const std::vector<std::string>& statements);
  comments::v1::VerifyAuditLogResponse Verify();
  // Runs the statements, verifies, prints what was found, and puts the tables back as they were.
  comments::v1::VerifyAuditLogResponse Found(const std::string& what,
                                             const std::vector<std::string>& tables,
                                             const std::vector<std::string>& statements);
  // The same for each byte of a payload, which is given in hexadecimal digits.
  void ChangeEachByteOf(const TamperedRow& row, const std::string& stored);

  // A row for each thing that can have happened; none: the table is not known here.
  std::vector<TamperedRow> RowsOf(const std::string& table) const;
  // In SQL: another value of the column, the tenant's rows among `where`, and the position of a
  // comment.
  std::string Changed(const std::string& table, const std::string& column) const;
  std::string OfTenant(const std::string& table, const std::string& where) const;
  std::string PlaceOf(const comments::v1::Comment& comment) const;

  comments::v1::Comment unchanged_;
  comments::v1::Comment edited_;
  // The tables with their columns, each with its type, as the database has them.
  std::map<std::string, std::map<std::string, std::string>> columns_;

 private:
  // All that can happen to comments and threads.
  void WriteRecord();
  // What had been changed before it came.
  void ImportChanged();
  void Import(int count);
  std::map<std::string, std::map<std::string, std::string>> ReadColumns();
  void PutBack(const std::string& table);
  // One line of the table of what was found.
  void Tell(const std::string& what, const comments::v1::VerifyAuditLogResponse& verdict) const;

  comments::v1::Comment removed_;
  comments::v1::Comment removed_erased_;
  comments::v1::Comment erased_;
  comments::v1::Comment imported_;
  comments::v1::Comment imported_edited_;
  comments::v1::Comment imported_removed_;
  comments::v1::Comment imported_erased_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_COMMENTS_SERVICE_TAMPERED_RECORD_H_
