/* program.h - a program that runs in the COS: its address space, its habits, and what the
 * behaviours share.
 *
 * A program is a boot_program record (sizes and habits, from the scenario) and a behaviour, a C
 * function of this folder. Its address space looks like one of 2.4 on i386:
 *
 *      0x08048000   text        file-backed, a file of its own
 *      behind it    heap        anonymous; grows with do_brk()
 *      0x40000000   libraries   file-backed, shared by all
 *      0x50000000   arenas      anonymous, when the heap has met the libraries (leak.c)
 *      0x70000000   scratch     anonymous, comes and goes (hostd.c)
 *      0x90000000   large       anonymous, what is taken within minutes (spike.c)
 *      0xb8000000   segment     shared memory (segments.c)
 *      0xC0000000   stack       anonymous, below this address
 *
 * The record of a running program is kernel memory (slab), freed at its exit. A behaviour runs in
 * user mode (arch/syscall.h), on a stack of 8 kB, and enters the kernel by sys() alone; what only
 * looks at kernel memory may do so as long as nobody else runs, which may happen in each sys(),
 * touch and use of CPU. */
#ifndef COS_PROGRAM_H
#define COS_PROGRAM_H

#include "cos/kernel/arch/syscall.h"
#include "cos/kernel/arch/user_mode.h"
#include "cos/kernel/sched/task.h"

#define RECORD_SIZE 64u       /* bytes of a record that leaks */
#define PROGRAM_TEXT_MAX 232u /* bytes; the longest line of vmksummary has about 190 */

struct program {
    struct boot_program spec;
    kptr behaviour; /* const struct behaviour */
    uint32_t text_start, text_pages;
    uint32_t lib_start, lib_pages;
    uint32_t heap_start,
        data_pages;                /* the heap as it was at the start, without what leaked since */
    uint32_t idle;                 /* 1: its own rounds have no effect but pages and CPU */
    uint64_t unbooked_ns;          /* rested since the last round that was booked (habits.c) */
    uint32_t touches;              /* free-running */
    uint32_t run_first, run_end;   /* pages of the present run of the working set, by page_at() */
    uint64_t draw;                 /* random bits of the present eight touches */
    uint64_t hot_root;             /* names the pages of the working set, see program_touch() */
    uint64_t until_ns;             /* argument: has work until then */
    uint64_t leaks;                /* bit n = boot_params->fault[n] is a leak of this program */
    uint64_t spikes, storms, hogs; /* the same for spikes, children that it starts, endless work */
    uint64_t shared;               /* those of the leaks that lose shared memory of children */
    uint32_t leaked_pages;
    uint32_t shared_pages;
    uint32_t per_query;    /* 1: what it leaks it leaks per query (cimserver.c) */
    uint64_t queries_kb;   /* then: sum of the rates over its queries, kB/h */
    uint64_t leaks_before; /* pages that its leaks had lost before it was started */
    uint32_t mapped_pages; /* of those leaked, how many lie in mappings: the heap was full */
    uint32_t spike_pages;
    uint32_t held; /* pages or slots that store.c keeps in use */
    struct list held_pages;
    kptr held_slots;
    uint32_t fault; /* 1 + index of the fault that brought this program; 0 = none (faults.h) */
    uint32_t scratch_pages;
    uint32_t rounds;             /* of work, by those who call the VMkernel (rpc.c) */
    uint64_t number[4];          /* what a child reports to its parent, as through a pipe */
    char text[PROGRAM_TEXT_MAX]; /* argument, result or line, whatever the behaviour makes of it */
};

/* program.c: life of a program */
/* A child to be. */
struct child {
    const struct boot_program *spec; /* copied */
    const char *text;                /* its argument, cut to PROGRAM_TEXT_MAX; NULL = none */
    uint64_t until_ns;               /* when its work ends, if its behaviour looks at it */
    uint32_t fault;                  /* what brings it, as struct program has it */
    uint64_t number;                 /* becomes number[0] */
};
/** A program starts in one step, by vfork and exec: a child of current that gets a fresh mm. Waits
 * as new_task() does. @return the child's pid, -EAGAIN (no pid, too many tasks), -ENOMEM (no stack,
 * no record) */
