#include "deploy/demo/demo_data.h"

#include <algorithm>
#include <boost/json.hpp>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "deploy/demo/busy_thread.h"

namespace marginalia {
namespace {

using boost::json::object;
using boost::json::value;

// Throws std::invalid_argument, which ReadDemoData turns into a status.
[[noreturn]] void Refuse(const std::string& why) { throw std::invalid_argument(why); }

const value& Member(const object& parent, std::string_view name) {
  const value* member = parent.if_contains(name);
  if (member == nullptr) Refuse(absl::StrCat("\"", std::string(name), "\" is missing"));
  return *member;
}

std::string Text(const object& parent, std::string_view name) {
  const value& member = Member(parent, name);
  if (!member.is_string()) Refuse(absl::StrCat("\"", std::string(name), "\" is not a string"));
  return std::string(member.get_string());
}

// Empty where there is none.
std::string OptionalText(const object& parent, std::string_view name) {
  return parent.contains(name) ? Text(parent, name) : "";
}

std::int64_t Number(const object& parent, std::string_view name) {
  const value& member = Member(parent, name);
  if (!member.is_int64()) Refuse(absl::StrCat("\"", std::string(name), "\" is not a number"));
  return member.get_int64();
}

const boost::json::array& List(const object& parent, std::string_view name) {
  const value& member = Member(parent, name);
  if (!member.is_array()) Refuse(absl::StrCat("\"", std::string(name), "\" is not a list"));
  return member.get_array();
}

// "40m", "2h" or "3d"; absl knows no days.
absl::Duration Ago(const std::string& text) {
  absl::Duration ago;
  std::int64_t days = 0;
  if (!text.empty() && text.back() == 'd' &&
      absl::SimpleAtoi(text.substr(0, text.size() - 1), &days)) {
    ago = absl::Hours(24) * days;
  } else if (!absl::ParseDuration(text, &ago)) {
    Refuse(absl::StrCat("\"ago\" cannot be \"", text, "\": say 40m, 2h or 3d"));
  }
  return ago;
}

DemoPerson Person(const object& from) {
  return {Text(from, "user_id"), Text(from, "display_name"), Text(from, "role")};
}

const DemoPerson& Author(const std::string& user_id, const std::vector<DemoPerson>& people) {
  for (const DemoPerson& person : people) {
    if (person.user_id == user_id && person.may_comment()) return person;
  }
  Refuse(absl::StrCat("author \"", user_id, "\" is nobody of the tenant who may comment"));
}

std::vector<DemoComment> Thread(const object& invoice, const std::vector<DemoPerson>& people) {
  const value& comments = Member(invoice, "comments");
  if (comments.is_object()) {
    return BusyThread(static_cast<int>(Number(comments.get_object(), "generate")), people);
  }
  std::vector<DemoComment> thread;
  for (const value& comment : List(invoice, "comments")) {
    const object& from = comment.as_object();
    thread.push_back({.author = Author(Text(from, "author"), people),
                      .body = Text(from, "body"),
                      .ago = Ago(Text(from, "ago")),
                      .first_body = OptionalText(from, "first_body")});
  }
  std::stable_sort(thread.begin(), thread.end(),
                   [](const DemoComment& a, const DemoComment& b) { return a.ago > b.ago; });
  return thread;
}

DemoInvoice Invoice(const object& from, const std::vector<DemoPerson>& people) {
  DemoInvoice demo;
  invoices::v1::Invoice& invoice = demo.invoice;
  invoice.set_number(Text(from, "number"));
  const object& customer = Member(from, "customer").as_object();
  invoice.mutable_customer()->set_name(Text(customer, "name"));
  invoice.mutable_customer()->set_email(Text(customer, "email"));
  invoice.set_terms(Text(from, "terms"));
  invoice.set_due_date(Text(from, "due_date"));
  invoice.set_currency(Text(from, "currency"));
  for (const value& item : List(from, "line_items")) {
    invoices::v1::LineItem& line = *invoice.add_line_items();
    line.set_description(Text(item.as_object(), "description"));
    line.set_quantity(Text(item.as_object(), "quantity"));
    line.set_amount(Number(item.as_object(), "amount"));
  }
  invoice.set_total(Number(from, "total"));
  invoices::v1::InvoiceStatus status;
  if (!invoices::v1::InvoiceStatus_Parse("INVOICE_STATUS_" + Text(from, "status"), &status)) {
    Refuse(absl::StrCat("\"status\" cannot be \"", Text(from, "status"), "\""));
  }
  invoice.set_status(status);
  invoice.set_version(Number(from, "version"));
  demo.comments = Thread(from, people);
  const std::string resolved_by = OptionalText(from, "resolved_by");
  if (!resolved_by.empty()) demo.resolved_by = Author(resolved_by, people);
  return demo;
}

DemoTenant Tenant(const object& from) {
  DemoTenant tenant;
  tenant.org_id = Text(from, "org_id");
  tenant.name = Text(from, "name");
  for (const value& person : List(from, "people")) {
    tenant.people.push_back(Person(person.as_object()));
  }
  for (const value& invoice : List(from, "invoices")) {
    tenant.invoices.push_back(Invoice(invoice.as_object(), tenant.people));
  }
  return tenant;
}

}  // namespace

absl::StatusOr<std::vector<DemoTenant>> ReadDemoData(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::ostringstream text;
  text << file.rdbuf();
  try {
    std::vector<DemoTenant> tenants;
    const value root = boost::json::parse(text.str());
    for (const value& tenant : List(root.as_object(), "tenants")) {
      tenants.push_back(Tenant(tenant.as_object()));
    }
    return tenants;
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.what()));
  }
}

}  // namespace marginalia
