/* process.c - the life of tasks: pids, fork, signals, exit, wait.
 *
 * What a process runs is not known here: it is a function and a record of whoever starts it
 * (struct process_body). The parent allocates the kernel stack, the child the rest when it first
 * runs. So what blocks when memory is short is what blocked in the real thing: the order-1 stack
 * in the parent, page tables and pages in the child. A task that ends is a zombie until its
 * parent waits; orphans go to init, which waits always. */
#include "cos/kernel/sched/process.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/user_mode.h"
#include "cos/kernel/mm/heat.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/v24/priority.h"

#define PID_MAX 32768u
#define PID_FIRST 1000u      /* first pid that is not spoken for (boot.h) */
#define PID_WRAP 300u        /* the search goes on here after PID_MAX [INFERRED, 2.4 practice] */
#define PAGES_PER_THREAD 16u /* threads-max = pages / 16 [RHEL3MM 1.9] */
#define UID_NOBODY 99u       /* of programs that are not root's. OUR CHOICE */

uint32_t nr_threads;
uint32_t last_pid = PID_FIRST - 1;
static uint32_t pid_map[PID_MAX / 32]; /* bit n = pid n is in use */
static struct cpu_times dead;          /* CPU time of released tasks */

/* ---- pids ------------------------------------------------------------------------------------ */
static bool pid_in_use(uint32_t pid)
{
    return (pid_map[pid / 32] & 1u << (pid % 32)) != 0;
}

/* The next free pid after the last one; 0 = all are in use. */
static uint32_t next_free_pid(void)
{
    uint32_t pid = last_pid;
    for (uint32_t tries = 0; tries < PID_MAX; tries++) {
        pid = pid + 1 < PID_MAX ? pid + 1 : PID_WRAP;
        if (!pid_in_use(pid))
            return pid;
    }
    return 0;
}

/* Take `pid`, or any one when it is 0. @return the pid, 0 when there is none */
static uint32_t alloc_pid(uint32_t pid)
{
    if (pid == 0)
        last_pid = pid = next_free_pid();
    if (pid == 0 || pid >= PID_MAX || pid_in_use(pid))
        return 0;
    pid_map[pid / 32] |= 1u << (pid % 32);
    return pid;
}

static void free_pid(uint32_t pid)
{
    ASSERT(pid_in_use(pid));
    pid_map[pid / 32] &= ~(1u << (pid % 32));
}

struct task_struct *find_task_by_pid(uint32_t pid)
{
    if (pid >= PID_MAX || !pid_in_use(pid))
        return NULL;
    for_each_task (t) {
        if (t->pid == pid)
            return t;
    }
    return NULL;
}

static bool is_alive(const struct task_struct *t)
{
    return t->state != TASK_ZOMBIE && t->state != TASK_DEAD;
}

struct task_struct *find_task_by_name(const char *comm)
{
    for_each_task (t) {
        if (is_alive(t) && strcmp(t->comm, comm) == 0)
            return t;
    }
    return NULL;
}

/* ---- creating tasks -------------------------------------------------------------------------- */
static void link_task(struct task_struct *t)
{
    struct task_struct *last = PTR(struct task_struct, init_task->prev_task);
    t->next_task = kptr_of(init_task);
    t->prev_task = kptr_of(last);
    last->next_task = kptr_of(t);
    init_task->prev_task = kptr_of(t);
    nr_threads++;
}

static void name_task(struct task_struct *t, const char *name)
{
    char stream[32];
    strcopy(t->comm, name, sizeof t->comm);
    (void)snprintf(stream, sizeof stream, "task.%s.%u", t->comm, t->pid);
    rng_init(&t->rng, cos_random("process"), stream);
}

uint32_t max_threads(void)
{
    return max_mapnr / PAGES_PER_THREAD;
}

