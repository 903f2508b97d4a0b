/* program.c - see program.h: exec, the working set, and the table of behaviours. */
#include "cos/programs/program.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/drivers/hbd.h"
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/mm/mm.h"
#include "cos/programs/faults.h"
#include "cos/programs/habits.h"
#include "cos/kernel/sched/process.h"
#include "cos/kernel/sched/v24/sched.h"
#include "cos/kernel/skip/hooks.h"
#include "shared/units.h"

#define NS_FOREVER UINT64_MAX
#define RUN_PAGES 8u                    /* pages of the working set that lie together */
#define WRONG_PERIOD_NS NS_PER_MIN      /* of a program without rounds. OUR CHOICE */
#define SPIKE_STEP_NS (500 * NS_PER_MS) /* see spike.c */
#define WORD_IN_PAGE 0xffcu
#define COLD_TURN 7u /* of eight touches the last one is anywhere */

static uint32_t pages_of(uint32_t kb)
{
    return (kb + PAGE_SIZE / 1024 - 1) / (PAGE_SIZE / 1024);
}

/* pid 20: its user mode is a process of the host machine (hbd.h). What it has here is an address
 * space: with the page that it beats with, and what of its own a beat uses: the stack on which it
 * wakes, code of libc, libevent and jemalloc, its own code, and the allocator's records on the
 * heap. How much is OUR CHOICE. */
#define HBD_STACK_PAGES 2u
#define HBD_LIB_PAGES 8u
#define HBD_TEXT_PAGES 5u
#define HBD_HEAP_PAGES 4u

/* Of `pages` pages from `start` on use `count`, spread evenly, at some byte of each. */
static void hbd_use(const struct program *p, uint32_t start, uint32_t pages, uint32_t count,
                    bool write)
{
    for (uint32_t i = 0; i < count && i < pages; i++) {
        const uint32_t page = start + (uint32_t)((uint64_t)i * pages / count) * PAGE_SIZE;
        const uint32_t word = (uint32_t)rng_hash(p->hot_root, page) % (PAGE_SIZE / 4);
        ASSERT(user_account(page + word * 4, write));
    }
}

static void hbd_use_pages(void *program)
{
    const struct program *p = program;
    const uint32_t stack = pages_of(p->spec.stack_kb);
    const uint32_t top = stack < HBD_STACK_PAGES ? stack : HBD_STACK_PAGES;
    hbd_use(p, STACK_TOP - top * PAGE_SIZE, top, top, true);
    hbd_use(p, p->lib_start, p->lib_pages, HBD_LIB_PAGES, false);
    hbd_use(p, p->text_start, p->text_pages, HBD_TEXT_PAGES, false);
    hbd_use(p, p->heap_start, p->data_pages, HBD_HEAP_PAGES, true);
}

int prog_vmnixhbd(struct program *p)
{
    if (sys(old_mmap, HBD_PAGE_VA, PAGE_SIZE) != 0)
        return 1;
    return vmnixhbd_task(hbd_use_pages, p);
}

/* What a behaviour is called in a scenario, and how its data looks in a dump. */
struct behaviour {
    const char *name;
    int (*run)(struct program *p);
    const char *content; /* what a page of its heap says that it holds */
};
#define BEHAVIOUR(name, function, content) { name, function, content },
static const struct behaviour behaviours[] = {
#include "shared/behaviour.def"
};

static const struct behaviour *find_behaviour(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(behaviours); i++) {
        if (strcmp(behaviours[i].name, name) == 0)
            return &behaviours[i];
    }
    return NULL;
}

/* ---- life of the record ---------------------------------------------------------------------- */
static struct kmem_cache *cache;

