# shellcheck shell=bash disable=SC2154
# A PostgreSQL of this machine with the roles of deploy/postgres/roles.sql. Sourced by image_test, with
# its variables: folder, postgres_port; sets comments_url and invoices_url.

postgres_bin=/usr/lib/postgresql/15/bin

as_postgres() { runuser -u postgres -- "$@"; }

start_postgres() {
  local data=$folder/postgres
  install -d -o postgres "$data"
  as_postgres "$postgres_bin/initdb" -D "$data/data" --auth-local=trust --auth-host=scram-sha-256 --no-sync \
    --encoding=UTF8 --locale=C.UTF-8 >"$folder/postgres.log"
  as_postgres "$postgres_bin/pg_ctl" -D "$data/data" -w -s -l "$data/log" \
    -o "-k $data -p $postgres_port -c listen_addresses=127.0.0.1" start
  COMMENTS_DATABASE_PASSWORD=$(tr -d - </proc/sys/kernel/random/uuid)
  INVOICES_DATABASE_PASSWORD=$(tr -d - </proc/sys/kernel/random/uuid)
  export COMMENTS_DATABASE_PASSWORD INVOICES_DATABASE_PASSWORD
  sql postgres <deploy/postgres/roles.sql >>"$folder/postgres.log"
  local server=127.0.0.1:$postgres_port
  comments_url=postgresql://marginalia_comments:$COMMENTS_DATABASE_PASSWORD@$server/comments
  invoices_url=postgresql://marginalia_invoices:$INVOICES_DATABASE_PASSWORD@$server/invoices
}

stop_postgres() {
  [ ! -e "$folder/postgres/data/postmaster.pid" ] ||
    as_postgres "$postgres_bin/pg_ctl" -D "$folder/postgres/data" -m immediate -s stop
}

# sql DATABASE: as superuser, from standard input.
sql() { as_postgres psql -h "$folder/postgres" -p "$postgres_port" -d "$1" --no-psqlrc --quiet -At; }

# A role of roles.sql that declares no tenant sees nobody's comments, the superuser all of them.
the_wall_between_tenants_stands() {
  local seen all
  seen=$(psql "$comments_url" --no-psqlrc -Atc 'SELECT count(*) FROM comments')
  all=$(sql comments <<<'SELECT count(*) FROM comments')
  [ "$seen" = 0 ] && ((all > 0)) ||
    fail "marginalia_comments sees $seen of $all comments without having declared a tenant"
  say "  row-level security hides all $all comments from a session without a tenant"
}
