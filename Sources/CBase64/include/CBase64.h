#pragma once
#include <stddef.h>
#include <stdint.h>

// Base64 (RFC 4648) in whole groups: four letters for three bytes. Uses the processor's wide instructions where it has them.

// Writes 3 * groups bytes; 0 if a letter is none.
int base64_decode(const void *letters, size_t groups, void *bytes);

// Writes 4 * groups letters.
void base64_encode(const void *bytes, size_t groups, void *letters);
