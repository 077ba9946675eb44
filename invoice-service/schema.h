// The tables of invoice-service.
#ifndef MARGINALIA_INVOICE_SERVICE_SCHEMA_H_
#define MARGINALIA_INVOICE_SERVICE_SCHEMA_H_

#include "services/storage/migrations.h"

namespace marginalia {

// Append only: what has run somewhere never changes.
Migrations InvoiceMigrations();

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_SCHEMA_H_