struct task_struct *new_task(uint32_t pid, const char *name, int *ret_error)
{
    *ret_error = -EAGAIN;
    if (nr_threads >= max_threads())
        return NULL;
    const uint32_t taken = alloc_pid(pid);
    if (taken == 0)
        return NULL;
    struct task_struct *t = PTR(struct task_struct, get_free_pages(GFP_KERNEL, THREAD_ORDER));
    if (t == NULL) {
        free_pid(taken);
        *ret_error = -ENOMEM;
        return NULL;
    }
    memset(t, 0, sizeof *t);
    kstat.forks++;
    t->pid = t->tgid = taken;
    t->ppid = current->pid;
    current->wait_children++;
    t->state = TASK_UNINTERRUPTIBLE;
    t->static_prio = 120;
    t->policy = SCHED_NORMAL;
    t->start_ns = cos_clock.now_ns;
    name_task(t, name);
    link_task(t);
    return t;
}

struct task_struct *kernel_thread(uint32_t pid, const char *name, int (*fn)(void *), void *arg)
{
    int error;
    struct task_struct *t = new_task(pid, name, &error);
    ASSERT(t != NULL); /* only the boot starts kernel threads */
    t->flags |= PF_KTHREAD;
    task_prepare(t, fn, arg);
    task_first_wake(t);
    return t;
}

/* sched_setscheduler(2) refuses a real-time policy without a priority: the lowest will do. */
static uint32_t rt_priority_of(const struct boot_program *spec)
{
    if (spec->policy == SCHED_NORMAL)
        return 0;
    return spec->rt_prio != 0 ? spec->rt_prio : 1;
}

void process_exec(const struct boot_program *spec)
{
    name_task(current, spec->name);
    process_set_identity(current, spec);
}

void process_set_identity(struct task_struct *t, const struct boot_program *spec)
{
    set_user_nice(t, spec->nice);
    sched_setscheduler(t, spec->policy, rt_priority_of(spec));
    t->uid = (spec->flags & BOOT_PROG_ROOT) != 0 ? 0 : UID_NOBODY;
    t->caps = spec->flags & BOOT_PROG_RAWIO;
    t->sig_caught = (spec->flags & BOOT_PROG_SIGTERM) != 0 ? 1u << SIGTERM : 0;
}

void process_start(struct task_struct *t, const struct process_body *body)
{
    t->program = kptr_of(body->program);
    t->program_end = kptr_of((const void *)(uintptr_t)body->end);
    task_prepare(t, body->main, body->program);
    task_first_wake(t);
}

static void inherit_identity(struct task_struct *t)
{
    set_user_nice(t, task_nice(current));
    sched_setscheduler(t, current->policy, current->rt_priority);
    t->uid = current->uid;
    t->caps = current->caps;
    t->sig_caught = current->sig_caught;
}

KERNEL_FN int do_fork(const struct process_body *body)
{
    int error = -ENOMEM;
    struct mm_struct *mm = dup_mm();
    struct task_struct *t = mm != NULL ? new_task(0, current->comm, &error) : NULL;
    if (t == NULL) {
        if (mm != NULL)
            exit_mmap(mm);
        return error;
    }
    inherit_identity(t);
    t->mm = kptr_of(mm);
    mm->owner = kptr_of(t);
    process_start(t, body);
    return (int)t->pid;
}

/* ---- signals --------------------------------------------------------------------------------- */
/* A signal without effect is not even noted: SIGCHLD by default, and anything that pid 1 has no
 * handler for. */
static bool is_ignored(uint32_t sig, const struct task_struct *t)
{
    return (sig == SIGCHLD || t->pid == 1) && (t->sig_caught & 1u << sig) == 0;
}

void send_sig(uint32_t sig, struct task_struct *t)
{
    ASSERT(sig > 0 && sig < 32);
    if (!is_alive(t) || is_ignored(sig, t))
        return;
    if (sig == SIGCONT || sig == SIGKILL)
        t->sig_pending &= ~(1u << SIGSTOP);
    if (sig == SIGSTOP)
        t->sig_pending &= ~(1u << SIGCONT);
    t->sig_pending |= 1u << sig;
    if (t->state == TASK_INTERRUPTIBLE ||
        (t->state == TASK_STOPPED && (sig == SIGCONT || sig == SIGKILL)))
        wake_up_process(t);
}

static void deliver_one(struct task_struct *t, uint32_t sig)
{
    t->sig_pending &= ~(1u << sig);
    if (sig == SIGCONT)
        return;
    if (sig == SIGSTOP) {
        t->state = TASK_STOPPED;
        schedule();
        return;
    }
    if (sig != SIGKILL && (t->sig_caught & 1u << sig) != 0) {
        t->sig_handled |= 1u << sig;
        return;
    }
    do_exit(sig);
}