KERNEL_SIDE struct program *program_create(const struct child *c)
{
    const struct boot_program *spec = c->spec;
    if (cache == NULL)
        cache = kmem_cache_create("files_cache", sizeof(struct program));
    struct program *p = kmem_cache_alloc(cache, GFP_KERNEL);
    const struct behaviour *b = find_behaviour(spec->behaviour);
    ASSERT(b != NULL); /* the scenario's checker knows the names */
    if (p == NULL)
        return NULL;
    memset(p, 0, sizeof *p);
    p->spec = *spec;
    p->behaviour = kptr_of(b);
    p->until_ns = c->until_ns;
    p->fault = c->fault;
    p->number[0] = c->number;
    list_init(&p->held_pages);
    faults_of_program(p);
    p->leaks_before = program_leak_owed(p);
    p->hot_root = rng_derive(cos_random("working set"), spec->name);
    if (c->text != NULL)
        strcopy(p->text, c->text, sizeof p->text);
    return p;
}

static KERNEL_SIDE void program_destroy(kptr k)
{
    struct program *p = PTR(struct program, k);
    program_release(p);
    store_look();
    syslog_close(current->pid);
    kmem_cache_free(cache, p);
}

KERNEL_SIDE struct program *program_parent(void)
{
    const struct task_struct *parent = find_task_by_pid(current->ppid);
    return parent != NULL ? PTR(struct program, parent->program) : NULL;
}

/* ---- signals --------------------------------------------------------------------------------- */
/* What a daemon does that catches SIGTERM: it says so, and begins an orderly shutdown, which waits
 * for its threads and never gets there, because the signal broke into work of theirs. It takes no
 * memory any more, and gives none back. OUR CHOICE; see docs/fidelity.md. */
static void __attribute__((noinline)) shut_down(struct program *p)
{
    (void)snprintf(p->text, sizeof p->text, "%s[%u]: signal %u received, shutting down",
                   p->spec.name, current->pid, SIGTERM);
    (void)sys(sys_send, SYSLOG_MESSAGES, p->text);
    for (;;)
        (void)sys(sys_nanosleep, NS_FOREVER);
}

static void look_at_signals(struct program *p)
{
    const uint32_t caught = current->sig_handled;
    current->sig_handled = 0;
    if (unlikely((caught & 1u << SIGTERM) != 0))
        shut_down(p);
}

void program_give_way(struct program *p)
{
    if (need_resched || current->sig_pending != 0)
        return_to_user();
    if (unlikely(current->sig_handled != 0))
        look_at_signals(p);
}

/* ---- exec ------------------------------------------------------------------------------------ */
/* The libraries that programs share, in the order in which a program maps them until it has its
 * lib_kb. Names and sizes in the manner of RHEL 3 and ESX 3; OUR CHOICE. The last one is big
 * enough for any program. */
static const struct {
    const char *path;
    uint32_t kb;
} libraries[] = {
    { "/lib/ld-2.3.2.so", 104 },
    { "/lib/tls/libc-2.3.2.so", 1540 },
    { "/lib/tls/libpthread-0.60.so", 100 },
    { "/lib/tls/libm-2.3.2.so", 212 },
    { "/usr/lib/libz.so.1.1.4", 52 },
    { "/lib/libcrypto.so.0.9.7a", 992 },
    { "/lib/libssl.so.0.9.7a", 216 },
    { "/usr/lib/libstdc++.so.5.0.3", 736 },
    { "/usr/lib/vmware/lib/libvmacore.so", 4096 },
    { "/usr/lib/vmware/lib/libtypes.so", 131072 },
};

/* Map `pages` pages of a file. @return 0 or a negative error */
INLINE_FN int map_file(struct mm_struct *mm, uint32_t at, uint32_t pages, const char *path,
                       uint32_t file_pages)
{
    struct address_space *f = file_mapping(path, file_pages);
    if (f == NULL)
        return -ENOMEM;
    return do_mmap(mm, at, pages * PAGE_SIZE, VM_READ | VM_FILE, f, 0);
}

