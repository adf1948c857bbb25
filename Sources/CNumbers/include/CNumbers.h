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

#ifdef __cplusplus
}
#endif
