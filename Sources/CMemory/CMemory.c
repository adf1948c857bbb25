#include "CMemory.h"

#include <malloc.h>

void memory_share_pieces(size_t bytes) {
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, (int)bytes);
    mallopt(M_TRIM_THRESHOLD, (int)(4 * bytes));
#else
    (void)bytes;
#endif
}
