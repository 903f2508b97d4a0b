/* digest.c - see digest.h. fts walks in byte order of names within one directory; since paths
 * compare by whole strings ("a.b" < "a/b"), the paths are collected first and sorted as a list. */
#include "tools/host/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <isa-l/igzip_lib.h>
#include <openssl/evp.h>

#include "shared/path.h"
#include "shared/units.h"

#define CHUNK_BYTES MB
#define SHA256_BYTES 32u

struct paths {
    char **path;
    size_t count, room;
};
struct digester {
    EVP_MD_CTX *file, *all;
    unsigned char *in, *out; /* CHUNK_BYTES each */
    struct err *err;
};
static const unsigned char zeros[CHUNK_BYTES];

/* ---- contents -------------------------------------------------------------------------------- */

static int feed(struct digester *d, const void *bytes, size_t count)
{
    return EVP_DigestUpdate(d->file, bytes, count) == 1 ? 0 : -1;
}

static int feed_zeros(struct digester *d, off_t count)
{
    while (count > 0) {
        const size_t part = count < (off_t)CHUNK_BYTES ? (size_t)count : CHUNK_BYTES;
        if (feed(d, zeros, part) != 0)
            return -1;
        count -= (off_t)part;
    }
    return 0;
}

static int feed_data(struct digester *d, int fd, off_t from, off_t to)
{
    while (from < to) {
        const size_t part = to - from < (off_t)CHUNK_BYTES ? (size_t)(to - from) : CHUNK_BYTES;
        const ssize_t got = pread(fd, d->in, part, from);
        if (got <= 0 || feed(d, d->in, (size_t)got) != 0)
            return -1;
        from += got;
    }
    return 0;
}

/* Reads only where there is data: a core of 800 MB is mostly holes, and zeros from memory are
 * cheaper than zeros from a file. */
static int feed_sparse(struct digester *d, int fd)
{
    struct stat st;
    off_t at = 0;

    if (fstat(fd, &st) != 0)
        return -1;
    while (at < st.st_size) {
        off_t data = lseek(fd, at, SEEK_DATA);
        if (data < 0)
            data = errno == ENXIO
                       ? st.st_size
                       : at; /* ENXIO: a hole up to the end; else: no holes in this file system */
        off_t hole = data < st.st_size ? lseek(fd, data, SEEK_HOLE) : st.st_size;
        if (hole <= data)
            hole = st.st_size;
        if (feed_zeros(d, data - at) != 0 || feed_data(d, fd, data, hole) != 0)
            return -1;
        at = hole;
    }
    return 0;
}

/* gzip members, one or several. */
static int feed_gzip(struct digester *d, int fd)
{
    struct inflate_state state;
    ssize_t got = 0;

    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    for (;;) {
        if (state.avail_in == 0) {
            got = read(fd, d->in, CHUNK_BYTES);
            if (got < 0)
                return -1;
            state.next_in = d->in;
            state.avail_in = (uint32_t)got;
        }
        state.next_out = d->out;
        state.avail_out = CHUNK_BYTES;
        if (isal_inflate(&state) != ISAL_DECOMP_OK ||
            feed(d, d->out, CHUNK_BYTES - state.avail_out) != 0)
            return -1;
        if (state.block_state == ISAL_BLOCK_FINISH) {
            if (state.avail_in == 0 && got > 0) {
                got = read(fd, d->in, CHUNK_BYTES);
                state.next_in = d->in;
                state.avail_in = got > 0 ? (uint32_t)got : 0;
            }
            if (state.avail_in == 0)
                return got < 0 ? -1 : 0;
            isal_inflate_reset(&state);
            state.crc_flag = ISAL_GZIP;
        } else if (got == 0 && state.avail_out == CHUNK_BYTES) {
            return -1; /* cut short */
        }
    }
}

