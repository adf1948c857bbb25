#include "CSignals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int numbers[signal_kinds] = {SIGINT, SIGWINCH, SIGTERM, SIGHUP, SIGTSTP, SIGCONT};
static atomic_uint counts[signal_kinds];
static atomic_int event = -1;

static void notice(int number) {
    int saved = errno;
    for (int kind = 0; kind < signal_kinds; kind++)
        if (numbers[kind] == number) atomic_fetch_add(&counts[kind], 1);
    event_raise(event);
    errno = saved;
}

bool signals_install(void) {
    event = event_open();
    if (event < 0) return false;
    struct sigaction action = {.sa_handler = notice, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (int kind = 0; kind < signal_kinds; kind++) sigaction(numbers[kind], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    // A limit on the size of files is then an error as any other, and named.
    signal(SIGXFSZ, SIG_IGN);
    return true;
}

void signals_wait(void) {
    struct pollfd waiting = {.fd = event, .events = POLLIN};
    while (poll(&waiting, 1, -1) < 0 && errno == EINTR) {}
    event_lower(event);
}

unsigned signals_take(enum signal_kind kind) { return atomic_exchange(&counts[kind], 0); }

void signals_die(enum signal_kind kind) {
    signal(numbers[kind], SIG_DFL);
    kill(getpid(), numbers[kind]);
}

int event_open(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void event_raise(int event) {
    uint64_t one = 1;
    (void)!write(event, &one, sizeof one);
}

void event_lower(int event) {
    uint64_t count;
    (void)!read(event, &count, sizeof count);
}
