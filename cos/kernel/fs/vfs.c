/* vfs.c - see vfs.h. Raw system calls on the descriptor of the host directory.
 *
 * A file is opened for each write: logs get a line an hour, and a line that is written is then
 * in the file whatever happens to this process. */
#include "cos/kernel/fs/vfs.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/errno.h"
#include "cos/kernel/mm/filemap.h"
#include "cos/kernel/mm/writeback.h"
#include "cos/kernel/sched/task.h"
#include "shared/machine.h"
#include "shared/rawsys.h"

/* open(2) flags of x86-64 Linux */
#define O_WRONLY_RAW 01
#define O_CREAT_RAW 0100
#define O_APPEND_RAW 02000
#define SEEK_END_RAW 2
#define O_NOFOLLOW_RAW 0400000
#define O_CLOEXEC_RAW 02000000
#define O_DIRECTORY_RAW 0200000
#define AT_REMOVEDIR_RAW 0x200
#define FILE_MODE 0644
#define FOLDER_MODE 0755

static int open_file(const char *path, int flags)
{
    return (int)rawsys6(RAWSYS_openat, MACHINE_FD_HOST, (long)(uintptr_t)path,
                        flags | O_WRONLY_RAW | O_CREAT_RAW | O_NOFOLLOW_RAW | O_CLOEXEC_RAW,
                        FILE_MODE, 0, 0);
}

