/* memfs.c - see memfs.h. */
#include "tests/lib/memfs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/path.h"

/* ---- bytes ----------------------------------------------------------------------------------- */
static struct memfs_bytes bytes_copy(const void *from, size_t len)
{
    struct memfs_bytes b = { .at = malloc(len + 1), .len = len };
    assert(b.at != NULL);
    if (len > 0)
        memcpy(b.at, from, len);
    return b;
}

static void bytes_resize(struct memfs_bytes *b, size_t len)
{
    unsigned char *at = realloc(b->at, len + 1);
    assert(at != NULL);
    if (len > b->len)
        memset(at + b->len, 0, len - b->len);
    *b = (struct memfs_bytes){ at, len };
}

/* The first `len` bytes of a write; a truncate is whole or not at all. */
static void apply_write(struct memfs_bytes *b, const struct memfs_write *w, size_t len)
{
    if (w->bytes.at == NULL) {
        bytes_resize(b, w->bytes.len);
        return;
    }
    if (w->offset + len > b->len)
        bytes_resize(b, w->offset + len);
    memcpy(b->at + w->offset, w->bytes.at, len);
}

static void drop_pending(struct memfs_file *f)
{
    for (size_t i = 0; i < f->pending_count; i++)
        free(f->pending[i].bytes.at);
    free(f->pending);
    f->pending = NULL;
    f->pending_count = 0;
}

static void add_write(struct memfs_file *f, struct memfs_write w)
{
    f->pending = realloc(f->pending, (f->pending_count + 1) * sizeof *f->pending);
    assert(f->pending != NULL);
    f->pending[f->pending_count++] = w;
    apply_write(&f->now, &w, w.bytes.len);
}

static void make_durable(struct memfs_file *f)
{
    drop_pending(f);
    free(f->durable.at);
    f->durable = bytes_copy(f->now.at, f->now.len);
}

/* ---- names ----------------------------------------------------------------------------------- */
static struct memfs_name *find(struct memfs_names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->name[i].path, path) == 0)
            return &names->name[i];
    return NULL;
}

static void put(struct memfs_names *names, const char *path, int file)
{
    struct memfs_name *name = find(names, path);
    if (name == NULL) {
        assert(names->count < MEMFS_NAMES_MAX);
        name = &names->name[names->count++];
        (void)snprintf(name->path, sizeof name->path, "%s", path);
    }
    name->file = file;
}

static void take_out(struct memfs_names *names, const char *path)
{
    struct memfs_name *name = find(names, path);
    if (name != NULL)
        *name = names->name[--names->count];
}

static void apply_op(struct memfs_names *names, const struct memfs_op *op)
{
    if (op->from[0] != '\0')
        take_out(names, op->from);
    if (op->to[0] != '\0')
        put(names, op->to, op->file);
}

static void add_op(struct memfs *fs, const char *from, const char *to, int file)
{
    struct memfs_op *op = &fs->op[fs->op_count++];
    assert(fs->op_count <= MEMFS_OPS_MAX);
    *op = (struct memfs_op){ .file = file };
    (void)snprintf(op->from, sizeof op->from, "%s", from);
    (void)snprintf(op->to, sizeof op->to, "%s", to);
    apply_op(&fs->now, op);
}

/* "/a/b" lies in "/a". */
static bool lies_in(const char *path, const char *folder)
{
    const size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && path[n] == '/' && strchr(path + n + 1, '/') == NULL;
}

static bool op_in(const struct memfs_op *op, const char *folder)
{
    return lies_in(op->to[0] != '\0' ? op->to : op->from, folder);
}

static bool has_folder(const struct memfs *fs, const char *path)
{
    for (size_t i = 0; i < fs->folder_count; i++)
        if (strcmp(fs->folder[i], path) == 0)
            return true;
    return false;
}

static bool has_parent(const struct memfs *fs, const char *path)
{
    for (size_t i = 0; i < fs->folder_count; i++)
        if (lies_in(path, fs->folder[i]))
            return true;
    return false;
}

/* The first `count` operations of a folder reach the disk, the others never happened. */
static void settle_folder(struct memfs *fs, const char *folder, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < fs->op_count; i++) {
        if (!op_in(&fs->op[i], folder)) {
            fs->op[kept++] = fs->op[i];
        } else if (count > 0) {
            apply_op(&fs->durable, &fs->op[i]);
            count--;
        }
    }
    fs->op_count = kept;
}

