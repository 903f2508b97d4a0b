/* mm_harness.c - see mm_harness.h. Links between kernel objects are 32-bit, so everything that has
 * an address here is static and the program is linked without PIE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "cos/kernel/sched/sched.h"
#include "cos/kernel/drivers/vmnix.h"
#include "tests/unit/jumped_to.h"
#include "tests/unit/mm_harness.h"

#define TASKS_MAX 64u
#define TIMERS_MAX 256u
#define STACK_BYTES 262144u
#define LOG_BYTES (1u << 20)

union task_union init_task_union;
kptr current_task;
struct cos_clock cos_clock;
uint32_t nr_running, need_resched;
static struct boot_params params;
const struct boot_params *boot_params = &params;

static union task_union tasks[TASKS_MAX];
static ucontext_t contexts[TASKS_MAX + 1];
static uint8_t stacks[TASKS_MAX][STACK_BYTES];
static uint32_t task_count, living;
static struct list runnable;
static struct ktimer *timers[TIMERS_MAX];
static uint32_t timer_count;
static uint64_t timer_seq;
static struct ktimer sleep_timers[TASKS_MAX];
static int (*entries[TASKS_MAX])(void *);
static void *entry_args[TASKS_MAX];
static char log_text[LOG_BYTES];
static size_t log_len;
static bool in_interrupt;

/* ---- what the kernel has in lib.c, printk.c, traps ------------------------------------------- */
void strcopy(char *to, const char *from, size_t n)
{
    (void)snprintf(to, n, "%s", from);
}

void printk(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(log_text + log_len, LOG_BYTES - log_len, format, ap);
    va_end(ap);
    log_len += (size_t)n;
    assert_true(log_len < LOG_BYTES);
}

const char *harness_log(void)
{
    static char copy[LOG_BYTES];
    memcpy(copy, log_text, log_len + 1);
    log_len = 0;
    log_text[0] = 0;
    return copy;
}

void model_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "model_bug at %llu ns: %s:%d: %s\n", (unsigned long long)cos_clock.now_ns, file,
            line, what);
    abort();
}

void panic(const char *format, ...)
{
    fprintf(stderr, "panic: %s\n", format);
    abort();
}

uint64_t cos_random(const char *name)
{
    return rng_derive(1, name);
}

/* ---- timers ---------------------------------------------------------------------------------- */
static void set_next(void)
{
    cos_clock.next_ns = in_interrupt || timer_count == 0 ? UINT64_MAX : timers[0]->at_ns;
}

void ktimer_del(struct ktimer *t)
{
    if (t->slot == 0)
        return;
    uint32_t i = t->slot - 1;
    for (timer_count--; i < timer_count; i++) {
        timers[i] = timers[i + 1];
        timers[i]->slot = i + 1;
    }
    t->slot = 0;
    set_next();
}

void ktimer_add(struct ktimer *t, uint64_t at_ns, void (*fn)(kptr), kptr arg)
{
    ktimer_del(t);
    t->at_ns = at_ns;
    t->seq = timer_seq++;
    t->fn = kptr_of((const void *)(uintptr_t)fn);
    t->arg = arg;
    uint32_t i = timer_count++;
    assert_true(timer_count <= TIMERS_MAX);
    for (; i > 0 && timers[i - 1]->at_ns > at_ns; i--) {
        timers[i] = timers[i - 1];
        timers[i]->slot = i + 1;
    }
    timers[i] = t;
    t->slot = i + 1;
    set_next();
}

static void run_timers(void)
{
    in_interrupt = true;
    set_next();
    while (timer_count > 0 && timers[0]->at_ns <= cos_clock.now_ns) {
        struct ktimer *t = timers[0];
        ktimer_del(t);
        ((void (*)(kptr))(uintptr_t)t->fn)(t->arg);
    }
    in_interrupt = false;
    set_next();
}

void harness_interrupt(void);
void harness_interrupt(void)
{
    if (!in_interrupt)
        run_timers();
}

JUMPED_TO("hand_over", "harness_interrupt");
JUMPED_TO("run_aside", "harness_aside");

/* What entry.S does with the two words at SCRATCH_CALL. */
void harness_aside(void);
void harness_aside(void)
{
    const uint64_t *call = PTR(const uint64_t, SCRATCH_CALL);
    ((void (*)(kptr))(uintptr_t)call[0])((kptr)call[1]);
}

/* ---- tasks ----------------------------------------------------------------------------------- */
static uint32_t index_of(const struct task_struct *t)
{
    return (uint32_t)((const union task_union *)t - tasks);
}