static int write_all(int fd, const char *data, uint32_t n)
{
    while (n > 0) {
        const long wrote = rawsys3(RAWSYS_write, fd, (long)(uintptr_t)data, n);
        if (wrote == -EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? (int)wrote : -ENOSPC;
        data += wrote;
        n -= (uint32_t)wrote;
    }
    return 0;
}

/* The bytes of page `index` of a file of the host directory; what is not there stays zero. */
static void read_page(const struct address_space *f, uint32_t index, char *bytes)
{
    const long fd = rawsys6(RAWSYS_openat, MACHINE_FD_HOST, (long)(uintptr_t)f->name,
                            O_NOFOLLOW_RAW | O_CLOEXEC_RAW, 0, 0, 0);
    if (fd < 0)
        return;
    for (long n = 1, at = 0; at < PAGE_SIZE && n > 0; at += n)
        n = rawsys6(RAWSYS_pread64, fd, (long)(uintptr_t)(bytes + at), PAGE_SIZE - at,
                    (long)index * PAGE_SIZE + at, 0, 0);
    (void)rawsys3(RAWSYS_close, fd, 0, 0);
}

/* Open for appending. @return the descriptor or a negative errno; *end is the file's length */
static int open_log(const char *path, uint64_t *end)
{
    cpu_charge((uint64_t)3 * COST_SYSCALL); /* open, write, close */
    file_readpage = read_page;
    const int fd = open_file(path, O_APPEND_RAW);
    const long length = fd >= 0 ? rawsys3(RAWSYS_lseek, fd, 0, SEEK_END_RAW) : fd;
    *end = length >= 0 ? (uint64_t)length : 0;
    return fd;
}

static int close_log(int fd, int error)
{
    return vfs_first_error(error, (int)rawsys3(RAWSYS_close, fd, 0, 0));
}

/* The host directory first: what comes after may sleep, and the caller's buffer may be another's
 * then. */
int vfs_append(const char *path, const char *data, uint32_t n)
{
    uint64_t end;
    const int fd = open_log(path, &end);
    if (fd < 0)
        return fd;
    const int error = close_log(fd, write_all(fd, data, n));
    return error != 0 ? error : file_write(path, end, NULL, n);
}

int vfs_append_sync(const char *path, const char *data, uint32_t n)
{
    uint64_t end;
    const int fd = open_log(path, &end);
    if (fd < 0)
        return fd;
    int error = file_write(path, end, data, n);
    if (error == 0) {
        file_fsync(path);
        error = write_all(fd, data, n);
    }
    return close_log(fd, error);
}

int vfs_replace(const char *path, const char *data, uint32_t n)
{
    cpu_charge((uint64_t)3 * COST_SYSCALL);
    const int fd = open_file(path, 0);
    if (fd < 0)
        return fd;
    int error = write_all(fd, data, n);
    if (error == 0)
        error = (int)rawsys3(RAWSYS_ftruncate, fd, n, 0);
    const int close_error = (int)rawsys3(RAWSYS_close, fd, 0, 0);
    return error != 0 ? error : close_error;
}

int vfs_rename(const char *from, const char *to)
{
    cpu_charge(COST_SYSCALL);
    const long error = rawsys6(RAWSYS_renameat, MACHINE_FD_HOST, (long)(uintptr_t)from,
                               MACHINE_FD_HOST, (long)(uintptr_t)to, 0, 0);
    if (error == 0)
        file_rename(from, to);
    return (int)error;
}

/* ---- folders --------------------------------------------------------------------------------- */
int vfs_mkdir(const char *path)
{
    cpu_charge(COST_SYSCALL);
    const long made = rawsys3(RAWSYS_mkdirat, MACHINE_FD_HOST, (long)(uintptr_t)path, FOLDER_MODE);
    return made == -EEXIST ? 0 : (int)made;
}

static int unlink_path(const char *path, int flags)
{
    cpu_charge(COST_SYSCALL);
    const long gone = rawsys3(RAWSYS_unlinkat, MACHINE_FD_HOST, (long)(uintptr_t)path, flags);
    return gone == -ENOENT ? 0 : (int)gone;
}

int vfs_remove_folder(const char *path, const char *const *names)
{
    char inside[64];
    int error = 0;
    for (; *names != NULL; names++) {
        (void)snprintf(inside, sizeof inside, "%s/%s", path, *names);
        error = vfs_first_error(error, unlink_path(inside, 0));
    }
    return vfs_first_error(error, unlink_path(path, AT_REMOVEDIR_RAW));
}

/* A record of getdents64(2): its own length at offset 16, the name from 19 on. */
#define DENT_LENGTH 16
#define DENT_NAME 19

/* @return the number that a name is, 0 = none (nor is "0" one that anybody looks for) */
static uint32_t number_of(const char *name)
{
    uint32_t n = 0;
    for (; *name >= '0' && *name <= '9' && n < 1000000; name++)
        n = n * 10 + (uint32_t)(*name - '0');
    return *name == '\0' ? n : 0;
}

static int each_in(const char *entries, long bytes, int (*fn)(uint32_t number))
{
    int error = 0;
    for (long at = 0; at < bytes;) {
        uint16_t length;
        memcpy(&length, entries + at + DENT_LENGTH, sizeof length);
        const uint32_t number = number_of(entries + at + DENT_NAME);
        if (number != 0)
            error = vfs_first_error(error, fn(number));
        at += length;
    }
    return error;
}

int vfs_each_number(const char *path, int (*fn)(uint32_t number))
{
    static char entries[2048]; /* what the host's disk holds is no part of this machine: cleared */
    const int fd = (int)rawsys6(RAWSYS_openat, MACHINE_FD_HOST, (long)(uintptr_t)path,
                                O_DIRECTORY_RAW | O_CLOEXEC_RAW, 0, 0, 0);
    if (fd < 0)
        return fd;
    int error = 0;
    long n;
    while ((n = rawsys3(RAWSYS_getdents64, fd, (long)(uintptr_t)entries, sizeof entries)) > 0)
        error = vfs_first_error(error, each_in(entries, n, fn));
    memset(entries, 0, sizeof entries);
    const int close_error = (int)rawsys3(RAWSYS_close, fd, 0, 0);
    error = vfs_first_error(error, n < 0 ? (int)n : 0);
    return vfs_first_error(error, close_error);
}