/* ---- effects --------------------------------------------------------------------------------- */
/* @return 0 to go on, or the error of this call */
static int begin_call(struct memfs *fs)
{
    if (fs->dead)
        return -EIO;
    return ++fs->calls == fs->fail_at ? -fs->error : 0;
}

static int begin_change(struct memfs *fs)
{
    const int error = begin_call(fs);
    if (error != 0)
        return error;
    if (fs->stays && fs->fail_at != 0 && fs->calls > fs->fail_at)
        return -fs->error;
    if (fs->before_change != NULL)
        fs->before_change(fs->arg, fs);
    if (++fs->changes == fs->die_at) {
        fs->dead = true;
        return -EIO;
    }
    return 0;
}

static int new_file(struct memfs *fs)
{
    assert(fs->file_count < sizeof fs->file / sizeof fs->file[0]);
    struct memfs_file *f = &fs->file[fs->file_count];
    *f = (struct memfs_file){ .now = bytes_copy(NULL, 0), .durable = bytes_copy(NULL, 0) };
    return (int)fs->file_count++;
}

static int new_fd(struct memfs *fs, int file)
{
    for (int i = 0; i < (int)MEMFS_FDS_MAX; i++) {
        if (fs->fd_file[i] < 0) {
            fs->fd_file[i] = file;
            return i;
        }
    }
    return -EMFILE;
}

static struct memfs_file *file_of(struct memfs *fs, int fd)
{
    assert(fd >= 0 && fd < (int)MEMFS_FDS_MAX && fs->fd_file[fd] >= 0);
    return &fs->file[fs->fd_file[fd]];
}

static int mem_open(const struct dumpio *io, const char *path, int flags, mode_t mode)
{
    (void)mode;
    struct memfs *fs = io->ctx;
    const struct memfs_name *name = find(&fs->now, path);
    const bool create = name == NULL && (flags & O_CREAT) != 0 && has_parent(fs, path);
    const bool cut = name != NULL && (flags & O_TRUNC) != 0;
    const int error = create || cut ? begin_change(fs) : begin_call(fs);
    if (error != 0)
        return error;
    if (name == NULL && !create)
        return -ENOENT;
    if (create)
        add_op(fs, "", path, new_file(fs));
    name = find(&fs->now, path);
    if (cut)
        add_write(&fs->file[name->file], (struct memfs_write){ .bytes = { NULL, 0 } });
    return new_fd(fs, name->file);
}

static ssize_t mem_pwrite(const struct dumpio *io, int fd, const void *bytes, size_t len,
                          off_t offset)
{
    struct memfs *fs = io->ctx;
    const int error = begin_change(fs);
    if (error != 0)
        return error;
    add_write(file_of(fs, fd),
              (struct memfs_write){ .offset = (size_t)offset, .bytes = bytes_copy(bytes, len) });
    return (ssize_t)len;
}

static int mem_truncate(const struct dumpio *io, int fd, off_t len)
{
    struct memfs *fs = io->ctx;
    const int error = begin_change(fs);
    if (error == 0)
        add_write(file_of(fs, fd), (struct memfs_write){ .bytes = { NULL, (size_t)len } });
    return error;
}

static int mem_writeback(const struct dumpio *io, int fd, off_t offset, off_t len)
{
    (void)io; /* a hint promises nothing */
    (void)fd;
    (void)offset;
    (void)len;
    return 0;
}

static int mem_fsync(const struct dumpio *io, int fd)
{
    struct memfs *fs = io->ctx;
    const int error = begin_change(fs);
    if (error == 0)
        make_durable(file_of(fs, fd));
    return error;
}

static int mem_close(const struct dumpio *io, int fd)
{
    struct memfs *fs = io->ctx;
    (void)file_of(fs, fd);
    fs->fd_file[fd] = -1; /* also when it fails, as close(2) does */
    return begin_call(fs);
}

static int mem_rename(const struct dumpio *io, const char *from, const char *to)
{
    struct memfs *fs = io->ctx;
    const int error = begin_change(fs);
    if (error != 0)
        return error;
    const struct memfs_name *name = find(&fs->now, from);
    if (name == NULL || !has_parent(fs, to))
        return -ENOENT;
    add_op(fs, from, to, name->file);
    return 0;
}

