/* coscore.h - the cos-core: the memory and the tasks of the COS as a standard ELF core file.
 *
 *     ELF header, program headers
 *     PT_NOTE   NT_PRSTATUS of the running task, NT_PRPSINFO, NT_AUXV,
 *               note "LOSTBEAT" (shared/cosinfo.h), NT_PRSTATUS of every other task
 *     PT_LOAD   COS RAM from PAGE_OFFSET on, cut where pages of the image lie that are not RAM;
 *               those come from the image file, so that text and unwind tables are in the core
 *
 * Each COS task is a thread whose LWP is its COS pid. Pid 0 has no number of its own in a core
 * (given LWP 0, gdb 13 says that the thread has terminated and eu-stack ends its list there), so
 * the swapper is LWP CORE_LWP_SWAPPER, which no COS pid can be.
 *
 * RAM is written from the VMkernel's mapping. Holes of the memory and runs of zero pages stay holes
 * of the file. The file appears under its name when it is whole and on disk. */
#ifndef VMK_COSCORE_H
#define VMK_COSCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/units.h"
#include "vmkernel/foreign/cosmem.h"
#include "vmkernel/io/dumpio.h"

#define CORE_LWP_SWAPPER 32768u   /* PID_MAX of 2.4: pids end at 32767 */
#define CORE_WRITE_BYTES (4 * MB) /* one write */
#define CORE_HOLE_PAGES 8u        /* this many zero pages in a row become a hole */
#define CORE_SYNC_BYTES (32 * MB) /* writeback starts after this much: fsync then finds little */

struct core_source {
    const struct cosmem *mem;
    const struct cos_tasks *tasks;
    int memory_fd;       /* the machine memory, to find its holes; -1 = look at every page */
    uint64_t ram_offset; /* of COS RAM in it */
    const char *release; /* kernel release for OSRELEASE= */
    bool stunned;
    uint64_t time_ns; /* virtual time of the dump */
};

struct core_result {
    uint64_t bytes;   /* length of the file */
    uint64_t written; /* bytes that are not holes */
};

/** Write the core to `path`. @return 0, or -errno with nothing under that name changed */
int coscore_write(const struct dumpio *io, const char *path, const struct core_source *src,
                  struct core_result *ret);

#endif /* VMK_COSCORE_H */
