#pragma once

#include <spawn.h>

// What Swift's Glibc does not show.

/// Lets two paths change places in one step; 0, or -1 and errno.
int files_exchange(const char *one, const char *other);

/// Begins to bring to the disk what has been written to a file; waits where the disk has enough to do already.
void files_begin_writing(int file);

/// The program that is started gets no open files from this one on.
int files_close_from(posix_spawn_file_actions_t *actions, int first);
