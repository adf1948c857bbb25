// Float text at full speed: from_chars and to_chars are C++ only, and five times as fast as what Swift offers.
#include "CNumbers.h"

#include <charconv>
#include <cmath>
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

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char *skip_space(const char *at, const char *end) {
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
    return at;
}

// Behind one number, or null where none stands that JSON allows: from_chars takes more than that.
const char *read_plain(const char *at, const char *end, float *value) {
    const char *digits = at != end && *at == '-' ? at + 1 : at;
    if (digits == end || !is_digit(*digits)) return nullptr;
    if (*digits == '0' && digits + 1 != end && is_digit(digits[1])) return nullptr;
    auto result = std::from_chars(at, end, *value);
    if (result.ec != std::errc() || !is_digit(result.ptr[-1])) return nullptr;
    return result.ptr;
}
}  // namespace

int numbers_read_float(const char *text, size_t length, float *value) { return read(text, length, value); }
int numbers_read_double(const char *text, size_t length, double *value) { return read(text, length, value); }
size_t numbers_write_float(float value, char *text) { return std::to_chars(text, text + room, value).ptr - text; }
size_t numbers_write_double(double value, char *text) { return std::to_chars(text, text + room, value).ptr - text; }

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
        at = std::to_chars(at, at + room, value).ptr;
    }
    return at - text;
}
