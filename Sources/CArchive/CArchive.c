#include "CArchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// What is used of libarchive, by name.
#define functions(each)                                                                                      \
    each(archive_write_new) each(archive_write_set_format_pax_restricted) each(archive_write_add_filter_gzip) \
    each(archive_write_set_filter_option) each(archive_write_open_fd) each(archive_write_header)             \
    each(archive_write_data) each(archive_write_close) each(archive_write_free) each(archive_read_new)       \
    each(archive_read_support_format_tar) each(archive_read_support_filter_gzip) each(archive_read_open_fd)  \
    each(archive_read_next_header) each(archive_read_data) each(archive_read_free)                           \
    each(archive_error_string) each(archive_entry_new) each(archive_entry_free) each(archive_entry_clear)    \
    each(archive_entry_set_pathname) each(archive_entry_set_size) each(archive_entry_set_mtime)              \
    each(archive_entry_set_filetype) each(archive_entry_set_perm) each(archive_entry_pathname)               \
    each(archive_entry_size) each(archive_entry_filetype) each(archive_entry_hardlink)

#define declare(name) static __typeof__(name) *p_##name;
functions(declare)

static const char *reason;

static void load(void) {
    void *library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        reason = "libarchive.so.13 cannot be loaded: install libarchive13";
        return;
    }
#define find(name)                                                   \
    if (!(p_##name = (__typeof__(name) *)dlsym(library, #name))) {   \
        reason = "libarchive.so.13 is too old: it has no " #name;    \
        return;                                                      \
    }
    functions(find)
}

static int isLoaded(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return !reason;
}

struct tarball {
    struct archive *archive;
    struct archive_entry *entry;
    int isWriting;
};

static struct tarball *made(struct archive *archive, int isWriting, int status) {
    struct tarball *tarball = calloc(1, sizeof *tarball);
    if (tarball) *tarball = (struct tarball){archive, isWriting ? p_archive_entry_new() : NULL, isWriting};
    if (tarball && archive && status == ARCHIVE_OK) return tarball;
    tarball_free(tarball);
    return NULL;
}

struct tarball *tarball_create(int descriptor, int level) {
    if (!isLoaded()) return NULL;
    struct archive *archive = p_archive_write_new();
    if (!archive) return NULL;
    char text[2] = {(char)('0' + level), 0};
    p_archive_write_set_format_pax_restricted(archive);
    p_archive_write_add_filter_gzip(archive);
    p_archive_write_set_filter_option(archive, "gzip", "compression-level", text);
    return made(archive, 1, p_archive_write_open_fd(archive, descriptor));
}

struct tarball *tarball_open(int descriptor) {
    if (!isLoaded()) return NULL;
    struct archive *archive = p_archive_read_new();
    if (!archive) return NULL;
    p_archive_read_support_filter_gzip(archive);
    p_archive_read_support_format_tar(archive);
    return made(archive, 0, p_archive_read_open_fd(archive, descriptor, 1 << 16));
}

int tarball_add(struct tarball *tarball, const char *path, int64_t size, int64_t seconds) {
    struct archive_entry *entry = p_archive_entry_clear(tarball->entry);
    p_archive_entry_set_pathname(entry, path);
    p_archive_entry_set_size(entry, size);
    p_archive_entry_set_mtime(entry, seconds, 0);
    p_archive_entry_set_filetype(entry, AE_IFREG);
    p_archive_entry_set_perm(entry, 0644);
    return p_archive_write_header(tarball->archive, entry) == ARCHIVE_OK ? 0 : -1;
}

int tarball_write(struct tarball *tarball, const void *bytes, size_t count) {
    return p_archive_write_data(tarball->archive, bytes, count) == (la_ssize_t)count ? 0 : -1;
}

int tarball_finish(struct tarball *tarball) {
    return p_archive_write_close(tarball->archive) == ARCHIVE_OK ? 0 : -1;
}

enum tarball_member tarball_next(struct tarball *tarball, const char **path, int64_t *size) {
    int status = p_archive_read_next_header(tarball->archive, &tarball->entry);
    if (status == ARCHIVE_EOF) return tarball_end;
    if (status < ARCHIVE_WARN) return tarball_damaged;
    *path = p_archive_entry_pathname(tarball->entry);
    *size = p_archive_entry_size(tarball->entry);
    if (!*path) return tarball_damaged;
    if (p_archive_entry_hardlink(tarball->entry)) return tarball_other;
    switch (p_archive_entry_filetype(tarball->entry)) {
        case AE_IFREG: return tarball_file;
        case AE_IFDIR: return tarball_folder;
        default: return tarball_other;
    }
}

int64_t tarball_read(struct tarball *tarball, void *bytes, size_t capacity) {
    la_ssize_t count = p_archive_read_data(tarball->archive, bytes, capacity);
    return count < 0 ? -1 : count;
}

const char *tarball_problem(struct tarball *tarball) {
    if (reason) return reason;
    const char *text = tarball ? p_archive_error_string(tarball->archive) : NULL;
    return text ? text : "it cannot be read";
}

void tarball_free(struct tarball *tarball) {
    if (!tarball) return;
    if (tarball->isWriting) {
        p_archive_entry_free(tarball->entry);
        p_archive_write_free(tarball->archive);
    } else {
        p_archive_read_free(tarball->archive);
    }
    free(tarball);
}
