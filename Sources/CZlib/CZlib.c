#include "CZlib.h"

#include <dlfcn.h>
#include <pthread.h>

// As zlib.h declares them; it need not be installed.
static int (*p_uncompress)(unsigned char *, unsigned long *, const unsigned char *, unsigned long);
static int (*p_compress)(unsigned char *, unsigned long *, const unsigned char *, unsigned long);

static void load(void) {
    void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    *(void **)&p_uncompress = dlsym(library, "uncompress");
    *(void **)&p_compress = dlsym(library, "compress");
}

static int isLoaded(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return p_uncompress && p_compress;
}

long zlib_inflate(const void *source, size_t count, void *target, size_t capacity) {
    if (!isLoaded()) return -2;
    unsigned long length = capacity;
    return p_uncompress(target, &length, source, count) == 0 ? (long)length : -1;
}

long zlib_deflate(const void *source, size_t count, void *target, size_t capacity) {
    if (!isLoaded()) return -2;
    unsigned long length = capacity;
    return p_compress(target, &length, source, count) == 0 ? (long)length : -1;
}

// zlib's own bound, for any settings.
size_t zlib_room(size_t count) { return count + (count >> 8) + 64; }
