#include "CCurl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// What is used of libcurl, by name.
#define functions(each)                                                                                     \
    each(curl_global_init) each(curl_easy_init) each(curl_easy_cleanup) each(curl_easy_strerror)             \
    each(curl_easy_pause) each(curl_slist_append) each(curl_slist_free_all) each(curl_multi_init) each(curl_multi_cleanup)         \
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

enum { most_sockets = 64 };

struct exchanges {
    CURLM *multi;
    struct exchange *first;
    curl_socket_t sockets[most_sockets];
    size_t socketCount;
    char problem[CURL_ERROR_SIZE + 1];
};

struct exchange {
    CURL *easy;
    struct exchanges *all;
    struct exchange *next;
    struct curl_slist *headers;
    struct exchange_calls calls;
    void *context;
    // Whether it shares a connection, and whether it must be one that is open.
    int isShared;
    int isFollowing;
    // What it goes through; several may share one.
    curl_socket_t socket;
    curl_off_t size;
    // How much of its body libcurl has been given, and whether it waits for more.
    curl_off_t given;
    int isPaused;
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

static curl_off_t sent(const struct exchange *exchange) {
    curl_off_t sent = 0;
    askEasy(exchange->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return sent;
}

// How much of its body lies between libcurl and the socket.
static curl_off_t unsent(const struct exchange *exchange) {
    curl_off_t gone = sent(exchange);
    return exchange->given > gone ? exchange->given - gone : 0;
}

// libcurl before 8.0 must never find a socket full while it sends what HTTP/2 has cut into frames: it would send some of
// them twice, and as many bytes of the end not at all. So it is given no more than the half of what the socket takes by the
// kernel's own account; the other half is for what it sends of its own accord. Less than an eighth is not worth the trouble.
static curl_off_t allowance(const struct exchange *exchange, int *isFull) {
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof memory;
    *isFull = 0;
    if (getsockopt(exchange->socket, SOL_SOCKET, SO_MEMINFO, memory, &size) != 0) return 16 << 10;
    curl_off_t whole = memory[SK_MEMINFO_SNDBUF], queued = memory[SK_MEMINFO_WMEM_QUEUED];
    curl_off_t most = queued < whole ? (whole - queued) / 2 : 0;
    *isFull = most < whole / 8;
    for (const struct exchange *each = exchange->all->first; each; each = each->next)
        if (each->socket == exchange->socket) most -= unsent(each);
    return most < whole / 8 ? 0 : most;
}

static size_t read_body(char *buffer, size_t size, size_t count, void *user) {
    struct exchange *exchange = user;
    size_t capacity = size * count;
    if (exchange->isShared) {
        int isFull = 0;
        curl_off_t allowed = allowance(exchange, &isFull);
        if (allowed == 0) {
            // An answer of no bytes would be the end of the body.
            exchange->isPaused = 1;
            return CURL_READFUNC_PAUSE;
        }
        if ((curl_off_t)capacity > allowed) capacity = allowed;
    }
    size_t given = exchange->calls.read(buffer, capacity, exchange->context);
    exchange->given += given;
    return given;
}

// `begin` does it, which libcurl calls in any case.
static int seek_body(void *user, curl_off_t offset, int origin) {
    (void)user;
    return offset == 0 && origin == SEEK_SET ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK;
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
static int opened(void *user, curl_socket_t socket, curlsocktype purpose) {
    (void)purpose;
    struct exchanges *all = user;
    if (all->socketCount < most_sockets) all->sockets[all->socketCount++] = socket;
    return fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

static int closed(void *user, curl_socket_t socket) {
    struct exchanges *all = user;
    for (size_t index = 0; index < all->socketCount; index++)
        if (all->sockets[index] == socket) all->sockets[index] = all->sockets[--all->socketCount];
    return close(socket);
}

static curl_socket_t socket_of(const struct exchanges *all, int port) {
    for (size_t index = 0; index < all->socketCount; index++) {
        struct sockaddr_storage own;
        socklen_t size = sizeof own;
        if (getsockname(all->sockets[index], (struct sockaddr *)&own, &size) != 0) continue;
        // The port stands in the same place in both.
        if (ntohs(((struct sockaddr_in *)&own)->sin_port) == port) return all->sockets[index];
    }
    return CURL_SOCKET_BAD;
}

// Before each attempt, libcurl's own repetitions too. An HTTP/2 connection that has gone would be replaced by one of
// HTTP/1.1: stop before a byte is sent.
static int begin(void *user, char *there, char *here, int port, int ownPort) {
    (void)there, (void)here, (void)port;
    struct exchange *exchange = user;
    long opened = 0;
    askEasy(exchange->easy, CURLINFO_NUM_CONNECTS, &opened);
    if (exchange->isFollowing && opened > 0) return CURL_PREREQFUNC_ABORT;
    exchange->given = 0;
    exchange->socket = socket_of(exchange->all, ownPort);
    return exchange->calls.begin(exchange->context) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
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
    setEasy(easy, CURLOPT_SOCKOPTFUNCTION, opened);
    setEasy(easy, CURLOPT_SOCKOPTDATA, exchange->all);
    setEasy(easy, CURLOPT_CLOSESOCKETFUNCTION, closed);
    setEasy(easy, CURLOPT_CLOSESOCKETDATA, exchange->all);
    setEasy(easy, CURLOPT_PREREQFUNCTION, begin);
    setEasy(easy, CURLOPT_PREREQDATA, exchange);
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
    exchange->all = exchanges;
    exchange->calls = request->calls;
    exchange->context = request->context;
    exchange->socket = CURL_SOCKET_BAD;
    exchange->size = request->bodySize;
    exchange->isShared = request->version != exchange_http1;
    exchange->isFollowing = request->version == exchange_cleartext_following;
    exchange->easy = p_curl_easy_init();
    for (size_t index = 0; index < request->headerCount; index++)
        exchange->headers = p_curl_slist_append(exchange->headers, request->headers[index]);
    if (exchange->easy) set_all(exchange, request);
    if (exchange->easy && p_curl_multi_add_handle(exchanges->multi, exchange->easy) == CURLM_OK) {
        exchange->next = exchanges->first;
        exchanges->first = exchange;
        return exchange;
    }
    forget(exchange);
    return NULL;
}

void exchanges_remove(struct exchanges *exchanges, struct exchange *exchange) {
    for (struct exchange **place = &exchanges->first; *place; place = &(*place)->next) {
        if (*place != exchange) continue;
        *place = exchange->next;
        break;
    }
    p_curl_multi_remove_handle(exchanges->multi, exchange->easy);
    forget(exchange);
}

// A request without its body would have some servers refuse it, and libcurl before 8.0 would not see why: what is sent
// meanwhile goes together.
static void hold_back(const struct exchanges *exchanges, int isHeld) {
    for (size_t index = 0; index < exchanges->socketCount; index++)
        setsockopt(exchanges->sockets[index], IPPROTO_TCP, TCP_CORK, &isHeld, sizeof isHeld);
}

void exchanges_perform(struct exchanges *exchanges) {
    int running = 0;
    hold_back(exchanges, 1);
    p_curl_multi_perform(exchanges->multi, &running);
    hold_back(exchanges, 0);
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
    *result = (struct exchange_result){
        exchange->context, outcome(code), (int)status, sent(exchange) >= exchange->size, exchanges->problem};
    exchanges_remove(exchanges, exchange);
    return 1;
}

static void go_on(struct exchange *exchange) {
    exchange->isPaused = 0;
    p_curl_easy_pause(exchange->easy, CURLPAUSE_CONT);
}

void exchanges_wait(struct exchanges *exchanges, int milliseconds) {
    struct curl_waitfd full[most_sockets];
    unsigned count = 0;
    int goesOn = 0;
    for (struct exchange *each = exchanges->first; each; each = each->next) {
        int isFull = 0;
        if (!each->isPaused) continue;
        if (allowance(each, &isFull) > 0) {
            go_on(each);
            goesOn = 1;
        } else if (isFull && count < most_sockets) {
            // Where others' bytes stand in the way, libcurl itself waits for what moves them.
            full[count++] = (struct curl_waitfd){.fd = each->socket, .events = CURL_WAIT_POLLOUT};
        }
    }
    p_curl_multi_poll(exchanges->multi, full, count, goesOn ? 0 : milliseconds, NULL);
}

void exchanges_wake(struct exchanges *exchanges) { p_curl_multi_wakeup(exchanges->multi); }