INLINE_FN int map_libraries(struct mm_struct *mm, struct program *p)
{
    uint32_t left = pages_of(p->spec.lib_kb);
    uint32_t at = LIBS_START;
    p->lib_start = at;
    p->lib_pages = left;
    for (unsigned i = 0; i < ARRAY_SIZE(libraries) && left > 0; i++) {
        const uint32_t whole = pages_of(libraries[i].kb);
        const uint32_t pages = left < whole ? left : whole;
        const int error = map_file(mm, at, pages, libraries[i].path, whole);
        if (error != 0)
            return error;
        at += pages * PAGE_SIZE;
        left -= pages;
    }
    ASSERT(left == 0);
    return 0;
}

INLINE_FN int map_text(struct mm_struct *mm, struct program *p)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/usr/sbin/%s", p->spec.name);
    p->text_start = TEXT_START;
    p->text_pages = pages_of(p->spec.text_kb);
    if (p->text_pages == 0)
        return 0;
    return map_file(mm, TEXT_START, p->text_pages, path, p->text_pages);
}

INLINE_FN int map_heap_and_stack(struct mm_struct *mm, struct program *p)
{
    const uint32_t stack_bytes = pages_of(p->spec.stack_kb) * PAGE_SIZE;
    p->heap_start = TEXT_START + p->text_pages * PAGE_SIZE;
    p->data_pages = pages_of(p->spec.data_kb);
    mm->start_brk = mm->brk = p->heap_start;
    mm->stack_top = STACK_TOP;
    if (p->data_pages > 0) {
        const int error = do_brk(p->heap_start + p->data_pages * PAGE_SIZE);
        if (error != 0)
            return error;
    }
    if (stack_bytes == 0)
        return 0;
    return do_mmap(mm, STACK_TOP - stack_bytes, stack_bytes, VM_READ | VM_WRITE | VM_STACK, NULL,
                   0);
}

static void write_content(struct program *p, uint32_t address)
{
    char text[80];
    const struct behaviour *b = PTR(const struct behaviour, p->behaviour);
    const int n = snprintf(text, sizeof text, "%s[%u] %s 0x%08x", p->spec.name, current->pid,
                           b->content, address);
    const uint32_t first = program_byte(address);
    char *to = user_touch(first, true);
    ASSERT(to != NULL && n > 0 && n < (int)sizeof text);
    memcpy(to - (first - address), text, (size_t)n + 1);
}

/* All of heap and stack is touched once, so that it is resident or swapped. Only pages with
 * contents get bytes. */
static void touch_data(struct program *p)
{
    const uint32_t every = p->spec.content_every;
    for (uint32_t i = 0; i < p->data_pages; i++) {
        const uint32_t address = p->heap_start + i * PAGE_SIZE;
        if (every != 0 && i % every == 0)
            write_content(p, address);
        else
            ASSERT(user_account(program_byte(address), true));
        program_give_way(p);
    }
    for (uint32_t i = 1; i <= pages_of(p->spec.stack_kb); i++) {
        ASSERT(user_account(program_byte(STACK_TOP - i * PAGE_SIZE), true));
        program_give_way(p);
    }
}

INLINE_FN int load_image(struct mm_struct *mm, struct program *p)
{
    int error = map_text(mm, p);
    if (error == 0)
        error = map_libraries(mm, p);
    return error != 0 ? error : map_heap_and_stack(mm, p);
}

/* After a fork the old image is that of the parent, and so are name and identity. */
KERNEL_SIDE int do_execve(struct program *p)
{
    cpu_charge(COST_EXEC);
    struct mm_struct *mm = mm_create(current), *old = PTR(struct mm_struct, current->mm);
    if (mm == NULL)
        return -ENOMEM;
    current->mm = kptr_of(mm);
    if (old != NULL) {
        process_exec(&p->spec);
        exit_mmap(old);
    }
    return load_image(mm, p);
}

static KERNEL_SIDE int sys_execve(struct program *p)
{
    return do_execve(p);
}

void program_startup(struct program *p)
{
    touch_data(p);
    sys(program_set_habits, p);
    if (p->spec.flags & BOOT_PROG_MLOCK)
        sys(sys_mlockall);
}

