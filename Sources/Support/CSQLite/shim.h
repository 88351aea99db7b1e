#pragma once
#include <sqlite3.h>

/// Binds a copy of `bytes` bytes of UTF-8 text.
/// SQLITE_TRANSIENT is a cast that Swift cannot import.
static inline int c_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text,
                                     int bytes) {
    return sqlite3_bind_text(statement, index, text, bytes, SQLITE_TRANSIENT);
}