void do_signal(void)
{
    struct task_struct *t = current;
    while (t->sig_pending != 0) {
        /* The one that ends the task comes before all others. */
        const bool kill = (t->sig_pending & 1u << SIGKILL) != 0;
        deliver_one(t, kill ? SIGKILL : (uint32_t)__builtin_ctz(t->sig_pending));
    }
}

/* ---- exit and wait --------------------------------------------------------------------------- */
static void notify_parent(const struct task_struct *child)
{
    struct task_struct *parent = find_task_by_pid(child->ppid);
    ASSERT(parent != NULL); /* orphans have init */
    if (parent->in_wait != 0)
        wake_up_process(parent);
}

static void give_children_to_init(const struct task_struct *parent)
{
    if (parent->wait_children == 0)
        return;
    struct task_struct *init = find_task_by_pid(1);
    for_each_task (t) {
        if (t->ppid != parent->pid)
            continue;
        t->ppid = 1;
        init->wait_children++;
        if (t->state == TASK_ZOMBIE)
            notify_parent(t);
    }
}

void do_exit(uint32_t code)
{
    struct task_struct *t = current;
    if (t->pid <= 1)
        panic("Attempted to kill init!");
    t->flags |= PF_EXITING;
    if (t->mm != 0) {
        struct mm_struct *mm = PTR(struct mm_struct, t->mm);
        heat_stop();
        t->mm = 0;
        exit_mmap(mm);
    }
    if (t->program != 0) {
        const kptr program = t->program;
        t->program = 0;
        ((void (*)(kptr))(uintptr_t)t->program_end)(program);
    }
    user_stack_release();
    give_children_to_init(t);
    t->wait_children = 0;
    t->exit_code = code;
    t->state = TASK_ZOMBIE;
    notify_parent(t);
    schedule();
    ASSERT(!"a zombie ran");
    for (;;)
        ;
}

/* The stack of a zombie is free to go: it ran for the last time before anyone could look. */
static void release_task(struct task_struct *t)
{
    ASSERT(t->state == TASK_ZOMBIE && t != current);
    cpu_times_add(&dead, t->static_prio, t->utime_ns, t->stime_ns);
    PTR(struct task_struct, t->next_task)->prev_task = t->prev_task;
    PTR(struct task_struct, t->prev_task)->next_task = t->next_task;
    nr_threads--;
    free_pid(t->pid);
    t->state = TASK_DEAD;
    free_pages_at(kptr_of(t), THREAD_ORDER);
}

int reap_child(void)
{
    struct task_struct *parent = current;
    if (parent->wait_children == 0)
        return -ECHILD;
    for_each_task (t) {
        if (t->ppid == parent->pid && t->state == TASK_ZOMBIE) {
            const int pid = (int)t->pid;
            parent->wait_children--;
            give_back_to_parent(parent, t);
            release_task(t);
            return pid;
        }
    }
    return 0;
}

/* Sleep at most `ticks` until a child ends. @return its pid, 0 = none */
INLINE_FN int wait_for_child(uint32_t ticks)
{
    int pid = reap_child();
    if (pid > 0)
        return pid;
    current->in_wait = 1;
    current->state = TASK_INTERRUPTIBLE;
    (void)schedule_timeout(ticks);
    current->in_wait = 0;
    pid = reap_child();
    return pid > 0 ? pid : 0;
}

KERNEL_FN int sys_rt_sigtimedwait(uint32_t ticks)
{
    return wait_for_child(ticks);
}

KERNEL_FN int sys_wait4(void)
{
    cpu_charge(COST_SYSCALL);
    while (current->wait_children > 0) {
        const int pid = wait_for_child(UINT32_MAX);
        if (pid > 0)
            return pid;
        if (current->sig_pending != 0)
            return -EINTR;
    }
    return -ECHILD;
}

void process_cpu_times(struct cpu_times *ret)
{
    struct cpu_times sum = dead;
    for_each_task (t) {
        cpu_times_add(&sum, t->static_prio, t->utime_ns, t->stime_ns);
    }
    sum.iowait_ns = kstat.iowait_ns;
    *ret = sum;
}
