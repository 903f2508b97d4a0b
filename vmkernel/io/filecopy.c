/* filecopy.c - see filecopy.h. */
#include "vmkernel/io/filecopy.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <isa-l/igzip_lib.h>
#include <openssl/evp.h>

/* What one file's way needs: a reader, buffers, a sum. */
struct stream {
    const struct dumpio *io;
    struct filecopy_part from; /* what is still to be read */
    unsigned char *in, *out;
    EVP_MD_CTX *sha;
    uint64_t bytes; /* that were summed */
};

static int stream_init(struct stream *s, const struct dumpio *io, const struct filecopy_part *from)
{
    *s = (struct stream){ .io = io, .from = *from };
    s->in = malloc(FILECOPY_CHUNK);
    s->out = malloc(FILECOPY_CHUNK);
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
    struct filecopy_part *f = &s->from;
    const size_t want = f->bytes < FILECOPY_CHUNK ? (size_t)f->bytes : FILECOPY_CHUNK;
    const ssize_t n = dumpio_read(s->io, f->fd, s->in, want, f->offset);
    if (n > 0) {
        f->offset += (uint64_t)n;
        f->bytes -= (uint64_t)n;
    }
    return n;
}

static int stream_sum(struct stream *s, const unsigned char *bytes, size_t len)
{
    s->bytes += len;
    return EVP_DigestUpdate(s->sha, bytes, len) == 1 ? 0 : -ENOMEM;
}

static int stream_result(struct stream *s, int result, struct filecopy_sum *ret)
{
    struct filecopy_sum sum = { .bytes = s->bytes };
    if (result == 0 && EVP_DigestFinal_ex(s->sha, sum.sha256, NULL) != 1)
        result = -ENOMEM;
    if (result == 0)
        *ret = sum;
    stream_fini(s);
    return result;
}

bool filecopy_same(const struct filecopy_sum *a, const struct filecopy_sum *b)
{
    return a->bytes == b->bytes && memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

/* ---- as it is -------------------------------------------------------------------------------- */
/* Sum it all, and copy it unless `to` is -1. */
static int pass_all(struct stream *s, int to)
{
    for (;;) {
        const uint64_t offset = s->bytes;
        const ssize_t n = stream_read(s);
        if (n <= 0)
            return (int)n;
        int result = stream_sum(s, s->in, (size_t)n);
        if (result == 0 && to >= 0)
            result = dumpio_write_all(s->io, to, s->in, (size_t)n, (off_t)offset);
        if (result != 0)
            return result;
    }
}

/* ---- compressing ----------------------------------------------------------------------------- */
/* Run the deflate over what is in `z` until it wants more input, or has ended. */
static int drain(struct stream *s, struct isal_zstream *z, int to, uint64_t *offset)
{
    do {
        z->next_out = s->out;
        z->avail_out = FILECOPY_CHUNK;
        if (isal_deflate(z) != COMP_OK)
            return -EIO;
        const size_t made = FILECOPY_CHUNK - z->avail_out;
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

static int deflate_all(struct stream *s, int to)
{
    struct isal_zstream *z = calloc(1, sizeof *z);
    unsigned char *work = calloc(1, ISAL_DEF_LVL1_DEFAULT);
    int result = -ENOMEM;
    if (z != NULL && work != NULL) {
        isal_deflate_init(z);
        z->level = 1;
        z->level_buf = work;
        z->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
        z->gzip_flag = IGZIP_GZIP;
        z->flush = NO_FLUSH;
        result = compress_all(s, z, to);
    }
    free(work);
    free(z);
    return result;
}

int filecopy_write(const struct dumpio *io, const struct filecopy_part *from, int to, bool packed,
                   struct filecopy_sum *ret)
{
    struct stream s;
    int result = stream_init(&s, io, from);
    if (result == 0)
        result = packed ? deflate_all(&s, to) : pass_all(&s, to);
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
        z->avail_out = FILECOPY_CHUNK;
        if (isal_inflate(z) != ISAL_DECOMP_OK)
            return -EBADMSG;
        const int result = stream_sum(s, s->out, FILECOPY_CHUNK - z->avail_out);
        if (result != 0)
            return result;
        if (z->block_state == ISAL_BLOCK_FINISH)
            return z->avail_in == 0 && stream_read(s) == 0 ? 0 : -EBADMSG;
    }
}

static int unpack_all(struct stream *s)
{
    struct inflate_state *z = calloc(1, sizeof *z);
    int result = -ENOMEM;
    if (z != NULL) {
        isal_inflate_init(z);
        z->crc_flag = ISAL_GZIP;
        result = inflate_all(s, z);
    }
    free(z);
    return result;
}

int filecopy_sum(const struct dumpio *io, const struct filecopy_part *from, bool packed,
                 struct filecopy_sum *ret)
{
    struct stream s;
    int result = stream_init(&s, io, from);
    if (result == 0)
        result = packed ? unpack_all(&s) : pass_all(&s, -1);
    return stream_result(&s, result, ret);
}
