#pragma once
#include <stddef.h>

// zlib's own format in one step, through the system's libz, which is loaded by the first call and not at every start.
// Each answers how many bytes it wrote to `target`; -1 if `source` is damaged or `target` is too small, -2 without libz.
long zlib_inflate(const void *source, size_t count, void *target, size_t capacity);
long zlib_deflate(const void *source, size_t count, void *target, size_t capacity);

// What `zlib_deflate` needs at most for so many bytes.
size_t zlib_room(size_t count);
