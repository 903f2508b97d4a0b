/* faults.c - see faults.h. */
#include "cos/programs/faults.h"

#include "cos/kernel/faults/fault_note.h"
#include "cos/kernel/sched/process.h"
#include "shared/units.h"

/* What has become of one fault. It lies in scratch memory, outside of the machine. */
struct fault_run {
    struct ktimer begin, end;
    uint64_t began_ns;  /* of the present time, while it is on */
    uint64_t before_ns; /* how long it was on before that */
    uint32_t times;     /* how often its instant came */
    uint32_t on;
    uint32_t due;     /* programs that init has to start */
    uint32_t started; /* jobs and children of the present time */
};
_Static_assert(SCRATCH_FAULT_RUNS + FAULTS_MAX * sizeof(struct fault_run) <=
                   SCRATCH_SIZE - SCRATCH_STACK,
               "scratch memory");

static struct fault_run *run_of(uint32_t i)
{
    ASSERT(i < FAULTS_MAX);
    return PTR(struct fault_run, SCRATCH_VA + SCRATCH_FAULT_RUNS) + i;
}

uint64_t faults_find(uint32_t type, const char *name)
{
    uint64_t found = 0;
    for_each_fault(i)
    {
        const struct fault *f = fault_at(i);
        if (f->type == type && strcmp(f->target, name) == 0)
            found |= (uint64_t)1 << i;
    }
    return found;
}

uint64_t faults_shared(void)
{
    uint64_t found = 0;
    for_each_fault(i) if ((fault_at(i)->flags & FAULT_FLAG_SHARED) != 0) found |= (uint64_t)1 << i;
    return found;
}

const struct fault *fault_of(const struct program *p)
{
    ASSERT(p->fault != 0);
    return fault_at(p->fault - 1);
}

bool fault_goes_on(uint32_t i)
{
    return run_of(i)->on != 0;
}

uint64_t fault_lasts_ns(uint32_t i)
{
    return fault_goes_on(i) ? cos_clock.now_ns - run_of(i)->began_ns : 0;
}

uint64_t fault_on_ns(uint32_t i)
{
    return run_of(i)->before_ns + fault_lasts_ns(i);
}

uint64_t faults_next_ns(uint64_t mask)
{
    uint64_t next = UINT64_MAX;
    for (; mask != 0; mask &= mask - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(mask);
        const uint64_t at = fault_begins_ns(fault_at(i), run_of(i)->times);
        if (at < next)
            next = at;
    }
    return next;
}

/* ---- signals --------------------------------------------------------------------------------- */
/* To all processes of that name, oldest first, or to `count` of them. */
static void send_to_target(uint32_t i, uint32_t sig)
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
static bool brings_program(const struct fault *f)
{
    if (f->type == FAULT_SPIKE || f->type == FAULT_CPU_HOG)
        return f->target[0] == '\0';
    return f->type == FAULT_FOOTPRINT || f->type == FAULT_PRESSURE || f->type == FAULT_SWAP_OFF;
}

static bool is_ours(const struct fault *f)
{
    return brings_program(f) || f->type == FAULT_LEAK || f->type == FAULT_SPIKE ||
           f->type == FAULT_CPU_HOG || f->type == FAULT_FORK_STORM || f->type == FAULT_KILL ||
           f->type == FAULT_STOP || f->type == FAULT_CONT;
}

/* Carried out by the program `target` itself, at its next round. */
static bool is_done_by_target(const struct fault *f)
{
    return f->target[0] != '\0' && (f->type == FAULT_LEAK || f->type == FAULT_SPIKE ||
                                    f->type == FAULT_CPU_HOG || f->type == FAULT_FORK_STORM);
}

/* What is held for a time is over then, if `for` does not end it sooner. 0 = it does not end. */
static uint64_t length_ns(const struct fault *f)
{
    const bool holds = f->type == FAULT_SPIKE || f->type == FAULT_PRESSURE;
    const uint64_t held = holds && f->hold_ns != 0 ? f->within_ns + f->hold_ns : 0;
    return held != 0 && (f->for_ns == 0 || held < f->for_ns) ? held : f->for_ns;
}

/* Over in the instant in which it happens. */
static bool is_momentary(const struct fault *f)
{
    return f->type == FAULT_KILL || f->type == FAULT_CONT;
}

