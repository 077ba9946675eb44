#include "comments-service/audit/contents_store.h"

#include <utility>
#include <vector>

namespace marginalia {
namespace {

using Integers = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

// Column by column, as SOCI reads several rows at once.
struct SelectContents {
  explicit SelectContents(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT"
                          " c.position, c.comment_id, c.invoice_id, c.author_id,"
                          " c.author_name, a.name_salt, c.body, c.body_salt,"
                          " c.create_time, c.revision, c.edit_time, c.removal_time,"
                          " c.remover_id, c.remover_name, c.removal_reason, c.erased,"
                          " c.change_position, coalesce(b.action, ''),"
                          " coalesce(b.comment_id, ''), coalesce(b.actor_id, ''),"
                          " coalesce(b.name_salt, ''), coalesce(b.name_commitment, ''),"
                          " coalesce(b.revision, 0), coalesce(b.content_commitment, ''),"
                          " coalesce(b.reason, ''), coalesce(b.create_time, 0), c.sequence, "
                          "coalesce(p.position, 0)"
                          " FROM comments c JOIN audit_entries a ON a.org_id = c.org_id"
                          " AND a.position = c.position"
                          " LEFT JOIN audit_entries b ON b.org_id = c.org_id"
                          " AND b.position = c.change_position"
                          " LEFT JOIN thread_comments p ON p.org_id = c.org_id"
                          " AND p.invoice_id = c.invoice_id AND p.sequence = c.sequence - 1"
                          " WHERE c.org_id = :org_id AND c.position > :after"
                          " AND c.position <= :last ORDER BY c.position",
                   soci::use(org_id), soci::use(after), soci::use(last), soci::into(positions),
                   soci::into(comment_ids), soci::into(invoice_ids), soci::into(author_ids),
                   soci::into(author_names), soci::into(name_salts), soci::into(bodies),
                   soci::into(body_salts), soci::into(create_times), soci::into(revisions),
                   soci::into(edit_times), soci::into(removal_times), soci::into(remover_ids),
                   soci::into(remover_names), soci::into(removal_reasons), soci::into(erased),
                   soci::into(change_positions), soci::into(change_actions),
                   soci::into(change_comment_ids), soci::into(change_actor_ids),
                   soci::into(change_name_salts), soci::into(change_name_commitments),
                   soci::into(change_revisions), soci::into(change_commitments),
                   soci::into(change_reasons), soci::into(change_times), soci::into(sequences),
                   soci::into(previous_positions))) {}

  void Resize(std::size_t rows) {
    for (Integers* column :
         {&sequences, &previous_positions, &positions, &create_times, &revisions, &edit_times,
          &removal_times, &erased, &change_positions, &change_revisions, &change_times})
      column->resize(rows);
    for (Texts* column :
         {&comment_ids, &invoice_ids, &author_ids, &author_names, &name_salts, &bodies, &body_salts,
          &remover_ids, &remover_names, &removal_reasons, &change_actions, &change_comment_ids,
          &change_actor_ids, &change_name_salts, &change_name_commitments, &change_commitments,
          &change_reasons})
      column->resize(rows);
  }

  StoredContent Take(Connection& connection, std::size_t i) {
    return {.position = positions[i],
            .comment_id = std::move(comment_ids[i]),
            .invoice_id = std::move(invoice_ids[i]),
            .author_id = std::move(author_ids[i]),
            .author_name = std::move(author_names[i]),
            .name_salt = connection.FromColumn(std::move(name_salts[i])),
            .body = std::move(bodies[i]),
            .body_salt = connection.FromColumn(std::move(body_salts[i])),
            .sequence = sequences[i],
            .previous_position = previous_positions[i],
            .create_time = create_times[i],
            .revision = revisions[i],
            .edit_time = edit_times[i],
            .removal_time = removal_times[i],
            .remover_id = std::move(remover_ids[i]),
            .remover_name = std::move(remover_names[i]),
            .removal_reason = std::move(removal_reasons[i]),
            .erased = erased[i],
            .change_position = change_positions[i],
            .change = TakeChange(connection, i)};
  }

  ChangeEntry TakeChange(Connection& connection, std::size_t i) {
    return {.action = std::move(change_actions[i]),
            .comment_id = std::move(change_comment_ids[i]),
            .actor_id = std::move(change_actor_ids[i]),
            .name_salt = connection.FromColumn(std::move(change_name_salts[i])),
            .name_commitment = connection.FromColumn(std::move(change_name_commitments[i])),
            .revision = change_revisions[i],
            .content_commitment = connection.FromColumn(std::move(change_commitments[i])),
            .reason = std::move(change_reasons[i]),
            .create_time = change_times[i]};
  }

  std::string org_id;
  std::int64_t after = 0;
  std::int64_t last = 0;
  Integers sequences = Integers(2);
  Integers previous_positions = Integers(2);
  Integers positions = Integers(2);
  Integers create_times = Integers(2);
  Integers revisions = Integers(2);
  Integers edit_times = Integers(2);
  Integers removal_times = Integers(2);
  Integers erased = Integers(2);
  Integers change_positions = Integers(2);
  Integers change_revisions = Integers(2);
  Integers change_times = Integers(2);
  Texts comment_ids = Texts(2);
  Texts invoice_ids = Texts(2);
  Texts author_ids = Texts(2);
  Texts author_names = Texts(2);
  Texts name_salts = Texts(2);
  Texts bodies = Texts(2);
  Texts body_salts = Texts(2);
  Texts remover_ids = Texts(2);
  Texts remover_names = Texts(2);
  Texts removal_reasons = Texts(2);
  Texts change_actions = Texts(2);
  Texts change_comment_ids = Texts(2);
  Texts change_actor_ids = Texts(2);
  Texts change_name_salts = Texts(2);
  Texts change_name_commitments = Texts(2);
  Texts change_commitments = Texts(2);
  Texts change_reasons = Texts(2);
  soci::statement statement;
};

}  // namespace

void ForEachContent(Connection& connection, const AuditStretch& stretch,
                    absl::FunctionRef<bool(const StoredContent&)> visit) {
  auto& select = connection.Prepared<SelectContents>();
  select.org_id = stretch.org_id;
  select.after = stretch.after;
  select.last = stretch.last;
  select.Resize(kContentRowsMax);
  bool wanted = true;
  for (bool more = select.statement.execute(true); more && wanted;) {
    const std::size_t rows = select.positions.size();
    for (std::size_t i = 0; i < rows && wanted; ++i) wanted = visit(select.Take(connection, i));
    more = wanted && rows == kContentRowsMax && select.statement.fetch();
  }
  // What was fetched would stay in memory until the next verification.
  select.Resize(2);
}

}  // namespace marginalia
