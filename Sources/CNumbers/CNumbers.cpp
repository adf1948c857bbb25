// Float text at full speed: from_chars and to_chars are C++ only, and five times as fast as what Swift offers.
#include "CNumbers.h"

#include <charconv>
#include <cmath>

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
}  // namespace

int numbers_read_float(const char *text, size_t length, float *value) { return read(text, length, value); }
int numbers_read_double(const char *text, size_t length, double *value) { return read(text, length, value); }
size_t numbers_write_float(float value, char *text) { return std::to_chars(text, text + room, value).ptr - text; }
size_t numbers_write_double(double value, char *text) { return std::to_chars(text, text + room, value).ptr - text; }