static void enqueue(struct task_struct *t)
{
    t->state = TASK_RUNNING;
    t->array = 1;
    list_add_tail(&t->run_list, &runnable);
    nr_running++;
}

static void to_main(struct task_struct *t)
{
    current_task = kptr_of(init_task);
    swapcontext(&contexts[index_of(t)], &contexts[TASKS_MAX]);
}

void schedule(void)
{
    struct task_struct *t = current;
    assert_true(t != init_task);
    if (t->state == TASK_RUNNING)
        enqueue(t);
    to_main(t);
}

void yield(void)
{
    cpu_charge(COST_YIELD);
    schedule();
}

void return_to_user(void)
{
}

static void timer_wakes(kptr k)
{
    wake_up_process(PTR(struct task_struct, k));
}

uint32_t schedule_timeout(uint32_t ticks)
{
    struct ktimer *timer = &sleep_timers[index_of(current)];
    const uint32_t end = jiffies_now() + ticks;
    if (ticks != UINT32_MAX)
        ktimer_add(timer, jiffies_ns(end), timer_wakes, current_task);
    schedule();
    ktimer_del(timer);
    const int32_t left = (int32_t)(end - jiffies_now());
    return ticks == UINT32_MAX ? ticks : left > 0 ? (uint32_t)left : 0;
}

/* Only livelock.c has these called, and it is not here. */
void start_timeout(uint32_t ticks)
{
    (void)ticks;
    abort();
}

void sched_requeue_yield(struct task_struct *t)
{
    (void)t;
    abort();
}

int sleep_until(uint64_t at_ns)
{
    while (cos_clock.now_ns < at_ns) {
        ktimer_add(&sleep_timers[index_of(current)], at_ns, timer_wakes, current_task);
        current->state = TASK_INTERRUPTIBLE;
        schedule();
    }
    return 0;
}

void wait_queue_init(struct wait_queue *q)
{
    list_init(&q->sleepers);
}

uint32_t sleep_on_timeout(struct wait_queue *q, uint32_t state, uint32_t ticks)
{
    struct task_struct *t = current;
    t->state = state;
    t->wait_queue = kptr_of(q);
    list_add_tail(&t->wait_list, &q->sleepers);
    const uint32_t left = schedule_timeout(ticks);
    if (t->wait_queue != 0)
        list_del(&t->wait_list);
    t->wait_queue = 0;
    return left;
}

void sleep_on(struct wait_queue *q, uint32_t state)
{
    (void)sleep_on_timeout(q, state, UINT32_MAX);
}

void wake_up_process(struct task_struct *t)
{
    if (t->array == 0 && t->state != TASK_ZOMBIE && t->state != TASK_RUNNING)
        enqueue(t);
}

void wake_up(struct wait_queue *q)
{
    while (!list_empty(&q->sleepers)) {
        struct task_struct *t = list_entry(q->sleepers.next, struct task_struct, wait_list);
        list_del(&t->wait_list);
        t->wait_queue = 0;
        wake_up_process(t);
    }
}

void do_exit(uint32_t code)
{
    struct task_struct *t = current;
    t->exit_code = code;
    if (t->mm != 0)
        exit_mmap(PTR(struct mm_struct, t->mm));
    t->mm = 0;
    t->state = TASK_ZOMBIE;
    living--;
    for (;;)
        to_main(t);
}

void send_sig(uint32_t sig, struct task_struct *t)
{
    t->sig_pending |= 1u << sig;
}

struct task_struct *find_task_by_pid(uint32_t pid)
{
    return harness_find(pid);
}

struct task_struct *find_task_by_name(const char *comm)
{
    for_each_task (t)
        if (strcmp(t->comm, comm) == 0)
            return t;
    return NULL;
}

struct task_struct *harness_find(uint32_t pid)
{
    for_each_task (t)
        if (t->pid == pid)
            return t;
    return NULL;
}

static void task_main(void)
{
    struct task_struct *t = current;
    if (!(t->flags & PF_KTHREAD))
        t->mm = kptr_of(mm_create(t));
    do_exit((uint32_t)entries[index_of(t)](entry_args[index_of(t)]));
}

