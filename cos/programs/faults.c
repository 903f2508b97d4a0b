/* faults.c - see faults.h. */
#include "cos/programs/faults.h"

#include "cos/kernel/faults/fault_note.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/process.h"
#include "shared/units.h"

#define PPM 1000000u

/* The machine as `unless` and pressure see it. */
static KERNEL_SIDE struct fault_world fault_world_now(void)
{
    struct mem_info info;
    mem_info(&info);
    const uint64_t spare = (uint64_t)info.free + info.buffers + info.cached - nr_shmem_pages;
    return (struct fault_world){ .ram_used = info.total - spare,
                                 .ram_all = info.total - info.out_of_reach,
                                 .swap_used = info.swap_total - info.swap_free,
                                 .swap_all = info.swap_total,
                                 .oom_kills = oom_kill_count };
}

static KERNEL_SIDE void look(const struct fault *f, void *unused, struct fault_world *ret)
{
    (void)unused;
    *ret = fault_world_now();
    ret->running = find_task_by_name(f->unless_name) != NULL;
}

void faults_of_program(struct program *p)
{
    /* What a daemon owes, its child that serves a request does not. */
    const bool is_request = strcmp(p->spec.behaviour, "request") == 0;
    for_each_fault(i)
    {
        const struct fault *f = fault_at(i);
        const uint64_t bit = (uint64_t)1 << i;
        if (strcmp(f->target, p->spec.name) != 0)
            continue;
        if (f->type == FAULT_LEAK && !is_request)
            *((f->flags & FAULT_FLAG_SHARED) != 0 ? &p->shared : &p->leaks) |= bit;
        if (f->type == FAULT_SPIKE)
            p->spikes |= bit;
        if (f->type == FAULT_FORK_STORM)
            p->storms |= bit;
        if (f->type == FAULT_CPU_HOG)
            p->hogs |= bit;
    }
}

const struct fault *fault_of(const struct program *p)
{
    ASSERT(p->fault != 0);
    return fault_at(p->fault - 1);
}

bool fault_goes_on(uint32_t i)
{
    return fault_clock(i)->on != 0;
}

uint64_t fault_lasts_ns(uint32_t i)
{
    return fault_clock_lasts_ns(fault_clock(i), cos_clock.now_ns);
}

uint64_t fault_on_ns(uint32_t i)
{
    return fault_clock(i)->before_ns + fault_lasts_ns(i);
}

uint64_t faults_next_ns(uint64_t mask)
{
    uint64_t next = FAULT_NEVER;
    for (; mask != 0; mask &= mask - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(mask);
        const uint64_t at = fault_begins_ns(fault_at(i), fault_clock(i)->times);
        if (at < next)
            next = at;
    }
    return next;
}

KERNEL_SIDE uint32_t fault_resource_ppm(uint64_t resource)
{
    const struct fault_world w = fault_world_now();
    const bool swap = resource == FAULT_RESOURCE_SWAP;
    const uint64_t all = swap ? w.swap_all : w.ram_all;
    return all == 0 ? 0 : (uint32_t)((swap ? w.swap_used : w.ram_used) * PPM / all);
}

/* ---- signals --------------------------------------------------------------------------------- */
/* To all processes of that name, oldest first, or to `count` of them. */
static KERNEL_SIDE void send_to_target(uint32_t i, uint32_t sig)
{
    const struct fault *f = fault_at(i);
    uint64_t sent = 0;
    for_each_task (t) {
        if (t->state >= TASK_ZOMBIE || strcmp(t->comm, f->target) != 0)
            continue;
        send_sig(sig, t);
        if (++sent == f->count)
            break;
    }
    if (sent == 0)
        fault_note(i, FAULT_NOTE_NO_TARGET, 0, 0);
}

/* ---- the clock of a fault -------------------------------------------------------------------- */
static bool is_done_by_target(const struct fault *f)
{
    return f->target[0] != '\0' && fault_is(f->type, FAULT_BY_TARGET);
}

/* Somebody has to start `count` programs, or to meet as many bugs. */
static KERNEL_SIDE void owe(uint32_t i, uint32_t count)
{
    struct task_struct *init = find_task_by_pid(1);
    fault_state(i)->due += count;
    if (init != NULL && init->state == TASK_INTERRUPTIBLE)
        wake_up_process(init);
}

static KERNEL_SIDE void begins(uint32_t i)
{
    const struct fault *f = fault_at(i);
    const uint32_t due = fault_state(i)->due;
    *fault_state(i) = (struct fault_state){ .due = due };
    if (is_done_by_target(f) && find_task_by_name(f->target) == NULL)
        fault_note(i, FAULT_NOTE_NO_TARGET, 0, 0);
    if (fault_is(f->type, FAULT_SIGNALS))
        send_to_target(i, fault_signal(f));
    else if (f->type == FAULT_FAIL_PAGE_ALLOC || f->type == FAULT_FAIL_NTH)
        fault_memory()->failing |= (uint64_t)1 << i;
    else if (f->type == FAULT_COS_OOPS)
        fault_state(i)->due = 1;
    else if (f->target[0] == '\0' && fault_is(f->type, FAULT_BRINGS))
        owe(i, f->type == FAULT_CPU_HOG && f->count > 1 ? (uint32_t)f->count : 1);
}

static KERNEL_SIDE void ends(uint32_t i)
{
    fault_memory()->failing &= ~((uint64_t)1 << i);
    fault_state(i)->started = 0;
    if (fault_at(i)->type == FAULT_STOP)
        send_to_target(i, SIGCONT);
    if (fault_at(i)->type == FAULT_SWAP_OFF)
        owe(i, 1); /* the swapon */
}