int program_spawn(const struct child *c);
int sys_vfork(const struct child *c); /* its kernel side */
int spawn_child(const struct boot_program *spec, const char *text, uint64_t until_ns);
/** The same by fork and exec, as a shell does it: the child has current's name and address space
 * until it has run a little. spec->pid must be 0. @return as spawn_child() */
int fork_exec(const struct boot_program *spec, const char *text, uint64_t until_ns);
int program_fork(const struct child *c);
/** Kernel side: the record of a program that is about to start; NULL: no memory. */
struct program *program_create(const struct child *c);
/** Kernel side of exec: build the address space of current for p. @return 0 or -ENOMEM */
int do_execve(struct program *p);
/** User side of exec: touch what a program touches when it starts. */
void program_startup(struct program *p);
/** exec, from user mode. @return 0 or -ENOMEM */
int program_exec(struct program *p);

/* program.c: for behaviours */
/** Touch n pages. Of eight touches seven go to a working set of spec.touch_pages fixed pages, in
 * turn, half of them code and half data; the eighth goes anywhere. Half of the touches of data
 * are writes. OUR CHOICE. */
void program_touch(struct program *p, uint32_t n);
/** Use CPU in user mode; another task may take over at each event in between. */
void program_cpu(uint64_t ns);
/** A call to the VMkernel, if this program makes one in this round (rpc.c). */
void program_call_vmkernel(struct program *p);
/** Does a round of this program call the VMkernel, or is it to meet a bug there? */
bool program_makes_calls(const struct program *p);
/** Are its rounds not carried out, since they would only use pages and CPU? Its working set is used
 * while it rests, and its CPU is booked. */
bool program_rounds_are_booked(const struct program *p);
/** One round of work: touch spec.touch_pages, use spec.cpu_ns, lose memory if a fault says so,
 * look at caught signals. */
void program_round(struct program *p);
/** What its faults want of it by now: a leak, children, endless work. Part of a round; a program
 * without rounds calls it when it wakes, and wakes after program_patience() ticks at the latest. */
void program_go_wrong(struct program *p);
uint32_t program_patience(const struct program *p);
/** Sleep one period, +-10 % by the task's random stream; for ever when the program has none.
 * Returns early on a signal. */
void program_sleep(struct program *p);
/** Sleep until an instant, whatever signals arrive (those that end the task end it here). */
void program_sleep_until(uint64_t at_ns);
/** Sleep to a random point of the first period, or all daemons of a boot would wake together for
 * ever. */
void program_first_sleep(const struct program *p);
/** The program that started this one, if it still lives and runs one. */
struct program *program_parent(void);

/** Return to user mode when something waits for that: another task, a signal. A caught signal is
 * handled here. */
void program_give_way(struct program *p);

/** Pages that the leaks of `p` have lost in all, in it and in those that ran before it. */
uint64_t program_leak_owed(const struct program *p);
/** Pages that the leaks of this mask have lost so far, by their rates (leak.c). */
uint64_t leak_pages_owed(uint64_t leaks);
/** Fill a page of current with copies of one record, which is how a leak shows in a dump. */
void program_fill_page(uint32_t address, const char record[RECORD_SIZE]);
/** Lose what the leaks of `p` owe by now (leak.c). */
void program_leak(struct program *p);
/** Start a child that loses the shared memory that is owed (segments.c). */
void program_share(struct program *p);
/** Take what the spikes of `p` want by now (spike.c). @return whether it has one at present */
bool program_spike(struct program *p);
/** A word of the page at `page` (user address): the one that a program uses first there. */
static inline uint32_t program_byte(uint32_t page)
{
    return page + ((page >> 12) * 0x9e3779b1u >> 20 & 0xffcu);
}
/** Give back what store.c holds outside of the address space. */
void program_release(struct program *p);
/** A program ended and its memory is free: store.c looks at once. */
void store_look(void);
/** Compute without end while a fault says so (job.c). */
void program_compute(struct program *p);

/* The behaviours; the list says where each is. */
#define BEHAVIOUR(name, function, ...) int function(struct program *p);
#include "shared/behaviour.def"

#endif /* COS_PROGRAM_H */
