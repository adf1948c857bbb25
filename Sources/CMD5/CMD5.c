#include "CMD5.h"

#include <string.h>

static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

#define rotate(value, by) ((value) << (by) | (value) >> (32 - (by)))

// One step of a round: the four words change places by the order in which they are named.
#define step(mix, a, b, c, d, word, by, number) \
    a = b + rotate(a + (mix) + words[word] + sines[number], by)

#define four(round, first, w0, w1, w2, w3, by0, by1, by2, by3)                 \
    step(round(b, c, d), a, b, c, d, w0, by0, first);                          \
    step(round(a, b, c), d, a, b, c, w1, by1, first + 1);                      \
    step(round(d, a, b), c, d, a, b, w2, by2, first + 2);                      \
    step(round(c, d, a), b, c, d, a, w3, by3, first + 3)

#define choose(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define chooseLast(x, y, z) ((y) ^ ((z) & ((x) ^ (y))))
#define parity(x, y, z) ((x) ^ (y) ^ (z))
#define mixed(x, y, z) ((y) ^ ((x) | ~(z)))

static void add_block(uint32_t state[4], const uint8_t block[64]) {
    uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
    // Words are little-endian, as this machine's are.
    memcpy(words, block, sizeof words);
    four(choose, 0, 0, 1, 2, 3, 7, 12, 17, 22);
    four(choose, 4, 4, 5, 6, 7, 7, 12, 17, 22);
    four(choose, 8, 8, 9, 10, 11, 7, 12, 17, 22);
    four(choose, 12, 12, 13, 14, 15, 7, 12, 17, 22);
    four(chooseLast, 16, 1, 6, 11, 0, 5, 9, 14, 20);
    four(chooseLast, 20, 5, 10, 15, 4, 5, 9, 14, 20);
    four(chooseLast, 24, 9, 14, 3, 8, 5, 9, 14, 20);
    four(chooseLast, 28, 13, 2, 7, 12, 5, 9, 14, 20);
    four(parity, 32, 5, 8, 11, 14, 4, 11, 16, 23);
    four(parity, 36, 1, 4, 7, 10, 4, 11, 16, 23);
    four(parity, 40, 13, 0, 3, 6, 4, 11, 16, 23);
    four(parity, 44, 9, 12, 15, 2, 4, 11, 16, 23);
    four(mixed, 48, 0, 7, 14, 5, 6, 10, 15, 21);
    four(mixed, 52, 12, 3, 10, 1, 6, 10, 15, 21);
    four(mixed, 56, 8, 15, 6, 13, 6, 10, 15, 21);
    four(mixed, 60, 4, 11, 2, 9, 6, 10, 15, 21);
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

void md5_digest(const void *bytes, size_t count, uint8_t digest[16]) {
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    const uint8_t *place = bytes;
    size_t rest = count;
    for (; rest >= 64; rest -= 64, place += 64) add_block(state, place);
    uint8_t last[128] = {0};
    if (rest) memcpy(last, place, rest);
    last[rest] = 0x80;
    const size_t length = rest < 56 ? 64 : 128;
    const uint64_t bits = (uint64_t)count * 8;
    memcpy(last + length - 8, &bits, 8);
    for (size_t at = 0; at < length; at += 64) add_block(state, last + at);
    memcpy(digest, state, 16);
}
