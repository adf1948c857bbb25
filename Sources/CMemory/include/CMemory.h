#pragma once
#include <stddef.h>

/// Has the C library take every piece of at least so many bytes from the system and give it back once it is free, in
/// place of keeping some for later. Swift's Glibc does not show mallopt.
void memory_return_pieces(size_t bytes);
