// The tables of comments-service.
#ifndef MARGINALIA_COMMENTS_SERVICE_SCHEMA_H_
#define MARGINALIA_COMMENTS_SERVICE_SCHEMA_H_

#include "services/storage/migrations.h"

namespace marginalia {

Migrations CommentsMigrations();

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_SCHEMA_H_
