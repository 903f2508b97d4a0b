/* hypotheses.c - the list of all causes; a new one is a new file and a line here. */
#include "tools/diagnose/causes/hypothesis.h"

const struct hypothesis *const hypotheses[] = {
    &cause_memory_leak,
    &cause_memory_spike,
    &cause_large_footprint,
    &cause_under_provisioned,
    &cause_too_many_processes,
    &cause_cpu_contention,
    &cause_daemon_failed,
    &cause_mechanism_broken,
    &cause_rpc_hang,
    &cause_vmkernel_scheduling,
    &cause_storage_hang,
    &cause_not_lost_heartbeat,
    NULL,
};
