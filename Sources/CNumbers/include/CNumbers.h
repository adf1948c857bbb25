#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Each reads a number that spans all of [text, text + length) and answers whether it could, finite and in range.
int numbers_read_float(const char *text, size_t length, float *value);
int numbers_read_double(const char *text, size_t length, double *value);

// Each writes the shortest text that reads back as the same value, and answers its length; 32 bytes always suffice.
size_t numbers_write_float(float value, char *text);
size_t numbers_write_double(double value, char *text);

// Reads the numbers of a JSON array, from behind its bracket or a comma on, up to `most` of them. `used` is how far it
// came, and `ended` whether it passed the closing bracket. It stops before whatever is no plain number in range.
size_t numbers_read_floats(const char *text, size_t length, float *values, size_t most, size_t *used, int *ended);

// Writes numbers that lie as they do in memory, with commas between them, and answers the length; 16 bytes a number suffice.
size_t numbers_write_floats(const void *values, size_t count, char *text);

#ifdef __cplusplus
}
#endif
