#include <sqlite3.h>

// Reads "name" only ever as an identifier: by default SQLite takes one that it does not find for a text.
// (sqlite3_db_config is variadic and so not visible to Swift.)
static inline int sqlite_refuse_quoted_text(sqlite3 *db) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
}
