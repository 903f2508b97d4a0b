/* bundle.c - see bundle.h. */
#include "tools/host/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "shared/io.h"
#include "shared/path.h"
#include "shared/units.h"
#include "shared/zdump.h"
#include "tools/host/host.h"

#define CHUNK_BYTES MB

/* What is taken, as patterns of paths in which '*' stops at '/'. */
static const struct {
    const char *pattern;
    bool deep; /* and everything below */
    bool core;
} wanted[] = {
    { "etc/vmware", true, false },
    { "proc", true, false },
    { "var/log", true, false },
    { "var/core/*", false, true },
    { "root/vmkernel-zdump-*", false, true },
    { "root/old_cores/*", false, true },
    { "vmfs/volumes/*/*.vmx", false, false },
    { "vmfs/volumes/*/*/*.vmx", false, false },
    { "vmfs/volumes/*/cos-core-*", false, true },
};
#define WANTED (sizeof wanted / sizeof wanted[0])

/* ---- the list -------------------------------------------------------------------------------- */
/* @return index into wanted[], WANTED = nothing wants it */
static size_t who_wants(const char *path)
{
    if (path_has_suffix(path, ".tmp"))
        return WANTED; /* a copy that is not whole; its original is taken */
    for (size_t i = 0; i < WANTED; i++) {
        const size_t len = strlen(wanted[i].pattern);
        if (wanted[i].deep ? strncmp(path, wanted[i].pattern, len) == 0 && path[len] == '/'
                           : fnmatch(wanted[i].pattern, path, FNM_PATHNAME) == 0)
            return i;
    }
    return WANTED;
}

static int add(struct bundle_list *list, const char *path, const char *name, bool core,
               uint64_t offset, uint64_t bytes)
{
    struct bundle_file *grown = realloc(list->file, (list->count + 1) * sizeof *grown);
    if (grown == NULL)
        return -1;
    list->file = grown;
    grown[list->count] = (struct bundle_file){
        .path = strdup(path), .name = strdup(name), .core = core, .offset = offset, .bytes = bytes
    };
    const struct bundle_file *f = &grown[list->count++];
    return f->path != NULL && f->name != NULL && list->count <= BUNDLE_FILES_MAX ? 0 : -1;
}

/* Folders that nothing is wanted from are not looked into: machines' files, dev, run. */
static bool is_passed_by(const char *path)
{
    return strcmp(path, "run") == 0 || strcmp(path, "dev") == 0 || strcmp(path, "console") == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk(FTS *tree, size_t skip, bool cores, struct bundle_list *list)
{
    for (FTSENT *e; (errno = 0, e = fts_read(tree)) != NULL;) {
        const char *path = e->fts_path + skip;
        path += strspn(path, "/");
        if (e->fts_info == FTS_D && is_passed_by(path))
            (void)fts_set(tree, e, FTS_SKIP);
        if (e->fts_info != FTS_F)
            continue;
        const size_t i = who_wants(path);
        if (i < WANTED && (cores || !wanted[i].core) &&
            add(list, path, path, wanted[i].core, 0, UINT64_MAX) != 0)
            return -1;
    }
    return errno == 0 ? 0 : -1;
}

/* A dump that no start could copy is still in its slot, and nobody else would take it along. */
static int add_slots(const char *host_dir, struct bundle_list *list)
{
    char path[PATH_SIZE], name[64];
    struct err err;
    uint32_t count = 1;
    if (host_path(host_dir, PATH_DUMP_PARTITION, path, &err) != 0)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        struct zdump z;
        if (zdump_load(path, i, &z, &err) != 0)
            return 0;
        if (z.slot_ok && i == 0)
            count = z.slot.slot_count;
        const bool take =
            z.slot_ok && (z.slot.state == ZDUMP_COMPLETE || z.slot.state == ZDUMP_WRITING);
        (void)snprintf(name, sizeof name, PATH_DUMP_PARTITION "-slot-%" PRIu32, i + 1);
        const int bad =
            take ? add(list, PATH_DUMP_PARTITION, name, true, i * z.slot.slot_bytes, z.end) : 0;
        zdump_free(&z);
        if (bad != 0)
            return -1;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct bundle_file *)a)->name, ((const struct bundle_file *)b)->name);
}

