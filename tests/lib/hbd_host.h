/* hbd_host.h - a machine for vmnixhbd alone: memory, a parent, and a COS that answers.
 *
 * Plays the VMkernel (makes and seals the memory, starts vmnixhbd, notes its death) and the COS
 * (answers its calls from a table of knobs) in one process, so that vmnixhbd can be tested and
 * measured without either. Virtual time moves only by what the knobs say. */
#ifndef TESTS_HBD_HOST_H
#define TESTS_HBD_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/boot.h"
#include "shared/gate.h"
#include "shared/machine.h"
#include "shared/ring.h"

#define HBD_HOST_INTERVAL_NS 60000000000ull
#define HBD_HOST_PAGE 0x01234000u /* physical address of the page that PAGE_ALLOC hands out */
#define HBD_HOST_CALLS 8u         /* call numbers that are counted */

/* What a turn of vmnixhbd ended with, besides a call's number. */
enum { HBD_HOST_DIED = -1, HBD_HOST_STOPPED = -2, HBD_HOST_SILENT = -3 };

struct hbd_host {
    int fd;
    uint8_t *memory;
    uint64_t memory_bytes;
    struct machine_hostinfo *info;
    struct boot_params *boot;
    struct gate *gate;
    struct ring *ring;
    pid_t pid;  /* of vmnixhbd; 0 = not started */
    int err_fd; /* its stderr */
    int status; /* as waitpid gave it, once dead */
    uint64_t now_ns;
    struct gate_call last; /* copy of the call that is to be answered */
    uint64_t calls[HBD_HOST_CALLS];
    char syslog[GATE_TEXT_MAX]; /* last line */
    uint64_t doorbells;
    /* knobs */
    uint64_t alloc_takes_ns, free_takes_ns, wait_late_ns;
    int64_t alloc_result; /* 0 = HBD_HOST_PAGE */
    int64_t free_result;
    bool patient; /* wait for vmnixhbd without a deadline: saves the clock's system calls where
                     turns are measured */
    void (*before_answer)(struct hbd_host *h); /* NULL = nothing */
};

/** Make a machine of `ram_mb` MB and fill in its pages. Exits the test on failure, as all here. */
void hbd_host_init(struct hbd_host *h, uint32_t ram_mb, uint64_t interval_ns);
/** Start `program` as a VMkernel does: the memory as descriptor 3, argv {"vmnixhbd"}, and an
 * environment of `setting` alone (NULL = empty).
 *  @param setting  e.g. "MALLOC_CONF=retain:true" */
void hbd_host_spawn(struct hbd_host *h, const char *program, const char *setting);
/** Give vmnixhbd the baton and wait until it comes back. @return number of the call in h->last, or
 * one of HBD_HOST_* */
int hbd_host_turn(struct hbd_host *h);
/** Answer h->last by the knobs. */
void hbd_host_answer(struct hbd_host *h);
/** Turns and answers until `count` WAIT calls were answered. @return 0, or what ended it */
int hbd_host_run(struct hbd_host *h, uint64_t count);
/** Wait for the death of vmnixhbd. @return true when it came within 10 s (then h->status is set) */
bool hbd_host_await_death(struct hbd_host *h);
/** Wait until the life of vmnixhbd is noted as `life`. @return true when it came within 10 s */
bool hbd_host_await_life(struct hbd_host *h, enum gate_life life);
/** What it wrote to stderr so far, as a string, into buf. */
void hbd_host_stderr(struct hbd_host *h, char *buf, size_t size);
/** End vmnixhbd if it lives, and give all back. */
void hbd_host_fini(struct hbd_host *h);
/** Path of build/bin/vmnixhbd: $LOSTBEAT_BIN/vmnixhbd, or the bin folder beside the running
 * program's. */
const char *hbd_host_program(void);

#endif /* TESTS_HBD_HOST_H */
