/* vmk.h - the VMkernel's state: one record that all its modules share.
 *
 * Filled by main.c in the order of the fields and never moved. A module gets the whole record when
 * it must act on the host (console.c, dump.c) and only its own part when it can do with that (hb.c,
 * worlds.c, log.c).
 *
 * Everything behind `machine` can be written by the COS at any time while it runs, and by a COS
 * that went mad: copy once, check the copy, use the copy.
 */
#ifndef VMK_VMK_H
#define VMK_VMK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/boot.h"
#include "shared/esxconf.h"
#include "shared/fault_clock.h"
#include "shared/gate.h"
#include "shared/machine.h"
#include "shared/path.h"
#include "shared/plan.h"
#include "shared/ring.h"
#include "shared/vmnix.h"
#include "vmkernel/io/dumpio.h"
#include "vmkernel/model/calls.h"
#include "vmkernel/model/hb.h"
#include "vmkernel/model/log.h"
#include "vmkernel/model/profile.h"
#include "vmkernel/model/routine.h"
#include "vmkernel/model/worlds.h"

/* The machine memory as the VMkernel has it mapped (machine.c). */
struct machine {
    int memory_fd; /* the sealed memfd */
    int swap_fd;   /* the COS's swap partition, an unnamed memfd */
    uint64_t bytes;
    uint64_t ram_bytes;
    unsigned char *base; /* all of it, shared */
    struct machine_hostinfo *info;
    struct ring *ring;
    struct gate *gate;
    struct boot_params *boot;
    struct fault_notes *notes;
    struct vmnix *vmnix;
    unsigned char *ram; /* COS RAM, physical address 0 */
};

/* How the console world stands. */
enum vmk_cos {
    VMK_COS_RUNS,        /* it is granted time */
    VMK_COS_STOPPED,     /* somebody stopped its process: time goes on without it */
    VMK_COS_STUNNED,     /* frozen with ptrace by the dump; nothing of it changes any more */
    VMK_COS_NOT_STUNNED, /* it died by itself, or it could not be frozen; registers are those of its
                            last hand-over */
};

/* What became of the host's power, for the next start. */
enum vmk_end {
    VMK_END_OFF,        /* cut off while it ran */
    VMK_END_RUNNING,    /* it runs, and nobody looks any further; the next start cuts it off */
    VMK_END_HALT,       /* shut down */
    VMK_END_REBOOT,     /* shut down, to start again */
    VMK_END_PURPLE,     /* stands with a purple screen */
    VMK_END_NO_CONSOLE, /* its console was lost, and Misc.PsodOnCosPanic is 0 */
};

/* The host's options, from etc/vmware/esx.conf (options.c). */
struct vmk_options {
    char core_uuid[ESXCONF_UUID_MAX]; /* the datastore of the COS core */
    char core_name[ESXCONF_NAME_MAX]; /* "" = no core; then core_why says why */
    char core_why[160];
    bool psod_on_cos_panic;
};

/* How the run ended (result.json; names by CONTRACT.md). */
enum vmk_outcome {
    VMK_RUNNING,
    VMK_SURVIVED,
    VMK_LOST_HEARTBEAT,
    VMK_COS_OOPS,
    VMK_COS_PANIC,
    VMK_VMKERNEL_PSOD
};

struct vmk {
    struct plan plan;
    const struct profile *profile;
    char host_dir[PATH_SIZE]; /* as given on the command line */
    int host_fd;              /* the same as a descriptor, for *at() calls */
    char cos_path[PATH_SIZE]; /* the COS's executable: trusted, has .cosinfo and the symbols */
    char hbd_path[PATH_SIZE];

    uint64_t now_ns; /* the virtual clock, ns since VMkernel boot; only console.c and the dump
                        advance it */
    struct machine machine;
    pid_t cos_pid, hbd_pid; /* 0 = not started or reaped */
    enum vmk_cos cos;
    enum vmk_outcome outcome;
    char headline[96]; /* of the screen, "" while there is none */
    char note[256];    /* for result.json */
    enum vmk_end end;
    struct vmk_options options;
    const struct dumpio *io; /* effects of dump and recovery */

    struct log log;
    struct routine routine;
    struct worlds worlds;
    struct hb hb;
    struct ring_consumer ring;
    struct ring_log ring_log;
    struct rpc rpc;
    struct fault_queue faults;
    uint64_t doorbells;        /* that reached the VMkernel */
    uint64_t notes_seen;       /* of the COS's notes of faults */
    uint64_t starved_since_ns; /* while worlds.keeper keeps pCPU 0 */
    uint64_t beats_gap;        /* beats that never arrived */
    uint64_t grants;           /* how often the COS got the baton */
    int journal_fd;            /* run/journal */
    int progress_fd;           /* -1 = none */
};

#endif /* VMK_VMK_H */