static struct task_struct *new_task(const char *name, int (*fn)(void *), void *arg, uint32_t flags)
{
    assert_true(task_count < TASKS_MAX);
    const uint32_t i = task_count++;
    struct task_struct *t = &tasks[i].task;
    memset(t, 0, sizeof *t);
    t->pid = t->tgid = HARNESS_PID_FIRST + i;
    t->flags = flags;
    t->static_prio = 120;
    t->start_ns = cos_clock.now_ns;
    entries[i] = fn;
    entry_args[i] = arg;
    strcopy(t->comm, name, sizeof t->comm);
    struct task_struct *last = PTR(struct task_struct, init_task->prev_task);
    t->prev_task = kptr_of(last);
    t->next_task = kptr_of(init_task);
    last->next_task = init_task->prev_task = kptr_of(t);
    getcontext(&contexts[i]);
    contexts[i].uc_stack.ss_sp = stacks[i];
    contexts[i].uc_stack.ss_size = STACK_BYTES;
    contexts[i].uc_link = NULL;
    makecontext(&contexts[i], task_main, 0);
    enqueue(t);
    return t;
}

uint32_t harness_task(const char *name, int (*fn)(void *), void *arg)
{
    living++;
    return new_task(name, fn, arg, 0)->pid;
}

static void run_one(void)
{
    struct task_struct *t = list_entry(runnable.next, struct task_struct, run_list);
    list_del(&t->run_list);
    t->array = 0;
    nr_running--;
    current_task = kptr_of(t);
    cpu_charge(COST_SWITCH);
    swapcontext(&contexts[TASKS_MAX], &contexts[index_of(t)]);
}

bool harness_run(uint64_t until_ns)
{
    while (living > 0 && cos_clock.now_ns < until_ns) {
        if (!list_empty(&runnable)) {
            run_one();
            continue;
        }
        kthread_rearm();
        if (timer_count == 0 || timers[0]->at_ns >= until_ns) {
            cos_clock.now_ns = until_ns;
            break;
        }
        if (timers[0]->at_ns > cos_clock.now_ns)
            cos_clock.now_ns = timers[0]->at_ns;
        run_timers();
    }
    return living == 0;
}

/* ---- boot ------------------------------------------------------------------------------------ */
static void map_at(kptr at, size_t bytes)
{
    void *got = mmap(PTR(void, at), bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    assert_ptr_equal(got, PTR(void, at));
}

void harness_boot(uint32_t ram_mb, uint32_t swap_slots, uint32_t reserved_kb)
{
    const size_t bytes = (size_t)ram_mb << 20;
    map_at(MACHINE_PAGE_OFFSET, bytes);
    map_at(SCRATCH_VA, SCRATCH_SIZE);
    map_at(MACHINE_WINDOW_VA, MACHINE_WINDOW_SIZE);
    const int swap = memfd_create("swap", 0);
    assert_int_equal(dup2(swap, MACHINE_FD_SWAP), MACHINE_FD_SWAP);

    list_init(&runnable);
    init_task->next_task = init_task->prev_task = current_task = kptr_of(init_task);
    cos_clock.next_ns = UINT64_MAX;
    params.reserved_kb = reserved_kb;
    params.swap_pages = swap_slots;
    mem_init(3u << 20, (uint32_t)bytes);
    swap_init(swap_slots);
    (void)new_task("kswapd", kswapd, NULL, PF_KTHREAD);
    (void)new_task("kscand", kscand, NULL, PF_KTHREAD);
}

void harness_fill(uint32_t pages, bool write_bytes)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    assert_int_equal(
        do_mmap(mm, HARNESS_HEAP, pages * PAGE_SIZE, VM_READ | VM_WRITE | VM_HEAP, NULL, 0), 0);
    for (uint32_t i = 0; i < pages; i++) {
        const uint32_t address = HARNESS_HEAP + i * PAGE_SIZE;
        if (!write_bytes) {
            assert_true(user_account(address, true));
            continue;
        }
        uint32_t *word = user_touch(address, true);
        assert_non_null(word);
        *word = i ^ current->pid;
    }
}

/* ---- the disk: every command is plain (scsi.c without a VMkernel) ---------------------------- */
static void (*disk_done_fn)(uint32_t slot);
static struct ktimer disk_timers[VMNIX_SLOTS];

static void disk_completes(kptr slot)
{
    disk_done_fn(slot);
}

void scsi_init(void (*done)(uint32_t slot))
{
    disk_done_fn = done;
}

void scsi_do_cmd(uint32_t slot, bool write, uint32_t block, uint32_t pages, uint64_t service_ns)
{
    (void)write;
    (void)block;
    (void)pages;
    ktimer_add(&disk_timers[slot], cos_clock.now_ns + service_ns, disk_completes, slot);
}

bool scsi_is_stuck(uint32_t slot)
{
    (void)slot;
    return false;
}

bool scsi_goes_by_rule(uint32_t slot)
{
    (void)slot;
    return true;
}
