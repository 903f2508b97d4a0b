/* hostdir.h - the host directory: its folders, the VMkernel's own files in it, and the run's record
 * under run/.
 *
 * What lies where stands in the README of a host; here are the folders that the VMkernel makes,
 * etc/vmware/esx.conf, the log's files (effects of log.h), pid files, the journal of what came from
 * outside, and result.json. Everything is reached through vmk->host_fd. */
#ifndef VMK_HOSTDIR_H
#define VMK_HOSTDIR_H

#include <stddef.h>

#include "shared/err.h"
#include "vmkernel/host/vmk.h"

struct hostdir { /* open files */
    int lock_fd;
};

/** Open the host, lock it against a second VMkernel, make its folders, and its options if it has
 * none yet. vmk->plan must be loaded.
 *  @return 0, or a code of err.h with one line in err */
int hostdir_init(struct hostdir *dir, struct vmk *vmk, struct err *err);
/** Make the log's files if they are not there (logs were rotated before), and open the journal.
 * @return 0, or a code of err.h with one line in err */
int hostdir_open_logs(struct vmk *vmk, struct err *err);
void hostdir_fini(struct hostdir *dir, struct vmk *vmk);

/** The effects by which the log reaches its files. */
struct log_effects hostdir_log_effects(struct vmk *vmk);

/** Write run/<name>.pid. @return 0 or -errno */
int hostdir_write_pid(const struct vmk *vmk, const char *name, pid_t pid);
void hostdir_remove_pids(const struct vmk *vmk);

/** Put one line of what came from outside into run/journal:
 * {"at_ns":N,"event":"...","target":"..."}. A failure is noted in vmk->note. */
void hostdir_journal(struct vmk *vmk, uint64_t at_ns, const char *event, const char *target);

/** The same for what a fault did: {"at_ns":N,"event":"fault","fault":I,"type":"...","what":"...",
 * "value":[N,N]}, I its index in the plan. */
void hostdir_journal_fault(struct vmk *vmk, const struct fault_note *note, const char *type,
                           const char *what);

/** Write run/result.json. @return 0, or a code of err.h with one line in err */
int hostdir_write_result(const struct vmk *vmk, struct err *err);
/** Write run/start.json: what this start found (plan.boot.start). @return as
 * hostdir_write_result() */
int hostdir_write_start(const struct vmk *vmk, struct err *err);

#endif /* VMK_HOSTDIR_H */
