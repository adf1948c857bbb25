#pragma once
#include <stddef.h>
#include <stdint.h>

// Files of the kind .tar.gz, through libarchive. It is loaded by the first call and not before: it brings a dozen other
// libraries, which would slow down every start of the program.

struct tarball;

enum tarball_member { tarball_end, tarball_file, tarball_folder, tarball_other, tarball_damaged };

// Begins to write to or to read from a file that is open. Null if that cannot be; tarball_problem(NULL) says why.
struct tarball *tarball_create(int descriptor, int level);
struct tarball *tarball_open(int descriptor);

// These answer 0, or -1 and leave the reason in tarball_problem.
int tarball_add(struct tarball *tarball, const char *path, int64_t size, int64_t seconds);
int tarball_write(struct tarball *tarball, const void *bytes, size_t count);
int tarball_finish(struct tarball *tarball);

// The next member; its path holds until the next call.
enum tarball_member tarball_next(struct tarball *tarball, const char **path, int64_t *size);
// How many bytes of the member were read, 0 at its end, or -1.
int64_t tarball_read(struct tarball *tarball, void *bytes, size_t capacity);

const char *tarball_problem(struct tarball *tarball);
void tarball_free(struct tarball *tarball);
