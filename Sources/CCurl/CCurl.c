#include "CCurl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What is used of libcurl, by name.
#define functions(each)                                                                                     \
    each(curl_global_init) each(curl_easy_init) each(curl_easy_cleanup) each(curl_easy_strerror)             \
    each(curl_slist_append) each(curl_slist_free_all) each(curl_multi_init) each(curl_multi_cleanup)         \
    each(curl_multi_add_handle) each(curl_multi_remove_handle) each(curl_multi_perform)                      \
    each(curl_multi_info_read) each(curl_multi_poll) each(curl_multi_wakeup)

#define declare(name) static __typeof__(name) *p_##name;
functions(declare)

// Those with open arguments are macros in libcurl's headers, which check types and would hide the names.
static CURLcode (*setEasy)(CURL *, CURLoption, ...);
static CURLcode (*askEasy)(CURL *, CURLINFO, ...);
static CURLMcode (*setMulti)(CURLM *, CURLMoption, ...);

static const char *reason;

static void load(void) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        reason = "libcurl.so.4 cannot be loaded: install libcurl4";
        return;
    }
#define find(name)                                                   \
    if (!(p_##name = (__typeof__(name) *)dlsym(library, #name))) {   \
        reason = "libcurl.so.4 is too old: it has no " #name;        \
        return;                                                      \
    }
    functions(find)
    setEasy = (__typeof__(setEasy))dlsym(library, "curl_easy_setopt");
    askEasy = (__typeof__(askEasy))dlsym(library, "curl_easy_getinfo");
    setMulti = (__typeof__(setMulti))dlsym(library, "curl_multi_setopt");
    if (p_curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) reason = "libcurl cannot be started";
}

const char *exchanges_problem(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return reason;
}

struct exchanges {
    CURLM *multi;
    char problem[CURL_ERROR_SIZE + 1];
};

struct exchange {
    CURL *easy;
    struct curl_slist *headers;
    struct exchange_calls calls;
    void *context;
    char problem[CURL_ERROR_SIZE + 1];
};

