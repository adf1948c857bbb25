#include "CPQ.h"

#include <dlfcn.h>
#include <pthread.h>

#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#else
#include <postgresql/libpq-fe.h>
#endif

// What is used of libpq, by name.
#define functions(each)                                                                                     \
    each(PQconnectdbParams) each(PQfinish) each(PQstatus) each(PQconnectionNeedsPassword)                   \
    each(PQtransactionStatus) each(PQserverVersion) each(PQparameterStatus) each(PQerrorMessage)            \
    each(PQsetNoticeProcessor) each(PQexec) each(PQexecParams) each(PQgetResult) each(PQresultStatus)       \
    each(PQntuples) each(PQnfields) each(PQgetisnull) each(PQgetvalue) each(PQgetlength) each(PQcmdTuples)                  \
    each(PQresultErrorField) each(PQclear) each(PQputCopyData) each(PQputCopyEnd) each(PQgetCopyData)       \
    each(PQfreemem) each(PQgetCancel) each(PQcancel) each(PQfreeCancel)

#define declare(name) static __typeof__(name) *p_##name;
functions(declare)

static const char *reason;

static void load(void) {
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        reason = "libpq.so.5 cannot be loaded: install libpq5";
        return;
    }
#define find(name)                                                   \
    if (!(p_##name = (__typeof__(name) *)dlsym(library, #name))) {   \
        reason = "libpq.so.5 is too old: it has no " #name;          \
        return;                                                      \
    }
    functions(find)
}

const char *pq_problem(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return reason;
}

// Notices are for people at psql; what matters comes as an error.
static void passOver(void *context, const char *message) {
    (void)context;
    (void)message;
}

PGconn *pq_connect(const char *const *keywords, const char *const *values) {
    PGconn *connection = p_PQconnectdbParams(keywords, values, 1);
    if (connection) p_PQsetNoticeProcessor(connection, passOver, NULL);
    return connection;
}

void pq_finish(PGconn *connection) { p_PQfinish(connection); }
int pq_is_connected(const PGconn *connection) { return p_PQstatus(connection) == CONNECTION_OK; }
int pq_needs_password(const PGconn *connection) { return p_PQconnectionNeedsPassword(connection); }
int pq_is_in_transaction(const PGconn *connection) { return p_PQtransactionStatus(connection) != PQTRANS_IDLE; }
int pq_server_version(const PGconn *connection) { return p_PQserverVersion(connection); }
const char *pq_parameter(const PGconn *connection, const char *name) { return p_PQparameterStatus(connection, name); }
const char *pq_error(const PGconn *connection) { return p_PQerrorMessage(connection); }

PGresult *pq_run(PGconn *connection, const char *sql) { return p_PQexec(connection, sql); }

PGresult *pq_run_with(PGconn *connection, const char *sql, int count, const char *const *values) {
    return p_PQexecParams(connection, sql, count, NULL, values, NULL, NULL, 0);
}

PGresult *pq_next_result(PGconn *connection) { return p_PQgetResult(connection); }

enum pq_outcome pq_outcome_of(const PGresult *result) {
    switch (p_PQresultStatus(result)) {
        case PGRES_EMPTY_QUERY:
        case PGRES_COMMAND_OK: return pq_done;
        case PGRES_TUPLES_OK:
        case PGRES_SINGLE_TUPLE: return pq_rows;
        case PGRES_COPY_IN: return pq_takes_copy;
        case PGRES_COPY_OUT: return pq_gives_copy;
        default: return pq_failed;
    }
}

int pq_row_count(const PGresult *result) { return p_PQntuples(result); }
int pq_column_count(const PGresult *result) { return p_PQnfields(result); }
int pq_is_null(const PGresult *result, int row, int column) { return p_PQgetisnull(result, row, column); }
const char *pq_value(const PGresult *result, int row, int column) { return p_PQgetvalue(result, row, column); }
int pq_length(const PGresult *result, int row, int column) { return p_PQgetlength(result, row, column); }
const char *pq_changed(PGresult *result) { return p_PQcmdTuples(result); }

const char *pq_error_part(const PGresult *result, enum pq_part part) {
    static const int codes[] = {PG_DIAG_SQLSTATE,     PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_DETAIL,
                                PG_DIAG_MESSAGE_HINT, PG_DIAG_CONTEXT,         PG_DIAG_COLUMN_NAME,
                                PG_DIAG_CONSTRAINT_NAME};
    return p_PQresultErrorField(result, codes[part]);
}

void pq_clear(PGresult *result) { p_PQclear(result); }

int pq_put(PGconn *connection, const void *bytes, int count) {
    return p_PQputCopyData(connection, bytes, count) == 1 ? 0 : -1;
}

int pq_put_end(PGconn *connection, const char *error) {
    return p_PQputCopyEnd(connection, error) == 1 ? 0 : -1;
}

int pq_get(PGconn *connection, char **row) { return p_PQgetCopyData(connection, row, 0); }
void pq_free(void *row) { p_PQfreemem(row); }

PGcancel *pq_canceller(PGconn *connection) { return p_PQgetCancel(connection); }

void pq_cancel(PGcancel *canceller) {
    char words[256];
    p_PQcancel(canceller, words, sizeof words);
}

void pq_free_canceller(PGcancel *canceller) { p_PQfreeCancel(canceller); }
