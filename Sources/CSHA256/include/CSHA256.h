#pragma once
#include <stddef.h>
#include <stdint.h>

// The SHA-256 (FIPS 180-4) of [bytes, bytes + count), in 32 bytes; uses the processor's instructions where it has them.
void sha256_digest(const void *bytes, size_t count, uint8_t digest[32]);