static void wake_init(void)
{
    struct task_struct *init = find_task_by_pid(1);
    if (init != NULL && init->state == TASK_INTERRUPTIBLE)
        wake_up_process(init);
}

/* The signal of a fault, or its programs for init to start. */
static void act(uint32_t i)
{
    const struct fault *f = fault_at(i);
    if (f->type == FAULT_KILL)
        send_to_target(i, f->signal != 0 ? f->signal : SIGKILL);
    else if (f->type == FAULT_STOP)
        send_to_target(i, SIGSTOP);
    else if (f->type == FAULT_CONT)
        send_to_target(i, SIGCONT);
    else if (brings_program(f)) {
        run_of(i)->due += f->type == FAULT_CPU_HOG && f->count > 1 ? (uint32_t)f->count : 1;
        wake_init();
    }
}

static void ends(kptr index)
{
    struct fault_run *r = run_of(index);
    if (r->on == 0)
        return;
    r->before_ns += cos_clock.now_ns - r->began_ns;
    r->on = 0;
    r->started = 0;
    if (fault_at(index)->type == FAULT_STOP && fault_at(index)->for_ns != 0)
        send_to_target(index, SIGCONT);
    if (fault_at(index)->type == FAULT_SWAP_OFF) {
        r->due++; /* the swapon */
        wake_init();
    }
    fault_note(index, FAULT_NOTE_ENDS, 0, 0);
}

static void begins(kptr index);
static void arm_next(uint32_t i)
{
    const uint64_t at = fault_begins_ns(fault_at(i), run_of(i)->times);
    if (at != UINT64_MAX)
        ktimer_add(&run_of(i)->begin, at, begins, i);
}

static void begins(kptr index)
{
    const struct fault *f = fault_at(index);
    struct fault_run *r = run_of(index);
    r->times++;
    arm_next(index);
    if (fault_unless_holds(f)) {
        fault_note(index, FAULT_NOTE_SKIPPED, 0, 0);
        return;
    }
    fault_note(index, FAULT_NOTE_BEGINS, 0, 0);
    if (is_done_by_target(f) && find_task_by_name(f->target) == NULL)
        fault_note(index, FAULT_NOTE_NO_TARGET, 0, 0);
    if (r->on != 0) /* the time before has no end of its own */
        r->before_ns += cos_clock.now_ns - r->began_ns;
    r->began_ns = cos_clock.now_ns;
    r->started = 0;
    r->on = !is_momentary(f);
    act(index);
    if (r->on != 0 && length_ns(f) != 0)
        ktimer_add(&r->end, cos_clock.now_ns + length_ns(f), ends, index);
}

void faults_init(void)
{
    for_each_fault(i) if (is_ours(fault_at(i))) arm_next(i);
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

/* @return the pid, or the error of spawn_child() */
static int start(uint32_t i, const struct boot_program *spec)
{
    const struct fault *f = fault_at(i);
    const uint64_t length = length_ns(f);
    const uint64_t until = length != 0 ? run_of(i)->began_ns + length : UINT64_MAX;
    const int pid = spawn_child(spec, NULL, until);
    if (pid > 0) /* it has not run yet */
        PTR(struct program, find_task_by_pid((uint32_t)pid)->program)->fault = i + 1;
    return pid;
}

bool faults_start_due(void)
{
    for_each_fault(i)
    {
        while (run_of(i)->due > 0) {
            const struct boot_program spec = program_of(i);
            if (start(i, &spec) < 0)
                return false;
            run_of(i)->due--;
            return_to_user();
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
    return owed > run_of(i)->started ? (uint32_t)owed - run_of(i)->started : 0;
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
            const int pid = start(i, &spec);
            run_of(i)->started++; /* what cron cannot fork it does not try again */
            log(crond, pid, f->name);
            return_to_user();
        }
    }
}

void program_start_children(struct program *p)
{
    for (uint64_t left = p->storms; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        const struct boot_program spec = child_of(fault_at(i));
        for (uint32_t n = jobs_owed(i); n > 0; n--) {
            if (start(i, &spec) < 0)
                return;
            run_of(i)->started++;
            return_to_user();
        }
    }
}