int program_exec(struct program *p)
{
    const int error = sys(sys_execve, p);
    if (error == 0)
        program_startup(p);
    return error;
}

static int program_main(void *program)
{
    struct program *p = program;
    if (program_exec(p) != 0)
        sys(do_exit, SIGKILL); /* exec that fails after the old image is gone, as 2.4 does it */
    return PTR(const struct behaviour, p->behaviour)->run(p);
}

/* ---- starting one ---------------------------------------------------------------------------- */
KERNEL_SIDE int sys_vfork(const struct child *c)
{
    int error;
    cpu_charge(COST_FORK);
    struct program *p = program_create(c);
    if (p == NULL)
        return -ENOMEM;
    struct task_struct *t = new_task(c->spec->pid, c->spec->name, &error);
    if (t == NULL) {
        program_destroy(kptr_of(p));
        return error;
    }
    process_set_identity(t, c->spec);
    process_start(t, &(struct process_body){ p, program_main, program_destroy });
    return (int)t->pid;
}

int program_spawn(const struct child *c)
{
    return sys(sys_vfork, c);
}

int spawn_child(const struct boot_program *spec, const char *text, uint64_t until_ns)
{
    return program_spawn(&(struct child){ .spec = spec, .text = text, .until_ns = until_ns });
}

/* The child of a fork until its exec: it sets its descriptors up, on the stack that it shares with
 * the parent, and so gets a page of its own. */
static int forked_main(void *program)
{
    (void)user_account(program_byte(STACK_TOP - PAGE_SIZE), true);
    return program_main(program);
}

static KERNEL_SIDE int sys_fork(const struct child *c)
{
    ASSERT(c->spec->pid == 0);
    cpu_charge(COST_FORK);
    struct program *p = program_create(c);
    if (p == NULL)
        return -ENOMEM;
    const int pid = do_fork(&(struct process_body){ p, forked_main, program_destroy });
    if (pid < 0)
        program_destroy(kptr_of(p));
    return pid;
}

int program_fork(const struct child *c)
{
    return sys(sys_fork, c);
}

int fork_exec(const struct boot_program *spec, const char *text, uint64_t until_ns)
{
    return program_fork(&(struct child){ .spec = spec, .text = text, .until_ns = until_ns });
}

/* ---- working --------------------------------------------------------------------------------- */
/* The page with number i in the order text, libraries, data. */
static uint32_t page_at(const struct program *p, uint32_t i)
{
    if (i < p->text_pages)
        return p->text_start + i * PAGE_SIZE;
    i -= p->text_pages;
    if (i < p->lib_pages)
        return p->lib_start + i * PAGE_SIZE;
    return p->heap_start + (i - p->lib_pages) * PAGE_SIZE;
}

/* Choose the run of the working set that the next eight touches use, and draw their random bits:
 * 32 name the cold page, 8 say what is written. The set is runs of 8 neighbours, code (text and
 * libraries) and data in turn, at places that are a pure function of the program's name and the
 * run. So it needs no memory of its own, and equal programs share the hot pages of their text,
 * as they do. */
static void next_run(struct program *p)
{
    const uint32_t code = p->text_pages + p->lib_pages;
    const uint32_t runs = (p->spec.touch_pages + 2 * RUN_PAGES - 1) / (2 * RUN_PAGES) * 2;
    const uint32_t run = p->touches / RUN_PAGES % (runs != 0 ? runs : 2);
    const bool in_code = p->data_pages == 0 || (code != 0 && run % 2 == 0);
    const uint32_t first = in_code ? 0 : code, pages = in_code ? code : p->data_pages;
    const uint32_t at = (uint32_t)((rng_hash(p->hot_root, run) >> 32) * pages >> 32);
    /* Eight page table entries that start at a multiple of 8 share a line of the host's cache. */
    const uint32_t in_line = page_at(p, first + at) / PAGE_SIZE % RUN_PAGES;
    p->run_first = first + (at >= in_line ? at - in_line : at);
    p->run_end = first + pages;
    p->draw = rng_next(&current->rng);
}

