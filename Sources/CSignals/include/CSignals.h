#pragma once
#include <stdbool.h>
#include <stdint.h>

// Signal handlers may do next to nothing: these count what came and wake whoever waits.

enum signal_kind { signal_interrupt, signal_resize, signal_terminate, signal_hangup, signal_suspend, signal_resume, signal_kinds };

// Puts the handlers in place and ignores SIGPIPE; answers whether that worked. Once a process.
bool signals_install(void);
// Blocks until a signal came.
void signals_wait(void);
// How often a signal came since this was last asked.
unsigned signals_take(enum signal_kind kind);
// Lets the signal do what it does by default, to this process.
void signals_die(enum signal_kind kind);

// A counter one can poll (eventfd), or -1.
int event_open(void);
void event_raise(int event);
void event_lower(int event);
