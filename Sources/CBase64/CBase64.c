#include "CBase64.h"

#include <pthread.h>
#include <string.h>

static const char letterOf[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// What each letter adds to the 24 bits of its group, by its place there; the highest byte is set for what is no letter.
static uint32_t bitsOf[4][256];
// The two letters of twelve bits.
static uint8_t pairOf[4096][2];

static void fillTables(void) {
    memset(bitsOf, 0xFF, sizeof bitsOf);
    for (uint32_t value = 0; value < 64; ++value)
        for (int place = 0; place < 4; ++place)
            bitsOf[place][(uint8_t)letterOf[value]] = value << (18 - 6 * place);
    for (int bits = 0; bits < 4096; ++bits) {
        pairOf[bits][0] = letterOf[bits >> 6];
        pairOf[bits][1] = letterOf[bits & 63];
    }
}

static int decodeByTable(const uint8_t *from, size_t groups, uint8_t *to) {
    uint32_t wrong = 0;
    for (; groups > 0; --groups, from += 4, to += 3) {
        uint32_t bits = bitsOf[0][from[0]] | bitsOf[1][from[1]] | bitsOf[2][from[2]] | bitsOf[3][from[3]];
        wrong |= bits;
        to[0] = (uint8_t)(bits >> 16);
        to[1] = (uint8_t)(bits >> 8);
        to[2] = (uint8_t)bits;
    }
    return wrong >> 24 == 0;
}

static void encodeByTable(const uint8_t *from, size_t groups, uint8_t *to) {
    for (; groups > 0; --groups, from += 3, to += 4) {
        uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        memcpy(to, pairOf[bits >> 12], 2);
        memcpy(to + 2, pairOf[bits & 4095], 2);
    }
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

// Four groups at a time. Each step answers how many groups it has done; the tables do the rest.

// The five runs of letters are told apart by their upper four bits: each has its first letter, its last, and how far it is
// from there to the value. '/' shares its upper bits with '+', and is seen to apart.
__attribute__((target("ssse3,sse4.1"))) static size_t decodeWide(
    const uint8_t *from, size_t groups, uint8_t *to, int *isRight) {
    const __m128i first = _mm_setr_epi8(1, 1, '+', '0', 'A', 'P', 'a', 'p', 1, 1, 1, 1, 1, 1, 1, 1);
    const __m128i last = _mm_setr_epi8(0, 0, '+', '9', 'O', 'Z', 'o', 'z', 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i shift = _mm_setr_epi8(0, 0, 62 - '+', 52 - '0', -'A', 15 - 'P', 26 - 'a', 41 - 'p', 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m128i slash = _mm_set1_epi8('/'), lower = _mm_set1_epi8(0x0F);
    __m128i wrong = _mm_setzero_si128();
    size_t done = 0;
    // A step stores sixteen bytes of which twelve count.
    for (; done + 6 <= groups; done += 4, from += 16, to += 12) {
        __m128i letters = _mm_loadu_si128((const __m128i *)from);
        __m128i upper = _mm_and_si128(_mm_srli_epi32(letters, 4), lower);
        __m128i isSlash = _mm_cmpeq_epi8(letters, slash);
        __m128i outside = _mm_or_si128(
            _mm_cmplt_epi8(letters, _mm_shuffle_epi8(first, upper)), _mm_cmpgt_epi8(letters, _mm_shuffle_epi8(last, upper)));
        wrong = _mm_or_si128(wrong, _mm_andnot_si128(isSlash, outside));
        // '/' is 63: sixteen more than its own code.
        __m128i by = _mm_blendv_epi8(_mm_shuffle_epi8(shift, upper), _mm_set1_epi8(63 - '/'), isSlash);
        __m128i values = _mm_add_epi8(letters, by);
        __m128i twelve = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));
        __m128i bits = _mm_madd_epi16(twelve, _mm_set1_epi32(0x00011000));
        _mm_storeu_si128((__m128i *)to, _mm_shuffle_epi8(bits, order));
    }
    *isRight = _mm_movemask_epi8(wrong) == 0;
    return done;
}

__attribute__((target("ssse3,sse4.1"))) static size_t encodeWide(const uint8_t *from, size_t groups, uint8_t *to) {
    // Each group becomes the bytes 1 0 2 1, so that two of its values can be moved into place at once.
    const __m128i order = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    // What is added to a value, by its run: a-z, the ten digits, '+', '/', A-Z.
    const __m128i shift = _mm_setr_epi8(
        'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
        '+' - 62, '/' - 63, 'A', 0, 0);
    size_t done = 0;
    // A step loads sixteen bytes of which twelve count.
    for (; done + 6 <= groups; done += 4, from += 12, to += 16) {
        __m128i bits = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)from), order);
        __m128i odd = _mm_mulhi_epu16(_mm_and_si128(bits, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
        __m128i even = _mm_mullo_epi16(_mm_and_si128(bits, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
        __m128i values = _mm_or_si128(odd, even);
        __m128i run = _mm_subs_epu8(values, _mm_set1_epi8(51));
        __m128i isCapital = _mm_cmpgt_epi8(_mm_set1_epi8(26), values);
        run = _mm_or_si128(run, _mm_and_si128(isCapital, _mm_set1_epi8(13)));
        _mm_storeu_si128((__m128i *)to, _mm_add_epi8(values, _mm_shuffle_epi8(shift, run)));
    }
    return done;
}

static int hasWide(void) {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSSE3) && (c & bit_SSE4_1);
}
#else
static size_t decodeWide(const uint8_t *from, size_t groups, uint8_t *to, int *isRight) { return 0; }
static size_t encodeWide(const uint8_t *from, size_t groups, uint8_t *to) { return 0; }
static int hasWide(void) { return 0; }
#endif

static int isWide;

static void begin(void) {
    fillTables();
    isWide = hasWide();
}

static void prepare(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
}

int base64_decode(const void *letters, size_t groups, void *bytes) {
    prepare();
    int isRight = 1;
    size_t done = isWide ? decodeWide(letters, groups, bytes, &isRight) : 0;
    int isRestRight = decodeByTable((const uint8_t *)letters + 4 * done, groups - done, (uint8_t *)bytes + 3 * done);
    return isRight && isRestRight;
}

void base64_encode(const void *bytes, size_t groups, void *letters) {
    prepare();
    size_t done = isWide ? encodeWide(bytes, groups, letters) : 0;
    encodeByTable((const uint8_t *)bytes + 3 * done, groups - done, (uint8_t *)letters + 4 * done);
}
