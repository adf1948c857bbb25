// Float text at full speed: from_chars and to_chars are C++ only, and five times as fast as what Swift offers.
#include "CNumbers.h"

#include "ShortestFloat.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace {
constexpr size_t room = 32;

template <typename Number>
int read(const char *text, size_t length, Number *value) {
    const char *end = text + length;
    auto result = std::from_chars(text, end, *value);
    if (result.ptr != end) return 0;
    if (result.ec == std::errc()) return std::isfinite(*value);
    // Out of range is reported for numbers too small as well; those are zero, not an error.
    for (const char *at = text; at != end; ++at) {
        if ((*at == 'e' || *at == 'E') && at + 1 != end && at[1] == '-') {
            *value = *text == '-' ? -Number(0) : Number(0);
            return 1;
        }
    }
    return 0;
}

char *shortest(float value, char *text) { return write_shortest_float(value, text); }
char *shortest(double value, char *text) { return std::to_chars(text, text + room, value).ptr; }

// Some readers take "-0" for a whole number, which has no sign where it is zero.
template <typename Number>
char *write(Number value, char *text) {
    char *end = shortest(value, text);
    if (value == 0 && std::signbit(value)) {
        *end++ = '.';
        *end++ = '0';
    }
    return end;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char *skip_space(const char *at, const char *end) {
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
    return at;
}

// Whether eight characters are digits, and then their value.
bool read_eight(const char *at, uint64_t *value) {
    uint64_t text;
    std::memcpy(&text, at, sizeof text);
    uint64_t high = 0xF0F0F0F0F0F0F0F0, zeros = 0x3030303030303030;
    if ((text & high) != zeros || ((text + 0x0606060606060606) & high) != zeros) return false;
    text = (text & 0x0F0F0F0F0F0F0F0F) * 2561 >> 8;
    text = (text & 0x00FF00FF00FF00FF) * 6553601 >> 16;
    *value = (text & 0x0000FFFF0000FFFF) * 42949672960001 >> 32;
    return true;
}

const char *read_digits(const char *at, const char *end, uint64_t *value) {
    uint64_t eight;
    if (end - at >= 8 && read_eight(at, &eight)) {
        *value = *value * 100000000 + eight;
        at += 8;
    }
    for (; at != end && is_digit(*at); ++at) *value = *value * 10 + (*at - '0');
    return at;
}

constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// Behind a number of some fifteen digits without an exponent, or null. The quotient of two whole doubles is the nearest
// double, and the float nearest to that is the nearest float, unless the double lies in the middle between two floats.
const char *read_short(const char *digits, const char *end, float *value) {
    uint64_t number = 0;
    const char *at = read_digits(digits, end, &number);
    size_t scale = 0;
    if (at != end && *at == '.') {
        const char *point = at++;
        at = read_digits(at, end, &number);
        scale = at - point - 1;
        if (scale == 0) return nullptr;
    }
    if (at - digits > 16 || number >> 53 || scale > 15 || at == end || (*at | 0x20) == 'e') return nullptr;
    double quotient = static_cast<double>(number) / powers[scale];
    uint64_t bits;
    std::memcpy(&bits, &quotient, sizeof bits);
    if ((bits & 0x1FFFFFFF) == 0x10000000) return nullptr;
    *value = static_cast<float>(quotient);
    return at;
}

constexpr uint64_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

// How many of eight characters are digits, from the first one on.
unsigned count_digits(uint64_t text) {
    uint64_t digits = text ^ 0x3030303030303030;
    uint64_t others = (digits | (digits + 0x7676767676767676)) & 0x8080808080808080;
    return others ? __builtin_ctzll(others) / 8 : 8;
}

// The value of the first characters, up to eight; the others become zeros in front.
uint64_t digits_value(uint64_t text, unsigned count) {
    // Twice, as nothing can be shifted by 64.
    text = text << 4 * (8 - count) << 4 * (8 - count);
    text = (text & 0x0F0F0F0F0F0F0F0F) * 2561 >> 8;
    text = (text & 0x00FF00FF00FF00FF) * 6553601 >> 16;
    return (text & 0x0000FFFF0000FFFF) * 42949672960001 >> 32;
}

uint64_t load(const char *at) {
    uint64_t text;
    std::memcpy(&text, at, sizeof text);
    return text;
}

constexpr ptrdiff_t longest_usual = 32;

// The same as read_short for what most vectors hold, 0.012345678 or -1.5, without branches that nobody can foresee; there
// must be `longest_usual` characters.
const char *read_usual(const char *at, float *value) {
    uint32_t sign = *at == '-';
    at += sign;
    uint64_t text = load(at);
    unsigned whole = count_digits(text);
    // A zero in front of digits is no JSON.
    if (whole - 1 > 5 || (whole > 1 && *at == '0') || at[whole] != '.') return nullptr;
    uint64_t number = digits_value(text, whole), first = load(at + whole + 1), second = load(at + whole + 9);
    unsigned count = count_digits(first);
    unsigned more = count_digits(second) & -unsigned(count == 8);
    number = (number * tens[count] + digits_value(first, count)) * tens[more] + digits_value(second, more);
    unsigned scale = count + more;
    at += whole + 1 + scale;
    if (count == 0 || whole + scale > 15 || (*at | 0x20) == 'e') return nullptr;
    double quotient = static_cast<double>(number) / powers[scale];
    uint64_t bits;
    std::memcpy(&bits, &quotient, sizeof bits);
    if ((bits & 0x1FFFFFFF) == 0x10000000) return nullptr;
    float result = static_cast<float>(quotient);
    uint32_t pattern;
    std::memcpy(&pattern, &result, sizeof pattern);
    pattern |= sign << 31;
    std::memcpy(value, &pattern, sizeof pattern);
    return at;
}

// Behind one number, or null where none stands that JSON allows: from_chars takes more than that.
const char *read_plain(const char *at, const char *end, float *value) {
    if (end - at >= longest_usual) {
        if (const char *behind = read_usual(at, value)) return behind;
    }
    const char *digits = at != end && *at == '-' ? at + 1 : at;
    if (digits == end || !is_digit(*digits)) return nullptr;
    if (*digits == '0' && digits + 1 != end && is_digit(digits[1])) return nullptr;
    if (const char *behind = read_short(digits, end, value)) {
        if (digits != at) *value = -*value;
        return behind;
    }
    auto result = std::from_chars(at, end, *value);
    if (result.ec != std::errc() || !is_digit(result.ptr[-1])) return nullptr;
    return result.ptr;
}
}  // namespace

int numbers_read_float(const char *text, size_t length, float *value) { return read(text, length, value); }
int numbers_read_double(const char *text, size_t length, double *value) { return read(text, length, value); }
size_t numbers_write_float(float value, char *text) { return write(value, text) - text; }
size_t numbers_write_double(double value, char *text) { return write(value, text) - text; }

size_t numbers_read_floats(const char *text, size_t length, float *values, size_t most, size_t *used, int *ended) {
    const char *end = text + length;
    const char *at = text;
    size_t count = 0;
    *ended = 0;
    while (count < most) {
        const char *start = skip_space(at, end);
        const char *next = read_plain(start, end, values + count);
        if (!next) break;
        next = skip_space(next, end);
        if (next == end || (*next != ',' && *next != ']')) break;
        ++count;
        at = next + 1;
        if (*next == ']') {
            *ended = 1;
            break;
        }
    }
    *used = at - text;
    return count;
}

size_t numbers_write_floats(const void *values, size_t count, char *text) {
    char *at = text;
    for (size_t place = 0; place != count; ++place) {
        float value;
        std::memcpy(&value, static_cast<const char *>(values) + place * sizeof value, sizeof value);
        if (place) *at++ = ',';
        at = write(value, at);
    }
    return at - text;
}
