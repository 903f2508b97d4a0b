/* cause.h - the causes of a missing heartbeat, by name: what a scenario injects and what a
 * diagnosis finds.
 *
 * A new cause is a line here and its file, tools/diagnose/causes/cause_ID.c. */
#ifndef SHARED_CAUSE_H
#define SHARED_CAUSE_H

/* id, name */
#define CAUSE_LIST(X)                                                                             \
    X(memory_leak, "memory-leak")             /* one program grows until RAM and swap are gone */ \
    X(memory_spike, "memory-spike")           /* memory was gone within the hour: no trend */     \
    X(large_footprint, "large-footprint")     /* one program is too big; it does not grow */      \
    X(under_provisioned, "under-provisioned") /* the normal load does not fit */                  \
    X(too_many_processes, "too-many-processes") /* each of them small */                          \
    X(cpu_contention, "cpu-contention")         /* something keeps the CPU from vmnixhbd */       \
    X(daemon_failed, "daemon-failed")           /* vmnixhbd died, was stopped or never started */ \
    X(mechanism_broken, "mechanism-broken")     /* it beats, the VMkernel does not get it */      \
    X(rpc_hang, "rpc-hang")                     /* a VMNIX call never returns */                  \
    X(vmkernel_scheduling, "vmkernel-scheduling") /* the console world is not run */              \
    X(storage_hang, "storage-hang") /* I/O of the console's disk or swap never completes */       \
    X(not_lost_heartbeat, "not-lost-heartbeat") /* another purple screen */

/* For a list of names. */
#define CAUSE_NAME(id, name) name,

#endif /* SHARED_CAUSE_H */
