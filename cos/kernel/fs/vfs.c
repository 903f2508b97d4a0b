/* vfs.c - see vfs.h. Raw system calls on the descriptor of the host directory.
 *
 * A file is opened for each write: logs get a line an hour, and a line that is written is then
 * in the file whatever happens to this process. */
#include "cos/kernel/fs/vfs.h"

#include "cos/kernel/cost.h"
#include "cos/kernel/task.h"
#include "shared/machine.h"
#include "shared/rawsys.h"

/* open(2) flags of x86-64 Linux */
#define O_WRONLY_RAW 01
#define O_CREAT_RAW 0100
#define O_TRUNC_RAW 01000
#define O_APPEND_RAW 02000
#define O_NOFOLLOW_RAW 0400000
#define O_CLOEXEC_RAW 02000000
#define FILE_MODE 0644
#define EINTR_RAW (-4)
#define ENOSPC_RAW (-28)
#define ENAMETOOLONG_RAW (-36)

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
        if (wrote == EINTR_RAW)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? (int)wrote : ENOSPC_RAW;
        data += wrote;
        n -= (uint32_t)wrote;
    }
    return 0;
}

static int write_file(const char *path, int flags, const char *data, uint32_t n)
{
    cpu_charge((uint64_t)3 * COST_SYSCALL); /* open, write, close */
    const int fd = open_file(path, flags);
    if (fd < 0)
        return fd;
    const int error = write_all(fd, data, n);
    const int close_error = (int)rawsys3(RAWSYS_close, fd, 0, 0);
    return error != 0 ? error : close_error;
}

int vfs_append(const char *path, const char *data, uint32_t n)
{
    return write_file(path, O_APPEND_RAW, data, n);
}

int vfs_replace(const char *path, const char *data, uint32_t n)
{
    char temporary[VFS_PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return ENAMETOOLONG_RAW;
    const int error = write_file(temporary, O_TRUNC_RAW, data, n);
    if (error != 0)
        return error;
    return (int)rawsys6(RAWSYS_renameat, MACHINE_FD_HOST, (long)(uintptr_t)temporary,
                        MACHINE_FD_HOST, (long)(uintptr_t)path, 0, 0);
}
