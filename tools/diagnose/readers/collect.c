/* collect.c - see collect.h. Each file that it finds goes to its parser.
 *
 *     host directory, unpacked bundle   every file below it, in the order of names; not HOST/run
 *     vm-support bundle (.tgz)          every member, from memory: nothing is unpacked to the disk
 *     one file                          by what it holds, whatever it is called
 *
 * What a file is, its first bytes say; names are only trusted to tell what is not worth opening. */
#include "tools/diagnose/readers/collect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "shared/io.h"
#include "shared/path.h"
#include "tools/diagnose/readers/reading.h"

#define PEEK_BYTES 512u
#define DEPTH_MAX 12
#define MEMBER_BYTES_MAX (4ull << 30) /* a bundle's member, unpacked */
#define ELF_TYPE_OFFSET 16u
#define ELF_CORE 4u

enum content { CONTENT_TEXT, CONTENT_CORE, CONTENT_ZDUMP, CONTENT_BUNDLE, CONTENT_OTHER };

/* ---- what is it? ----------------------------------------------------------------------------- */
static bool is_text(const unsigned char *bytes, size_t n)
{
    size_t odd = 0;
    for (size_t i = 0; i < n; i++)
        odd += bytes[i] < ' ' && bytes[i] != '\n' && bytes[i] != '\t' && bytes[i] != '\r' &&
               bytes[i] != '\033';
    return odd * 8 <= n; /* logs have holes of zeros after a power loss */
}

static enum content content_of(const unsigned char *bytes, size_t n)
{
    static const char empty_slot[8];
    if (n > ELF_TYPE_OFFSET + 1 && memcmp(bytes, "\177ELF", 4) == 0)
        return bytes[ELF_TYPE_OFFSET] == ELF_CORE ? CONTENT_CORE : CONTENT_OTHER;
    if (n >= 8 && (memcmp(bytes, "VMKZDUMP", 8) == 0 || memcmp(bytes, "ZSECTION", 8) == 0))
        return CONTENT_ZDUMP;
    if (n >= 8 && memcmp(bytes, empty_slot, 8) == 0)
        return CONTENT_OTHER;
    return is_text(bytes, n) ? CONTENT_TEXT : CONTENT_OTHER;
}

/* Opens a gzip file as a tar or as the one file that it holds. */
static struct archive *open_gzip(const char *path)
{
    struct archive *a = archive_read_new();
    if (a == NULL)
        return NULL;
    (void)archive_read_support_filter_gzip(a);
    (void)archive_read_support_format_tar(a);
    (void)archive_read_support_format_raw(a);
    if (archive_read_open_filename(a, path, 1 << 18) == ARCHIVE_OK)
        return a;
    (void)archive_read_free(a);
    return NULL;
}

static enum content content_of_gzip(const char *path)
{
    unsigned char bytes[PEEK_BYTES];
    struct archive_entry *entry;
    enum content content = CONTENT_OTHER;
    struct archive *a = open_gzip(path);
    if (a == NULL)
        return content;
    if (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
        if (archive_format(a) != ARCHIVE_FORMAT_RAW) {
            content = CONTENT_BUNDLE;
        } else {
            const la_ssize_t got = archive_read_data(a, bytes, sizeof bytes);
            content = got > 0 ? content_of(bytes, (size_t)got) : CONTENT_OTHER;
        }
    }
    (void)archive_read_free(a);
    return content;
}