/* All that is due; also the handler of the timer. */
static KERNEL_SIDE void step(kptr unused)
{
    struct fault_memory *m = fault_memory();
    struct fault_event ev;
    (void)unused;
    while (fault_queue_take(&m->queue, cos_clock.now_ns, look, NULL, &ev)) {
        if (ev.kind == FAULT_NOTE_ENDS)
            ends(ev.index);
        fault_note(ev.index, ev.kind, 0, 0);
        if (ev.kind == FAULT_NOTE_BEGINS)
            begins(ev.index);
    }
    const uint64_t next_ns = fault_queue_next_ns(&m->queue);
    if (next_ns != FAULT_NEVER)
        ktimer_add(&m->timer, next_ns, step, 0);
}

KERNEL_SIDE void faults_init(void)
{
    fault_queue_init(&fault_memory()->queue, boot_params->fault, boot_params->fault_count,
                     FAULT_SIDE_COS);
    step(0);
}

/* ---- programs that faults bring -------------------------------------------------------------- */
/* OUR CHOICE of sizes: an ordinary root daemon. Its heap is what the fault says. */
static struct boot_program usual_program(const struct fault *f, const char *behaviour)
{
    struct boot_program spec = {
        .text_kb = 320,
        .lib_kb = 2200,
        .data_kb = 240,
        .stack_kb = 24,
        .touch_pages = 16,
        .content_every = 8,
        .cpu_ns = NS_PER_MS,
        .period_ns = NS_PER_MIN,
        .nice = f->nice,
        .policy = f->policy,
        .rt_prio = f->rt_prio,
    };
    strcopy(spec.name, f->name[0] != '\0' ? f->name : "memcached", sizeof spec.name);
    strcopy(spec.behaviour, behaviour, sizeof spec.behaviour);
    if ((f->flags & FAULT_FLAG_USER) == 0)
        spec.flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO;
    if (f->flags & FAULT_FLAG_SIGTERM)
        spec.flags |= BOOT_PROG_SIGTERM;
    return spec;
}

/* The command that takes swap away or gives it back. */
static struct boot_program swap_command(bool off)
{
    struct boot_program spec = { .flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO,
                                 .text_kb = 8,
                                 .lib_kb = 1700,
                                 .data_kb = 60,
                                 .stack_kb = 16,
                                 .touch_pages = 8 };
    strcopy(spec.name, off ? "swapoff" : "swapon", sizeof spec.name);
    strcopy(spec.behaviour, spec.name, sizeof spec.behaviour);
    return spec;
}

/* The program of fault number `i`, for init. */
static struct boot_program program_of(uint32_t i)
{
    const struct fault *f = fault_at(i);
    struct boot_program spec;
    switch (f->type) {
    case FAULT_FOOTPRINT:
        spec = usual_program(f, "worker");
        const uint32_t rest = spec.text_kb + spec.lib_kb + spec.stack_kb;
        spec.data_kb = f->size_kb > rest ? (uint32_t)f->size_kb - rest : 4;
        spec.touch_pages = 64;
        return spec;
    case FAULT_CPU_HOG:
        return usual_program(f, "compute");
    case FAULT_PRESSURE:
        return usual_program(f, "store");
    case FAULT_SWAP_OFF:
        return swap_command(fault_goes_on(i));
    default:
        return usual_program(f, "report");
    }
}

/* A job or child of a fork storm: all of its size is heap. */
static struct boot_program child_of(const struct fault *f)
{
    struct boot_program spec = usual_program(f, f->size_kb != 0 ? "job" : "probe");
    const uint32_t rest = spec.text_kb + 1600 + spec.stack_kb;
    spec.lib_kb = 1600;
    spec.text_kb = 320;
    spec.data_kb = f->size_kb > rest ? (uint32_t)f->size_kb - rest : 60;
    return spec;
}

/* A child that fault number `i` brings. */
static struct child child_by(uint32_t i, const struct boot_program *spec)
{
    return (struct child){ .spec = spec, .until_ns = fault_clock(i)->ends_ns, .fault = i + 1 };
}

bool faults_start_due(void)
{
    for_each_fault(i)
    {
        while (fault_state(i)->due > 0) {
            const struct boot_program spec = program_of(i);
            const struct child c = child_by(i, &spec);
            if (program_spawn(&c) < 0)
                return false;
            fault_state(i)->due--;
        }
    }
    return true;
}

/* How many jobs a storm owes by now: one at its beginning and one more each period. */
static uint32_t jobs_owed(uint32_t i)
{
    const struct fault *f = fault_at(i);
    if (!fault_goes_on(i) || f->period_ns == 0)
        return 0;
    uint64_t owed = fault_lasts_ns(i) / f->period_ns + 1;
    if (f->count != 0 && owed > f->count)
        owed = f->count;
    return owed > fault_state(i)->started ? (uint32_t)owed - fault_state(i)->started : 0;
}

void faults_start_jobs(struct program *crond, void (*log)(struct program *, int pid, const char *))
{
    for_each_fault(i)
    {
        const struct fault *f = fault_at(i);
        if (f->type != FAULT_FORK_STORM || f->target[0] != '\0')
            continue;
        const struct boot_program spec = child_of(f);
        for (uint32_t n = jobs_owed(i); n > 0; n--) {
            const struct child c = child_by(i, &spec);
            const int pid = program_fork(&c);
            fault_state(i)->started++; /* what cron cannot fork it does not try again */
            log(crond, pid, f->name);
        }
    }
}

void program_start_children(struct program *p)
{
    for (uint64_t left = p->storms; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        const struct boot_program spec = child_of(fault_at(i));
        for (uint32_t n = jobs_owed(i); n > 0; n--) {
            const struct child c = child_by(i, &spec);
            if (program_spawn(&c) < 0)
                return;
            fault_state(i)->started++;
        }
    }
}
