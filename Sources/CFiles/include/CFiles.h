#pragma once

/// Lets two paths change places in one step; 0, or -1 and errno. Swift's Glibc does not show renameat2.
int files_exchange(const char *one, const char *other);