/* @return 0 or -errno */
static int peek(const char *path, enum content *ret)
{
    unsigned char bytes[PEEK_BYTES];
    const ssize_t got = io_peek(path, bytes, sizeof bytes);
    if (got < 0)
        return (int)got;
    *ret = got == 0 ? CONTENT_OTHER : content_of(bytes, (size_t)got);
    if (got >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        *ret = content_of_gzip(path);
    return 0;
}

/* ---- one file -------------------------------------------------------------------------------- */
static int read_text(struct diagnosis *d, const char *path, const char *shown, struct err *err)
{
    struct text text;
    if (text_load(path, &text, err) != 0)
        return -1;
    free(text.name);
    text.name = strdup(shown);
    return reading_add_text(d, shown, &text);
}

static int read_bundle(struct diagnosis *d, const char *path, struct err *err);

static int read_file(struct diagnosis *d, const char *path, const char *shown, struct err *err)
{
    enum content content;
    const int error = peek(path, &content);
    if (error != 0)
        return err_file(err, error, shown);
    switch (content) {
    case CONTENT_BUNDLE:
        return read_bundle(d, path, err);
    case CONTENT_CORE:
        return reading_add_core(d, path, shown, err);
    case CONTENT_ZDUMP:
        return reading_add_zdump(d, path, shown, err);
    case CONTENT_TEXT:
        return read_text(d, path, shown, err);
    case CONTENT_OTHER:
        break;
    }
    return 0;
}

/* ---- a bundle -------------------------------------------------------------------------------- */
/* A member into a memory file. @return its descriptor or -1 */
static int unpack_member(struct archive *a)
{
    const void *bytes;
    size_t n;
    la_int64_t offset;
    uint64_t total = 0;
    const int fd = memfd_create("member", MFD_CLOEXEC);
    while (fd >= 0 && total <= MEMBER_BYTES_MAX &&
           archive_read_data_block(a, &bytes, &n, &offset) == ARCHIVE_OK) {
        total += n;
        if (offset < 0 || pwrite(fd, bytes, n, offset) != (ssize_t)n)
            break;
    }
    return fd; /* of a member that is cut, what there is */
}

static bool worth_opening(const char *name)
{
    static const char *const never[] = {
        ".vmdk", ".vmx", ".nvram", ".vswp", ".png", ".html", ".ans"
    };
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (path_has_suffix(name, never[i]))
            return false;
    return true;
}

static int read_bundle(struct diagnosis *d, const char *path, struct err *err)
{
    struct archive_entry *entry;
    char shown[PATH_SIZE], member[64];
    struct err ignored;
    int found = 0, status;
    struct archive *a = open_gzip(path);
    if (a == NULL)
        return err_set(err, ERR_SYNTAX, "%s: cannot be read as a bundle", path);
    while ((status = archive_read_next_header(a, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
        const char *name = archive_entry_pathname(entry);
        if (name == NULL || archive_entry_filetype(entry) != AE_IFREG || !worth_opening(name))
            continue;
        const int fd = unpack_member(a);
        if (fd < 0)
            continue;
        (void)snprintf(shown, sizeof shown, "%s:%s", path, name);
        (void)snprintf(member, sizeof member, "/proc/self/fd/%d", fd);
        const int got = read_file(d, member, shown, &ignored);
        found += got > 0 ? got : 0;
        (void)close(fd);
    }
    if (status != ARCHIVE_EOF)
        diagnosis_remark(&d->contradictions, "%s is cut or damaged: %s", path,
                         archive_error_string(a) != NULL ? archive_error_string(a) : "?");
    (void)archive_read_free(a);
    return found;
}

/* ---- a folder -------------------------------------------------------------------------------- */
/* What a host's run/ holds is the truth about its scenario; real hosts have no such folder. */
static bool is_off_limits(const char *folder, const char *name, int depth)
{
    char plan[PATH_SIZE];
    if (depth > 0 || strcmp(name, PATH_RUN) != 0)
        return false;
    return path_join(plan, folder, PATH_PLAN) != 0 || access(plan, F_OK) == 0;
}

struct folder {
    struct diagnosis *d;
    const char *path;
    int depth, found;
};

static int read_folder(struct diagnosis *d, const char *path, int depth, struct err *err);

static int read_entry(void *arg, const char *name)
{
    struct folder *f = arg;
    char path[PATH_SIZE];
    struct err ignored;
    struct stat st;
    if (name[0] == '.' || path_join(path, f->path, name) != 0 || lstat(path, &st) != 0 ||
        is_off_limits(f->path, name, f->depth))
        return 0;
    const int got = S_ISDIR(st.st_mode) ? read_folder(f->d, path, f->depth + 1, &ignored)
                    : S_ISREG(st.st_mode) && worth_opening(name)
                        ? read_file(f->d, path, path, &ignored)
                        : 0;
    f->found += got > 0 ? got : 0;
    return 0;
}

static int read_folder(struct diagnosis *d, const char *path, int depth, struct err *err)
{
    struct folder f = { d, path, depth, 0 };
    const int error = depth < DEPTH_MAX ? io_list(path, read_entry, &f) : 0;
    return error != 0 ? err_file(err, error, path) : f.found;
}

int diagnosis_read(struct diagnosis *d, const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_file(err, -errno, path);
    return S_ISDIR(st.st_mode) ? read_folder(d, path, 0, err) : read_file(d, path, path, err);
}
