-- The roles and databases of the two services, made by a superuser once, with psql 15 or newer.
-- Neither role is a superuser nor has BYPASSRLS, for such a role row-level security does not exist;
-- each owns its own database, applies its migrations by itself, and cannot connect to the other's.
--   COMMENTS_DATABASE_PASSWORD=… INVOICES_DATABASE_PASSWORD=… psql -f deploy/postgres/roles.sql
\set ON_ERROR_STOP on
\getenv comments_password COMMENTS_DATABASE_PASSWORD
\getenv invoices_password INVOICES_DATABASE_PASSWORD

CREATE ROLE marginalia_comments LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE
  PASSWORD :'comments_password';
CREATE ROLE marginalia_invoices LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE
  PASSWORD :'invoices_password';

CREATE DATABASE comments OWNER marginalia_comments
  TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
CREATE DATABASE invoices OWNER marginalia_invoices
  TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE CONNECT ON DATABASE comments, invoices FROM PUBLIC;