static int mem_unlink(const struct dumpio *io, const char *path)
{
    struct memfs *fs = io->ctx;
    const int error = begin_change(fs);
    if (error != 0)
        return error;
    if (find(&fs->now, path) == NULL)
        return -ENOENT;
    add_op(fs, path, "", -1);
    return 0;
}

static int mem_sync_folder(const struct dumpio *io, const char *path)
{
    struct memfs *fs = io->ctx;
    char folder[PATH_SIZE];
    const int error = begin_change(fs);
    if (error != 0)
        return error;
    if (path_folder(folder, path) != 0 || !has_folder(fs, folder))
        return -ENOENT;
    settle_folder(fs, folder, SIZE_MAX);
    return 0;
}

static int64_t mem_size(const struct dumpio *io, int fd)
{
    struct memfs *fs = io->ctx;
    const int error = begin_call(fs);
    return error != 0 ? error : (int64_t)file_of(fs, fd)->now.len;
}

static ssize_t mem_pread(const struct dumpio *io, int fd, void *bytes, size_t len, off_t offset)
{
    struct memfs *fs = io->ctx;
    const int error = begin_call(fs);
    if (error != 0)
        return error;
    const struct memfs_bytes *b = &file_of(fs, fd)->now;
    if ((size_t)offset >= b->len)
        return 0;
    const size_t got = b->len - (size_t)offset < len ? b->len - (size_t)offset : len;
    memcpy(bytes, b->at + offset, got);
    return (ssize_t)got;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct memfs_name *)a)->path, ((const struct memfs_name *)b)->path);
}

static int mem_list(const struct dumpio *io, const char *folder, io_each *each, void *arg)
{
    struct memfs *fs = io->ctx;
    const int error = begin_call(fs);
    if (error != 0)
        return error;
    if (!has_folder(fs, folder))
        return find(&fs->now, folder) != NULL ? -ENOTDIR : -ENOENT;
    struct memfs_names *all = malloc(sizeof *all); /* `each` may change the names */
    assert(all != NULL);
    all->count = 0;
    for (size_t i = 0; i < fs->now.count; i++)
        if (lies_in(fs->now.name[i].path, folder))
            all->name[all->count++] = fs->now.name[i];
    for (size_t i = 0; i < fs->folder_count; i++)
        if (lies_in(fs->folder[i], folder))
            (void)snprintf(all->name[all->count++].path, MEMFS_PATH_MAX, "%s", fs->folder[i]);
    qsort(all->name, all->count, sizeof all->name[0], by_path);
    int result = 0;
    for (size_t i = 0; i < all->count && result == 0; i++)
        result = each(arg, all->name[i].path + strlen(folder) + 1);
    free(all);
    return result;
}

struct dumpio memfs_io(struct memfs *fs)
{
    return (struct dumpio){ .ctx = fs,
                            .open = mem_open,
                            .size = mem_size,
                            .pwrite = mem_pwrite,
                            .truncate = mem_truncate,
                            .writeback = mem_writeback,
                            .fsync = mem_fsync,
                            .close = mem_close,
                            .rename = mem_rename,
                            .unlink = mem_unlink,
                            .sync_folder = mem_sync_folder,
                            .pread = mem_pread,
                            .list = mem_list };
}

/* ---- life ------------------------------------------------------------------------------------ */
static void close_all(struct memfs *fs)
{
    for (size_t i = 0; i < MEMFS_FDS_MAX; i++)
        fs->fd_file[i] = -1;
}

struct memfs *memfs_create(void)
{
    struct memfs *fs = calloc(1, sizeof *fs);
    assert(fs != NULL);
    close_all(fs);
    return fs;
}

void memfs_add_folder(struct memfs *fs, const char *path)
{
    assert(fs->folder_count < MEMFS_FOLDERS_MAX);
    (void)snprintf(fs->folder[fs->folder_count++], MEMFS_PATH_MAX, "%s", path);
}

void memfs_add_file(struct memfs *fs, const char *path, const char *text)
{
    const int file = new_file(fs);
    put(&fs->now, path, file);
    put(&fs->durable, path, file);
    free(fs->file[file].now.at);
    fs->file[file].now = bytes_copy(text, strlen(text));
    make_durable(&fs->file[file]);
}

