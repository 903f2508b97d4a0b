/* dump_host.h - a host that is ready to be dumped: a VMkernel's record filled by hand, and minicos
 * as its COS.
 *
 * The watchdog, the log and the world table are real ones in the state of KB 308590
 * (42:14:03:29.341 of uptime, two alerts); the COS is tests/lib/minicos with six tasks, VMap (pid
 * 9173) running. All figures are fixed, so two hosts dump to the same bytes. */
#ifndef TESTS_DUMP_HOST_H
#define TESTS_DUMP_HOST_H

#include "vmkernel/dump/dump.h"
#include "vmkernel/host/vmk.h"

#define DUMP_HOST_RAM_MB 32u
#define DUMP_HOST_TASKS 6u
#define DUMP_HOST_NOW_NS 3679409341000000ull /* 42:14:03:29.341 [KB308590/Screen] */
#define DUMP_HOST_UUID "4533e089-1dfcdd21-f1d3-001a140ebdca"

struct dump_host {
    struct vmk vmk;
    char dir[64]; /* the host directory, made under /tmp and removed by dump_host_fini() */
};

/** Make the host and start its COS; returns when every task has saved its registers. Exits the test
 * on failure, as all here. */
struct dump_host *dump_host_create(void);
/** Freeze the COS for reading without a dump. */
void dump_host_stun(struct dump_host *h);
/** "<dir>/<name>"; the buffer is overwritten by the fourth call after it. */
const char *dump_host_path(const struct dump_host *h, const char *name);
/** Path of the core. */
const char *dump_host_core(const struct dump_host *h);
/** A whole file as a string (free with free()); NULL when there is none. */
char *dump_host_read(const char *path, size_t *ret_len);
/** Run a shell command, return what it prints (stdout and stderr together, free with free()). */
char *dump_host_run(int *ret_status, const char *format, ...) __attribute__((format(printf, 2, 3)));
void dump_host_destroy(struct dump_host *h);

/** Path of minicos: $MINICOS, or tests/minicos in the build folder of the running program. */
const char *dump_host_minicos(void);

#endif /* TESTS_DUMP_HOST_H */
