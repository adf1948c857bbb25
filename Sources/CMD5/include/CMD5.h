#pragma once
#include <stddef.h>
#include <stdint.h>

// The MD5 (RFC 1321) of [bytes, bytes + count), in 16 bytes: what S3 answers for what it was sent. It finds damage, and
// nothing that is done on purpose.
void md5_digest(const void *bytes, size_t count, uint8_t digest[16]);
