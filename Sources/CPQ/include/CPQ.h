#pragma once
#include <stddef.h>
#include <stdint.h>

// PostgreSQL's own client library. It is loaded by the first connection and not before: it brings the libraries of TLS
// and Kerberos, which would slow down every start of the program.

struct pg_conn;
struct pg_result;
struct pg_cancel;

// Null if the library could be loaded, else why not. Nothing else here may be called before this has answered null.
const char *pq_problem(void);

// Connects, and waits for it; a value of the keyword "dbname" may be a URI or a connection string.
struct pg_conn *pq_connect(const char *const *keywords, const char *const *values);
void pq_finish(struct pg_conn *connection);
int pq_is_connected(const struct pg_conn *connection);
// Whether the server asks for a password that nobody gave.
int pq_needs_password(const struct pg_conn *connection);
// Whether a transaction is open, failed or not.
int pq_is_in_transaction(const struct pg_conn *connection);
int pq_server_version(const struct pg_conn *connection);
const char *pq_parameter(const struct pg_conn *connection, const char *name);
const char *pq_error(const struct pg_conn *connection);

// Runs statements one behind the other, or one statement with parameters that are text or null.
struct pg_result *pq_run(struct pg_conn *connection, const char *sql);
struct pg_result *pq_run_with(struct pg_conn *connection, const char *sql, int count, const char *const *values);
struct pg_result *pq_next_result(struct pg_conn *connection);

enum pq_outcome { pq_done, pq_rows, pq_takes_copy, pq_gives_copy, pq_failed };
enum pq_outcome pq_outcome_of(const struct pg_result *result);
int pq_row_count(const struct pg_result *result);
int pq_column_count(const struct pg_result *result);
int pq_is_null(const struct pg_result *result, int row, int column);
const char *pq_value(const struct pg_result *result, int row, int column);
int pq_length(const struct pg_result *result, int row, int column);
// How many rows the statement changed.
const char *pq_changed(struct pg_result *result);

enum pq_part { pq_state, pq_message, pq_detail, pq_hint, pq_context, pq_column, pq_constraint };
const char *pq_error_part(const struct pg_result *result, enum pq_part part);
void pq_clear(struct pg_result *result);

// Bytes into a COPY, and its end; 0, or -1 if the connection is lost.
int pq_put(struct pg_conn *connection, const void *bytes, int count);
int pq_put_end(struct pg_conn *connection, const char *error);
// The next row of a COPY, its length or -1 at the end, -2 if the connection is lost. It is freed by pq_free.
int pq_get(struct pg_conn *connection, char **row);
void pq_free(void *row);

// What stops the statement that is running, from any thread.
struct pg_cancel *pq_canceller(struct pg_conn *connection);
void pq_cancel(struct pg_cancel *canceller);
void pq_free_canceller(struct pg_cancel *canceller);
