/* vmnix.h - the VMNIX channel: how the COS asks the VMkernel for something.
 *
 * Four slots in the window, each with at most one request under way:
 *
 *     rpc      a call of a program or of the kernel; the COS lets one caller at a time in
 *     swap     a SCSI command to the swap partition
 *     root     a SCSI command to the root partition
 *     storage  as rpc, a call about storage: it may take as long as an array takes to answer
 *
 *     COS        request: op, caller, ...; then seq + 1       closed = seq when it is over
 *     VMkernel   answer for seq: done at an instant, or refused; none = it is not over yet
 *
 * To be heard at once the COS hands the baton over (GATE_YIELD_CALL). That costs a pair of
 * hand-overs, so the VMkernel says beforehand what it would answer to plain requests (struct
 * vmnix_rules): "done, after the usual time". Such a request is posted like any other, and carried
 * out without a word. As soon as anything stands in the way, the rule falls, and every request of
 * its kind is handed over.
 *
 * SCSI commands carry a serial number. The counter of the driver has 64 bits, and the table in
 * which the VMkernel looks a completion up has 32: what is beyond 4294967295 is not found, so its
 * completion is lost [KB2009232].
 *
 * The VMkernel trusts nothing here: it copies a request once, checks the copy and uses it. Ops and
 * service times are OUR CHOICE; the product's are not public. */
#ifndef SHARED_VMNIX_H
#define SHARED_VMNIX_H

#include <stdint.h>

#include "shared/machine.h"
#include "shared/units.h"

#define VMNIX_SERIAL_MAX 0xffffffffu    /* the last serial number that is found [KB2009232] */
#define VMNIX_SERVICE_NS_MAX NS_PER_MIN /* of a request; more is senseless */
#define VMNIX_PAGES_MAX 256u            /* of a SCSI command */
#define VMNIX_COMM 16u

enum vmnix_slot_name {
    VMNIX_RPC = 0,
    VMNIX_SWAP = 1,
    VMNIX_ROOT = 2,
    VMNIX_STORAGE = 3,
    VMNIX_SLOTS = 4
};

/* op: value, name in the zdump, service time in ns, whether it is about storage: then it needs the
 * datastore, and goes through the slot of that name. 0 = the
 * caller's CPU does it within the call. */
#define VMNIX_OP_LIST(X)                                                           \
    X(VMNIX_OP_HEARTBEAT, 1, "heartbeat", 0, 0)    /* vmnixhbd's doorbell */       \
    X(VMNIX_OP_INFO, 2, "info", 0, 0)              /* uptime, worlds, sensors */   \
    X(VMNIX_OP_STORAGE, 3, "storage", 3000000, 1)  /* state of a datastore */      \
    X(VMNIX_OP_RESCAN, 4, "rescan", 8000000000, 1) /* look for LUNs and volumes */ \
    X(VMNIX_OP_ABORT, 5, "abort", 1000000, 0)      /* arg: serial of a command */  \
    X(VMNIX_OP_READ, 6, "read", 0, 0)              /* SCSI */                      \
    X(VMNIX_OP_WRITE, 7, "write", 0, 0)            /* SCSI */
#define VMNIX_OP_ENUM(id, value, name, ns, storage) id = value,
enum vmnix_op { VMNIX_OP_NONE = 0, VMNIX_OP_LIST(VMNIX_OP_ENUM) VMNIX_OPS = 8 };
#undef VMNIX_OP_ENUM

struct vmnix_request { /* COS -> VMkernel */
    uint32_t seq;      /* +1 per request of the slot, written last */
    uint32_t op;       /* enum vmnix_op */
    uint32_t pid;      /* the caller; 0 for commands */
    char comm[VMNIX_COMM];
    uint32_t by_rule;      /* 1 = carried out by rule */
    uint64_t posted_ns;    /* when */
    uint64_t arg;          /* SCSI, abort: serial number */
    uint64_t service_ns;   /* SCSI: what the drive takes for it */
    uint32_t block, pages; /* SCSI: first page-sized block of the disk, length */
    uint32_t closed;       /* seq of the last request that is over */
    uint32_t pad;
};

enum vmnix_status { VMNIX_OPEN = 0, VMNIX_DONE = 1, VMNIX_REFUSED = 2 };

struct vmnix_answer { /* VMkernel -> COS */
    uint32_t seq;     /* of the request that it answers */
    uint32_t status;  /* enum vmnix_status */
    uint64_t at_ns;   /* DONE: when the completion interrupt comes */
};

struct vmnix_rules { /* VMkernel -> COS: 1 = plain requests of this slot go by rule */
    uint32_t plain[VMNIX_SLOTS];
    uint32_t pad;
    uint64_t serial_max; /* SCSI: up to this one */
};

struct vmnix {
    struct vmnix_rules rules;
    uint64_t serial; /* of the next command; counted by the COS's driver */
    struct vmnix_request request[VMNIX_SLOTS];
    struct vmnix_answer answer[VMNIX_SLOTS];
};
_Static_assert(sizeof(struct vmnix) <= MACHINE_VMNIX_SIZE, "the channel fits its pages");

#endif /* SHARED_VMNIX_H */
