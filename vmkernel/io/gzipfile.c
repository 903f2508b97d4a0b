/* gzipfile.c - see gzipfile.h. */
#include "vmkernel/io/gzipfile.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <isa-l/igzip_lib.h>
#include <openssl/evp.h>

/* What one file's way needs: a reader, buffers, a sum. */
struct stream {
    const struct dumpio *io;
    int from;
    uint64_t offset; /* of the next read */
    unsigned char *in, *out;
    EVP_MD_CTX *sha;
    uint64_t bytes; /* that were summed */
};

static int stream_init(struct stream *s, const struct dumpio *io, int from)
{
    *s = (struct stream){ .io = io, .from = from };
    s->in = malloc(GZIPFILE_CHUNK);
    s->out = malloc(GZIPFILE_CHUNK);
    s->sha = EVP_MD_CTX_new();
    if (s->in == NULL || s->out == NULL || s->sha == NULL)
        return -ENOMEM;
    return EVP_DigestInit_ex(s->sha, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

static void stream_fini(struct stream *s)
{
    free(s->in);
    free(s->out);
    EVP_MD_CTX_free(s->sha);
}

/* @return bytes in s->in, 0 at the end, or -errno */
static ssize_t stream_read(struct stream *s)
{
    ssize_t n;
    do
        n = s->io->pread(s->io->ctx, s->from, s->in, GZIPFILE_CHUNK, (off_t)s->offset);
    while (n == -EINTR);
    if (n > 0)
        s->offset += (uint64_t)n;
    return n;
}

static int stream_sum(struct stream *s, const unsigned char *bytes, size_t len)
{
    s->bytes += len;
    return EVP_DigestUpdate(s->sha, bytes, len) == 1 ? 0 : -ENOMEM;
}

static int stream_result(struct stream *s, int result, struct gzipfile_sum *ret)
{
    struct gzipfile_sum sum = { .bytes = s->bytes };
    if (result == 0 && EVP_DigestFinal_ex(s->sha, sum.sha256, NULL) != 1)
        result = -ENOMEM;
    if (result == 0)
        *ret = sum;
    stream_fini(s);
    return result;
}

int gzipfile_sum_plain(const struct dumpio *io, int fd, struct gzipfile_sum *ret)
{
    struct stream s;
    int result = stream_init(&s, io, fd);
    while (result == 0) {
        const ssize_t n = stream_read(&s);
        if (n <= 0) {
            result = (int)n;
            break;
        }
        result = stream_sum(&s, s.in, (size_t)n);
    }
    return stream_result(&s, result, ret);
}

/* ---- compressing ----------------------------------------------------------------------------- */
/* Run the deflate over what is in `z` until it wants more input, or has ended. */
static int drain(struct stream *s, struct isal_zstream *z, int to, uint64_t *offset)
{
    do {
        z->next_out = s->out;
        z->avail_out = GZIPFILE_CHUNK;
        if (isal_deflate(z) != COMP_OK)
            return -EIO;
        const size_t made = GZIPFILE_CHUNK - z->avail_out;
        const int result = dumpio_write_all(s->io, to, s->out, made, (off_t)*offset);
        if (result != 0)
            return result;
        *offset += made;
    } while (z->avail_out == 0 || (z->end_of_stream != 0 && z->internal_state.state != ZSTATE_END));
    return 0;
}

static int compress_all(struct stream *s, struct isal_zstream *z, int to)
{
    uint64_t offset = 0;
    for (;;) {
        const ssize_t n = stream_read(s);
        if (n < 0)
            return (int)n;
        z->next_in = s->in;
        z->avail_in = (uint32_t)n;
        z->end_of_stream = n == 0;
        int result = stream_sum(s, s->in, (size_t)n);
        if (result == 0)
            result = drain(s, z, to, &offset);
        if (result != 0 || n == 0)
            return result;
    }
}

int gzipfile_write(const struct dumpio *io, int from, int to, struct gzipfile_sum *ret)
{
    struct stream s;
    struct isal_zstream *z = calloc(1, sizeof *z);
    unsigned char *work = calloc(1, ISAL_DEF_LVL1_DEFAULT);
    int result = stream_init(&s, io, from);
    if (z == NULL || work == NULL)
        result = -ENOMEM;
    if (result == 0) {
        isal_deflate_init(z);
        z->level = 1;
        z->level_buf = work;
        z->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
        z->gzip_flag = IGZIP_GZIP;
        z->flush = NO_FLUSH;
        result = compress_all(&s, z, to);
    }
    free(work);
    free(z);
    return stream_result(&s, result, ret);
}

/* ---- reading back ---------------------------------------------------------------------------- */
static int inflate_all(struct stream *s, struct inflate_state *z)
{
    for (;;) {
        if (z->avail_in == 0) {
            const ssize_t n = stream_read(s);
            if (n <= 0)
                return n < 0 ? (int)n : -EBADMSG; /* it ends before the member does */
            z->next_in = s->in;
            z->avail_in = (uint32_t)n;
        }
        z->next_out = s->out;
        z->avail_out = GZIPFILE_CHUNK;
        if (isal_inflate(z) != ISAL_DECOMP_OK)
            return -EBADMSG;
        const int result = stream_sum(s, s->out, GZIPFILE_CHUNK - z->avail_out);
        if (result != 0)
            return result;
        if (z->block_state == ISAL_BLOCK_FINISH)
            return z->avail_in == 0 && stream_read(s) == 0 ? 0 : -EBADMSG;
    }
}

int gzipfile_sum(const struct dumpio *io, int fd, struct gzipfile_sum *ret)
{
    struct stream s;
    struct inflate_state *z = calloc(1, sizeof *z);
    int result = stream_init(&s, io, fd);
    if (z == NULL)
        result = -ENOMEM;
    if (result == 0) {
        isal_inflate_init(z);
        z->crc_flag = ISAL_GZIP;
        result = inflate_all(&s, z);
    }
    free(z);
    return stream_result(&s, result, ret);
}