int bundle_collect(const char *host_dir, bool cores, struct bundle_list *ret, struct err *err)
{
    char *const roots[] = { (char *)(uintptr_t)host_dir, NULL };
    struct bundle_list list = { 0 };
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    int bad = tree == NULL ? -1 : walk(tree, strlen(host_dir), cores, &list);
    if (bad == 0 && cores)
        bad = add_slots(host_dir, &list);
    if (tree != NULL)
        (void)fts_close(tree);
    if (bad != 0) {
        (void)err_set(err, -ENOMEM, "%s: its files cannot be listed: %s", host_dir,
                      errno != 0 ? strerror(errno) : "too many, or no memory");
        bundle_free(&list);
        return -ENOMEM;
    }
    if (list.count > 0)
        qsort(list.file, list.count, sizeof list.file[0], compare);
    *ret = list;
    return 0;
}

void bundle_free(struct bundle_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->file[i].path);
        free(list->file[i].name);
    }
    free(list->file);
    *list = (struct bundle_list){ 0 };
}

/* ---- writing --------------------------------------------------------------------------------- */
struct writer {
    const char *host_dir, *folder;
    int64_t epoch_s;
    struct archive *archive;
    FILE *manifest; /* grows with each file */
    unsigned char *buffer;
    struct err *err;
};

/* The archive refuses something. */
static int refused(const struct writer *w, const char *what)
{
    return err_set(w->err, -EIO, "%s: %s", what, archive_error_string(w->archive));
}

static int put_header(const struct writer *w, const char *name, uint64_t bytes)
{
    char path[PATH_SIZE];
    struct archive_entry *e = archive_entry_new();
    if (e == NULL)
        return err_file(w->err, -ENOMEM, name);
    (void)path_join(path, w->folder, name);
    archive_entry_set_pathname(e, path);
    archive_entry_set_size(e, (la_int64_t)bytes);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_mtime(e, (time_t)w->epoch_s, 0);
    archive_entry_set_uname(e, "root");
    archive_entry_set_gname(e, "root");
    const int bad = archive_write_header(w->archive, e);
    archive_entry_free(e);
    return bad == ARCHIVE_OK ? 0 : refused(w, name);
}

static int put_data(const struct writer *w, const char *name, const void *bytes, size_t len)
{
    return archive_write_data(w->archive, bytes, len) == (la_ssize_t)len ? 0 : refused(w, name);
}

/* Copy `bytes` from `offset` on. A file that has become shorter since its length was taken ends in
 * zeros. */
static int put_contents(const struct writer *w, int fd, const struct bundle_file *f, uint64_t bytes,
                        EVP_MD_CTX *sha)
{
    for (uint64_t done = 0; done < bytes;) {
        const size_t want = bytes - done < CHUNK_BYTES ? (size_t)(bytes - done) : CHUNK_BYTES;
        const ssize_t got = pread(fd, w->buffer, want, (off_t)(f->offset + done));
        if (got < 0)
            return err_file(w->err, -errno, f->path);
        if (got == 0)
            memset(w->buffer, 0, want);
        const size_t len = got > 0 ? (size_t)got : want;
        if (EVP_DigestUpdate(sha, w->buffer, len) != 1)
            return err_file(w->err, -ENOMEM, f->path);
        if (put_data(w, f->path, w->buffer, len) != 0)
            return -1;
        done += len;
    }
    return 0;
}

static int put_open_file(const struct writer *w, int fd, const struct bundle_file *f,
                         EVP_MD_CTX *sha)
{
    struct stat st;
    unsigned char sum[EVP_MAX_MD_SIZE];
    if (fstat(fd, &st) != 0)
        return err_file(w->err, -errno, f->path);
    const uint64_t whole = (uint64_t)st.st_size > f->offset ? (uint64_t)st.st_size - f->offset : 0;
    const uint64_t bytes = f->bytes < whole ? f->bytes : whole;
    if (sha == NULL || EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1)
        return err_file(w->err, -ENOMEM, f->path);
    if (put_header(w, f->name, bytes) != 0 || put_contents(w, fd, f, bytes, sha) != 0)
        return -1;
    if (EVP_DigestFinal_ex(sha, sum, NULL) != 1)
        return err_file(w->err, -ENOMEM, f->path);
    for (unsigned i = 0; i < 32; i++)
        (void)fprintf(w->manifest, "%02x", sum[i]);
    (void)fprintf(w->manifest, " %12" PRIu64 " %s\n", bytes, f->name);
    return 0;
}

