#pragma once
#include <stddef.h>
#include <stdint.h>

// The SHA-256 (FIPS 180-4) of [bytes, bytes + count), in 32 bytes; uses the processor's instructions where it has them.
void sha256_digest(const void *bytes, size_t count, uint8_t digest[32]);

// The same of bytes that come in pieces.
struct sha256_state {
    uint32_t words[8];
    uint8_t held[64];
    uint64_t count;
};
void sha256_begin(struct sha256_state *state);
void sha256_add(struct sha256_state *state, const void *bytes, size_t count);
void sha256_end(struct sha256_state *state, uint8_t digest[32]);
