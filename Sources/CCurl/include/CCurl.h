#pragma once
#include <stddef.h>
#include <stdint.h>

// HTTP through libcurl. It is loaded by the first call and not before: it brings two dozen other libraries, which would
// slow down every start of the program.

struct exchanges;
struct exchange;

enum exchange_version {
    // HTTP/1.1.
    exchange_http1,
    // HTTP/2 where the server speaks it over TLS, else HTTP/1.1.
    exchange_http2,
    // HTTP/2 without TLS: the exchange that opens a connection, and those that use one that is open. The second kind
    // ends with `exchange_stale` where that connection has gone.
    exchange_cleartext_opening,
    exchange_cleartext_following,
};

// What libcurl asks and tells while an exchange is under way, with the context of the request.
struct exchange_calls {
    // Fills the buffer with what is to be sent next; answers how many bytes.
    size_t (*read)(void *buffer, size_t capacity, void *context);
    // Before an attempt, of which libcurl makes several where a connection dies: the body begins at its first byte.
    // Answers whether the attempt may be made.
    int (*begin)(void *context);
    void (*header)(const void *bytes, size_t count, void *context);
    // Answers whether more is wanted.
    int (*body)(const void *bytes, size_t count, void *context);
};

struct exchange_request {
    const char *method;
    const char *url;
    const char *const *headers;
    size_t headerCount;
    enum exchange_version version;
    // -1: no body.
    int64_t bodySize;
    int64_t milliseconds;
    int64_t connectMilliseconds;
    // Certificates to trust, a file; null for those of the system.
    const char *authorities;
    int isUnchecked;
    struct exchange_calls calls;
    void *context;
};

enum exchange_outcome {
    exchange_answered,
    exchange_unreachable,
    exchange_untrusted,
    exchange_timed_out,
    // An attempt was not made, by `begin` or for want of an open connection. There may have been one before it.
    exchange_stale,
    // Bytes may have reached the server.
    exchange_broken,
};

struct exchange_result {
    void *context;
    enum exchange_outcome outcome;
    int status;
    // Whether the whole body has gone out.
    int isSent;
    const char *problem;
};

// Why libcurl cannot be used, or null.
const char *exchanges_problem(void);

struct exchanges *exchanges_new(void);
void exchanges_free(struct exchanges *exchanges);
// The strings of the request are copied; its context must live until the exchange has ended. Null: out of memory.
struct exchange *exchanges_add(struct exchanges *exchanges, const struct exchange_request *request);
// Ends an exchange that is under way.
void exchanges_remove(struct exchanges *exchanges, struct exchange *exchange);
void exchanges_perform(struct exchanges *exchanges);
// Whether an exchange has ended; it is no more then. `problem` holds until the next call.
int exchanges_next(struct exchanges *exchanges, struct exchange_result *result);
// Waits until there is something to do, or somebody on another thread calls wake.
void exchanges_wait(struct exchanges *exchanges, int milliseconds);
void exchanges_wake(struct exchanges *exchanges);