static int put_file(const struct writer *w, const struct bundle_file *f)
{
    char path[PATH_SIZE];
    if (host_path(w->host_dir, f->path, path, w->err) != 0)
        return -1;
    const int fd = io_open(path);
    if (fd < 0)
        return err_file(w->err, fd, f->path);
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    const int bad = put_open_file(w, fd, f, sha);
    EVP_MD_CTX_free(sha);
    (void)close(fd);
    return bad;
}

static int put_manifest(struct writer *w, const char *const *text, const size_t *len)
{
    if (fflush(w->manifest) != 0)
        return err_file(w->err, -ENOMEM, "manifest");
    return put_header(w, "manifest", *len) != 0 ? -1 : put_data(w, "manifest", *text, *len);
}

static int put_all(struct writer *w, const struct bundle_list *list, const char *head)
{
    char *text = NULL;
    size_t len = 0;
    w->manifest = open_memstream(&text, &len);
    w->buffer = malloc(CHUNK_BYTES);
    int bad = w->manifest == NULL || w->buffer == NULL ? err_file(w->err, -ENOMEM, "manifest") : 0;
    if (bad == 0)
        (void)fputs(head, w->manifest);
    for (size_t i = 0; i < list->count && bad == 0; i++)
        bad = put_file(w, &list->file[i]);
    if (bad == 0)
        bad = put_manifest(w, (const char *const *)&text, &len);
    if (w->manifest != NULL)
        (void)fclose(w->manifest);
    free(text);
    free(w->buffer);
    return bad;
}

/* gzip without the time of this machine; level 1, since the big files are compressed already. */
static int open_archive(struct writer *w, int fd)
{
    struct archive *a = w->archive;
    if (archive_write_add_filter_gzip(a) != ARCHIVE_OK || archive_write_set_format_ustar(a) != 0 ||
        archive_write_set_filter_option(a, "gzip", "timestamp", NULL) != ARCHIVE_OK ||
        archive_write_set_filter_option(a, "gzip", "compression-level", "1") != ARCHIVE_OK ||
        archive_write_open_fd(a, fd) != ARCHIVE_OK)
        return refused(w, "archive");
    return 0;
}

static int write_archive(struct writer *w, const struct bundle_list *list, const char *head, int fd)
{
    w->archive = archive_write_new();
    if (w->archive == NULL)
        return err_file(w->err, -ENOMEM, "archive");
    int bad = open_archive(w, fd);
    if (bad == 0)
        bad = put_all(w, list, head);
    if (bad == 0 && archive_write_close(w->archive) != ARCHIVE_OK)
        bad = refused(w, "archive");
    (void)archive_write_free(w->archive);
    return bad;
}

int bundle_write(const char *host_dir, const struct bundle_list *list, const char *folder,
                 int64_t epoch_s, const char *head, const char *path, struct err *err)
{
    char temporary[PATH_SIZE];
    struct writer w = { .host_dir = host_dir, .folder = folder, .epoch_s = epoch_s, .err = err };
    if (path_format(temporary, "%s.tmp", path) != 0)
        return err_file(err, -ENAMETOOLONG, path);
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_file(err, -errno, temporary);
    int bad = write_archive(&w, list, head, fd);
    if (bad == 0 && fsync(fd) != 0)
        bad = err_file(err, -errno, temporary);
    if (close(fd) != 0 && bad == 0)
        bad = err_file(err, -errno, temporary);
    if (bad == 0 && rename(temporary, path) != 0)
        bad = err_file(err, -errno, path);
    if (bad != 0) {
        (void)unlink(temporary);
        return bad;
    }
    bad = io_sync_folder(AT_FDCWD, path);
    return bad == 0 ? 0 : err_file(err, bad, path);
}
