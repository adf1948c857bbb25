#pragma once

#include <spawn.h>

// What Swift's Glibc does not show.

/// Lets two paths change places in one step; 0, or -1 and errno.
int files_exchange(const char *one, const char *other);

/// The program that is started gets no open files from this one on.
int files_close_from(posix_spawn_file_actions_t *actions, int first);
