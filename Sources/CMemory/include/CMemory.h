#pragma once
#include <stddef.h>

/// Has the C library keep pieces of up to so many bytes for later use, in one place for all threads; larger ones come from
/// the system and go back to it. Must be called before there is a second thread. Swift's Glibc does not show mallopt.
void memory_share_pieces(size_t bytes);