void program_touch(struct program *p, uint32_t n)
{
    const uint32_t code = p->text_pages + p->lib_pages;
    const uint32_t pages = code + p->data_pages;
    if (pages == 0)
        return;
    for (; n > 0; n--) {
        const uint32_t turn = p->touches % RUN_PAGES;
        if (turn == 0)
            next_run(p);
        p->touches++;
        uint32_t page = p->run_first + turn;
        if (turn == COLD_TURN || page >= p->run_end)
            page = (uint32_t)((p->draw >> 32) * pages >> 32);
        const bool write = page >= code && (p->draw >> turn & 1) != 0;
        const uint32_t word = (uint32_t)(p->draw >> 16) * (turn + 1u) >> 20 & WORD_IN_PAGE;
        ASSERT(user_account(page_at(p, page) + word, write));
        program_give_way(p);
    }
}

void program_cpu(uint64_t ns)
{
    while (ns > 0) {
        ns -= run_alone(ns);
        const uint64_t now = cos_clock.now_ns, next = cos_clock.next_ns;
        const uint64_t room = next > now ? next - now : 1;
        const uint64_t step = ns < room ? ns : room;
        user_cpu(step);
        ns -= step;
    }
}

void program_round(struct program *p)
{
    if (!program_rests(p))
        program_touch(p, p->spec.touch_pages);
    program_cpu(p->spec.cpu_ns);
    program_call_vmkernel(p);
    program_go_wrong(p);
    look_at_signals(p);
}

void program_go_wrong(struct program *p)
{
    if (p->leaks != 0)
        program_leak(p);
    if (p->shared != 0)
        program_share(p);
    if (p->hogs != 0)
        program_compute(p);
    if (p->storms != 0)
        program_start_children(p);
    if (p->spikes != 0 && p->fault == 0)
        (void)program_spike(p);
}

static bool goes_wrong(const struct program *p)
{
    return (p->leaks | p->shared | p->hogs | p->storms | p->spikes) != 0;
}

bool program_rounds_are_booked(const struct program *p)
{
    return p->idle && p->spec.period_ns != 0 && program_rests(p) && !goes_wrong(p) &&
           !program_makes_calls(p);
}

uint32_t program_patience(const struct program *p)
{
    return goes_wrong(p) ? (uint32_t)(WRONG_PERIOD_NS / NS_PER_JIFFY) : UINT32_MAX;
}

void program_sleep(struct program *p)
{
    uint64_t period = p->spec.period_ns;
    if (program_rounds_are_booked(p))
        period = 0;
    if (period == 0 && goes_wrong(p))
        period = WRONG_PERIOD_NS;
    const uint64_t until = period == 0 ? NS_FOREVER
                                       : cos_clock.now_ns + period - period / 10 +
                                             rng_below(&current->rng, period / 5 + 1);
    /* While it takes memory it does not wait for its next round of work. */
    while (p->fault == 0 && p->spikes != 0 && cos_clock.now_ns < until) {
        const uint64_t next =
            program_spike(p) ? cos_clock.now_ns + SPIKE_STEP_NS : faults_next_ns(p->spikes);
        program_sleep_until(next < until ? next : until);
    }
    if (program_rests(p))
        (void)program_rest(p, until);
    else
        (void)sys(sys_select, until);
    look_at_signals(p);
}

void program_sleep_until(uint64_t at_ns)
{
    struct program *p = PTR(struct program, current->program);
    if (p != NULL && program_rests(p)) {
        while (!program_rest(p, at_ns))
            ;
        return;
    }
    while (sys(sys_nanosleep, at_ns) != 0)
        ;
}

void program_first_sleep(const struct program *p)
{
    if (p->spec.period_ns != 0)
        program_sleep_until(cos_clock.now_ns + rng_below(&current->rng, p->spec.period_ns));
}