struct exchanges *exchanges_new(void) {
    if (exchanges_problem()) return NULL;
    struct exchanges *exchanges = calloc(1, sizeof *exchanges);
    if (!exchanges || !(exchanges->multi = p_curl_multi_init())) {
        free(exchanges);
        return NULL;
    }
    setMulti(exchanges->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    return exchanges;
}

void exchanges_free(struct exchanges *exchanges) {
    p_curl_multi_cleanup(exchanges->multi);
    free(exchanges);
}

static size_t read_body(char *buffer, size_t size, size_t count, void *user) {
    struct exchange *exchange = user;
    return exchange->calls.read(buffer, size * count, exchange->context);
}

static int seek_body(void *user, curl_off_t offset, int origin) {
    struct exchange *exchange = user;
    if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
    exchange->calls.rewind(exchange->context);
    return CURL_SEEKFUNC_OK;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *user) {
    struct exchange *exchange = user;
    exchange->calls.header(bytes, size * count, exchange->context);
    return size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *user) {
    struct exchange *exchange = user;
    return exchange->calls.body(bytes, size * count, exchange->context) ? size * count : 0;
}

// Programs that we start do not inherit connections.
static int keep_to_ourselves(void *user, curl_socket_t socket, curlsocktype purpose) {
    (void)user, (void)purpose;
    return fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

// An HTTP/2 connection that has gone would be replaced by one of HTTP/1.1: stop before a byte is sent.
static int refuse_new_connection(void *user, char *there, char *here, int port, int ownPort) {
    (void)there, (void)here, (void)port, (void)ownPort;
    long opened = 0;
    askEasy(user, CURLINFO_NUM_CONNECTS, &opened);
    return opened > 0 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

// libcurl before 8.0 cannot use a connection again that was opened with prior knowledge, if the next exchange also says
// so; one that asks for HTTP/2 over TLS takes it as it is.
static void set_version(CURL *easy, enum exchange_version version) {
    static const long versions[] = {
        [exchange_http1] = CURL_HTTP_VERSION_1_1,
        [exchange_http2] = CURL_HTTP_VERSION_2TLS,
        [exchange_cleartext_opening] = CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
        [exchange_cleartext_following] = CURL_HTTP_VERSION_2TLS,
    };
    setEasy(easy, CURLOPT_HTTP_VERSION, versions[version]);
    setEasy(easy, CURLOPT_PIPEWAIT, version == exchange_http2 || version == exchange_cleartext_following ? 1L : 0L);
    if (version == exchange_cleartext_opening) setEasy(easy, CURLOPT_FRESH_CONNECT, 1L);
    if (version == exchange_cleartext_following) {
        setEasy(easy, CURLOPT_PREREQFUNCTION, refuse_new_connection);
        setEasy(easy, CURLOPT_PREREQDATA, easy);
    }
    // No proxy passes on HTTP/2 without TLS.
    if (version >= exchange_cleartext_opening) setEasy(easy, CURLOPT_PROXY, "");
}

static void set_body(struct exchange *exchange, const struct exchange_request *request) {
    CURL *easy = exchange->easy;
    if (request->bodySize >= 0) {
        setEasy(easy, CURLOPT_POST, 1L);
        setEasy(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->bodySize);
        setEasy(easy, CURLOPT_READFUNCTION, read_body);
        setEasy(easy, CURLOPT_READDATA, exchange);
        setEasy(easy, CURLOPT_SEEKFUNCTION, seek_body);
        setEasy(easy, CURLOPT_SEEKDATA, exchange);
        setEasy(easy, CURLOPT_UPLOAD_BUFFERSIZE, 2L << 20);
    } else if (strcmp(request->method, "HEAD") == 0) {
        setEasy(easy, CURLOPT_NOBODY, 1L);
    }
    setEasy(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_trust(CURL *easy, const struct exchange_request *request) {
    if (request->authorities) setEasy(easy, CURLOPT_CAINFO, request->authorities);
    if (!request->isUnchecked) return;
    setEasy(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    setEasy(easy, CURLOPT_SSL_VERIFYHOST, 0L);
}

static void set_all(struct exchange *exchange, const struct exchange_request *request) {
    CURL *easy = exchange->easy;
    setEasy(easy, CURLOPT_PRIVATE, exchange);
    setEasy(easy, CURLOPT_URL, request->url);
    setEasy(easy, CURLOPT_PATH_AS_IS, 1L);
    setEasy(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    setEasy(easy, CURLOPT_NOSIGNAL, 1L);
    setEasy(easy, CURLOPT_ERRORBUFFER, exchange->problem);
    setEasy(easy, CURLOPT_TIMEOUT_MS, (long)request->milliseconds);
    setEasy(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connectMilliseconds);
    setEasy(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    setEasy(easy, CURLOPT_SOCKOPTFUNCTION, keep_to_ourselves);
    setEasy(easy, CURLOPT_BUFFERSIZE, 512L << 10);
    setEasy(easy, CURLOPT_HTTPHEADER, exchange->headers);
    setEasy(easy, CURLOPT_HEADERFUNCTION, take_header);
    setEasy(easy, CURLOPT_HEADERDATA, exchange);
    setEasy(easy, CURLOPT_WRITEFUNCTION, take_body);
    setEasy(easy, CURLOPT_WRITEDATA, exchange);
    set_version(easy, request->version);
    set_body(exchange, request);
    set_trust(easy, request);
}

static void forget(struct exchange *exchange) {
    if (exchange->easy) p_curl_easy_cleanup(exchange->easy);
    p_curl_slist_free_all(exchange->headers);
    free(exchange);
}

struct exchange *exchanges_add(struct exchanges *exchanges, const struct exchange_request *request) {
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange) return NULL;
    exchange->calls = request->calls;
    exchange->context = request->context;
    exchange->easy = p_curl_easy_init();
    for (size_t index = 0; index < request->headerCount; index++)
        exchange->headers = p_curl_slist_append(exchange->headers, request->headers[index]);
    if (exchange->easy) set_all(exchange, request);
    if (exchange->easy && p_curl_multi_add_handle(exchanges->multi, exchange->easy) == CURLM_OK) return exchange;
    forget(exchange);
    return NULL;
}

void exchanges_remove(struct exchanges *exchanges, struct exchange *exchange) {
    p_curl_multi_remove_handle(exchanges->multi, exchange->easy);
    forget(exchange);
}

void exchanges_perform(struct exchanges *exchanges) {
    int running = 0;
    p_curl_multi_perform(exchanges->multi, &running);
}

static enum exchange_outcome outcome(CURLcode code) {
    switch (code) {
    case CURLE_OK: return exchange_answered;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return exchange_unreachable;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION: return exchange_untrusted;
    case CURLE_OPERATION_TIMEDOUT: return exchange_timed_out;
    case CURLE_ABORTED_BY_CALLBACK: return exchange_stale;
    default: return exchange_broken;
    }
}

int exchanges_next(struct exchanges *exchanges, struct exchange_result *result) {
    int left = 0;
    CURLMsg *message = p_curl_multi_info_read(exchanges->multi, &left);
    if (!message) return 0;
    CURLcode code = message->data.result;
    struct exchange *exchange = NULL;
    long status = 0;
    askEasy(message->easy_handle, CURLINFO_PRIVATE, &exchange);
    askEasy(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    const char *problem = exchange->problem[0] ? exchange->problem : p_curl_easy_strerror(code);
    snprintf(exchanges->problem, sizeof exchanges->problem, "%s", problem);
    *result = (struct exchange_result){exchange->context, outcome(code), (int)status, exchanges->problem};
    exchanges_remove(exchanges, exchange);
    return 1;
}

void exchanges_wait(struct exchanges *exchanges, int milliseconds) {
    p_curl_multi_poll(exchanges->multi, NULL, 0, milliseconds, NULL);
}

void exchanges_wake(struct exchanges *exchanges) { p_curl_multi_wakeup(exchanges->multi); }