struct memfs *memfs_copy(const struct memfs *fs)
{
    struct memfs *to = malloc(sizeof *to);
    assert(to != NULL);
    *to = *fs;
    for (size_t i = 0; i < fs->file_count; i++) {
        const struct memfs_file *from = &fs->file[i];
        struct memfs_file *f = &to->file[i];
        *f = (struct memfs_file){ .now = bytes_copy(from->now.at, from->now.len),
                                  .durable = bytes_copy(from->durable.at, from->durable.len) };
        f->pending = calloc(from->pending_count + 1, sizeof *f->pending);
        assert(f->pending != NULL);
        f->pending_count = from->pending_count;
        for (size_t j = 0; j < from->pending_count; j++) {
            f->pending[j] = from->pending[j];
            if (from->pending[j].bytes.at != NULL)
                f->pending[j].bytes =
                    bytes_copy(from->pending[j].bytes.at, from->pending[j].bytes.len);
        }
    }
    close_all(to);
    to->calls = to->changes = to->fail_at = to->die_at = 0;
    to->dead = to->stays = false;
    to->before_change = NULL;
    return to;
}

void memfs_destroy(struct memfs *fs)
{
    for (size_t i = 0; i < fs->file_count; i++) {
        drop_pending(&fs->file[i]);
        free(fs->file[i].now.at);
        free(fs->file[i].durable.at);
    }
    free(fs);
}

/* ---- power ----------------------------------------------------------------------------------- */
/* How many of `n` reach the disk. */
static size_t survivors(size_t n, enum memfs_crash how, struct rng *rng)
{
    if (how == MEMFS_KEEP)
        return n;
    return how == MEMFS_DROP ? 0 : (size_t)rng_below(rng, n + 1);
}

/* The `len` last bytes of a write. */
static void apply_end(struct memfs_bytes *b, const struct memfs_write *w, size_t len)
{
    const size_t skip = w->bytes.len - len;
    const struct memfs_write end = { .offset = w->offset + skip,
                                     .bytes = { w->bytes.at + skip, len } };
    apply_write(b, &end, len);
}

/* What became of one write, whatever became of those before it. */
static void scatter_write(struct memfs_bytes *b, const struct memfs_write *w, struct rng *rng)
{
    const uint64_t fate = rng_below(rng, 4);
    const size_t len = (size_t)rng_below(rng, w->bytes.len + 1);
    if (fate == 0)
        apply_write(b, w, w->bytes.len);
    else if (fate == 1 && w->bytes.at != NULL)
        apply_write(b, w, len);
    else if (fate == 2 && w->bytes.at != NULL)
        apply_end(b, w, len);
}

static void keep_some(struct memfs_file *f, enum memfs_crash how, struct rng *rng)
{
    const size_t count = survivors(f->pending_count, how, rng);
    for (size_t i = 0; i < count; i++)
        apply_write(&f->durable, &f->pending[i], f->pending[i].bytes.len);
    if (how == MEMFS_TEAR && count < f->pending_count) {
        const struct memfs_write *w = &f->pending[count];
        if (w->bytes.at != NULL)
            apply_write(&f->durable, w, (size_t)rng_below(rng, w->bytes.len + 1));
    }
}

static void crash_file(struct memfs_file *f, enum memfs_crash how, struct rng *rng)
{
    if (how == MEMFS_SCATTER)
        for (size_t i = 0; i < f->pending_count; i++)
            scatter_write(&f->durable, &f->pending[i], rng);
    else
        keep_some(f, how, rng);
    drop_pending(f);
    free(f->now.at);
    f->now = bytes_copy(f->durable.at, f->durable.len);
}

static size_t ops_in(const struct memfs *fs, const char *folder)
{
    size_t count = 0;
    for (size_t i = 0; i < fs->op_count; i++)
        count += op_in(&fs->op[i], folder);
    return count;
}

void memfs_crash(struct memfs *fs, enum memfs_crash how, struct rng *rng)
{
    for (size_t i = 0; i < fs->file_count; i++)
        crash_file(&fs->file[i], how, rng);
    for (size_t i = 0; i < fs->folder_count; i++)
        settle_folder(fs, fs->folder[i], survivors(ops_in(fs, fs->folder[i]), how, rng));
    fs->now = fs->durable;
    close_all(fs);
    fs->dead = fs->stays = false;
    fs->die_at = fs->fail_at = fs->calls = fs->changes = 0;
    fs->before_change = NULL;
}

const struct memfs_bytes *memfs_read(const struct memfs *fs, const char *path)
{
    for (size_t i = 0; i < fs->now.count; i++)
        if (strcmp(fs->now.name[i].path, path) == 0)
            return &fs->file[fs->now.name[i].file].now;
    return NULL;
}