static int feed_file(struct digester *d, int host_fd, const char *path)
{
    const int fd = openat(host_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_file(d->err, -errno, path);
    errno = 0;
    const int status = path_has_suffix(path, ".gz") ? feed_gzip(d, fd) : feed_sparse(d, fd);
    (void)close(fd);
    return status == 0 ? 0
                       : err_set(d->err, -EIO, "%s: cannot be read: %s", path,
                                 errno != 0 ? strerror(errno) : "not a whole gzip file");
}

/* ---- the list -------------------------------------------------------------------------------- */

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_path(struct paths *list, const char *path)
{
    if (list->count == list->room) {
        const size_t room = list->room == 0 ? 64 : 2 * list->room;
        char **grown = realloc(list->path, room * sizeof *grown);
        if (grown == NULL)
            return -1;
        list->path = grown;
        list->room = room;
    }
    list->path[list->count] = strdup(path);
    return list->path[list->count] == NULL ? -1 : (list->count++, 0);
}

static int collect(struct digester *d, FTS *walk, size_t skip, struct paths *list)
{
    for (FTSENT *e; (errno = 0, e = fts_read(walk)) != NULL;) {
        const char *path = e->fts_path + skip;
        path += strspn(path, "/");
        if (e->fts_info == FTS_D && e->fts_level == 1 && strcmp(e->fts_name, "run") == 0) {
            (void)fts_set(walk, e, FTS_SKIP);
        } else if (e->fts_info == FTS_F) {
            if (add_path(list, path) != 0)
                return err_set(d->err, -ENOMEM, "no memory");
        } else if (e->fts_info != FTS_D && e->fts_info != FTS_DP) {
            return err_set(d->err, -EINVAL, "%s: neither a file nor a directory that can be read",
                           e->fts_path);
        }
    }
    return errno == 0 ? 0 : err_set(d->err, -errno, "%s", strerror(errno));
}

static int list_files(struct digester *d, const char *host_dir, struct paths *list)
{
    char *const roots[] = { (char *)(uintptr_t)host_dir, NULL };
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, compare_entries);

    if (walk == NULL)
        return err_file(d->err, -errno, host_dir);
    const int status = collect(d, walk, strlen(host_dir), list);
    (void)fts_close(walk);
    if (status == 0 && list->count > 0)
        qsort(list->path, list->count, sizeof list->path[0], compare_paths);
    return status;
}

/* ---- the digest ------------------------------------------------------------------------------ */

static void to_hex(const unsigned char hash[SHA256_BYTES], char ret[DIGEST_HEX])
{
    for (unsigned i = 0; i < SHA256_BYTES; i++)
        (void)snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

static int finish(EVP_MD_CTX *ctx, char ret[DIGEST_HEX])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    if (EVP_DigestFinal_ex(ctx, hash, NULL) != 1)
        return -1;
    to_hex(hash, ret);
    return 0;
}

static int digest_files(struct digester *d, int host_fd, const struct paths *list)
{
    char hex[DIGEST_HEX];

    for (size_t i = 0; i < list->count; i++) {
        const char *path = list->path[i];
        if (EVP_DigestInit_ex(d->file, EVP_sha256(), NULL) != 1 ||
            feed_file(d, host_fd, path) != 0 || finish(d->file, hex) != 0)
            return -1;
        if (EVP_DigestUpdate(d->all, hex, DIGEST_HEX - 1) != 1 ||
            EVP_DigestUpdate(d->all, "  ", 2) != 1 ||
            EVP_DigestUpdate(d->all, path, strlen(path)) != 1 ||
            EVP_DigestUpdate(d->all, "\n", 1) != 1)
            return -1;
    }
    return 0;
}

static int digest_into(struct digester *d, const char *host_dir, struct paths *list,
                       char ret[DIGEST_HEX])
{
    if (d->file == NULL || d->all == NULL || d->in == NULL || d->out == NULL)
        return err_set(d->err, -ENOMEM, "no memory");
    if (list_files(d, host_dir, list) != 0 || EVP_DigestInit_ex(d->all, EVP_sha256(), NULL) != 1)
        return -1;
    const int host_fd = open(host_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (host_fd < 0)
        return err_file(d->err, -errno, host_dir);
    const int status = digest_files(d, host_fd, list);
    (void)close(host_fd);
    return status == 0 ? finish(d->all, ret) : -1;
}

int digest_host(const char *host_dir, char ret[DIGEST_HEX], struct err *err)
{
    struct digester d = { EVP_MD_CTX_new(), EVP_MD_CTX_new(), malloc(CHUNK_BYTES),
                          malloc(CHUNK_BYTES), err };
    struct paths list = { NULL, 0, 0 };

    (void)err_set(err, -ENOMEM, "libcrypto refused");
    const int status = digest_into(&d, host_dir, &list, ret);
    for (size_t i = 0; i < list.count; i++)
        free(list.path[i]);
    free(list.path);
    free(d.in);
    free(d.out);
    EVP_MD_CTX_free(d.file);
    EVP_MD_CTX_free(d.all);
    return status;
}
