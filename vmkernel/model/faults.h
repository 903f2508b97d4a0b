/* faults.h - when the VMkernel's faults begin and end.
 *
 * Pure: it holds the schedule of those faults of the plan that are the VMkernel's to carry out
 * (fault_side()) and says which of them begins or ends next. What a fault does stands in inject.c
 * and where the broken part is (console.c, rpc.c, scsi.c), which ask faults_active().
 *
 *     waiting --begins--> on --for is over--> off --every, times left--> waiting
 *
 * At equal instants ends come before beginnings, and within both the plan's order counts. A fault
 * that strikes once (a signal, a stray write) begins and is never on. */
#ifndef VMK_FAULTS_H
#define VMK_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/fault.h"

struct faults {
    uint32_t count;
    struct faults_one {
        const struct fault *fault; /* the plan's; outlives this record */
        uint32_t index;            /* in the plan */
        uint32_t next;             /* number of its next beginning */
        bool on;
        uint64_t ends_ns; /* while on; UINT64_MAX = never */
    } one[FAULTS_MAX];
};

struct faults_event {
    const struct fault *fault;
    uint32_t index; /* in the plan */
    bool begins;    /* else it ends */
    uint64_t at_ns;
};

/** Take the VMkernel's faults out of `fault[0..count)`, which must stay where it is. */
void faults_init(struct faults *f, const struct fault *fault, uint32_t count);

/** When something begins or ends next; UINT64_MAX = never. */
uint64_t faults_next_ns(const struct faults *f);

/** Take the next beginning or end that is due at `now_ns`. @return false when there is none (*ret
 * untouched) */
bool faults_take(struct faults *f, uint64_t now_ns, struct faults_event *ret);

/** The beginning that was taken last of fault `index` does not happen (`unless` held). */
void faults_skip(struct faults *f, uint32_t index);

/** The first fault of `type` that is on; NULL = none. */
const struct fault *faults_active(const struct faults *f, uint32_t type);

/** The first fault of `type` that is on and whose target is `target` or empty. @param ret_ends_ns
 * when it ends, UINT64_MAX = never; may be NULL */
const struct fault *faults_active_on(const struct faults *f, uint32_t type, const char *target,
                                     uint64_t *ret_ends_ns);

#endif /* VMK_FAULTS_H */
