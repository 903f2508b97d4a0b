/* crash_why.c - `why`: what keeps a task from going on, and who holds that.
 *
 * A chain of steps, each from something that is read: the state, the run queue, the wait queue or
 * page, the functions on its stack, the marks of the zones, the owners of the pages. A step that
 * leads to another task (the one that would wake it, the parent that does not wait) goes on with
 * that one, at most WHY_DEPTH tasks far and never twice to the same. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/crash/crash.h"

#define WHY_DEPTH 6u
#define REQUESTS_MAX 1024u /* of the disk's queue, see cos/kernel/drivers/block.c */
#define REQUEST_PAGES_MAX 31u
#define OWNERS 3u /* biggest owners of memory that are named */

struct why {
    struct crash *s;
    unsigned steps, depth;
    uint32_t seen[WHY_DEPTH];
    bool memory_told;
};

static void why_task(struct why *w, const struct cos_task *t);

static void __attribute__((format(printf, 4, 5)))
say(struct why *w, const struct cos_task *t, const char *kind, const char *format, ...)
{
    char text[256];
    struct out *o = &w->s->out;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    out_object(o, NULL);
    out_text(o, "%2u. ", ++w->steps);
    out_u64(o, "pid", NULL, t->pid);
    out_str(o, "comm", NULL, t->comm);
    out_str(o, "kind", NULL, kind);
    out_str(o, "says", "%s\n", text);
    out_end(o);
}

static void go_on(struct why *w, const struct cos_task *t)
{
    if (t == NULL || w->depth == WHY_DEPTH)
        return;
    for (unsigned i = 0; i < w->depth; i++) {
        if (w->seen[i] == t->pid) {
            say(w, t, "circle",
                "pid %u (%s) stands in this chain already: they wait for each other", t->pid,
                t->comm);
            return;
        }
    }
    why_task(w, t);
}

static const struct cos_task *by_comm(const struct crash *s, const char *comm)
{
    for (uint32_t i = 0; i < s->tasks.count; i++) {
        if (strcmp(s->tasks.task[i].comm, comm) == 0)
            return &s->tasks.task[i];
    }
    return NULL;
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct owner { /* all processes of one name: a hundred small ones are an owner, too */
    const struct cos_task *task; /* the first of them */
    uint32_t tasks;
    uint64_t present, swapped; /* pages; without those of files, which others may share */
};

static int by_pages(const void *a, const void *b)
{
    const struct owner *x = a, *y = b;
    const uint64_t m = x->present + x->swapped, n = y->present + y->swapped;
    if (m != n)
        return m > n ? -1 : 1;
    return x->task->pid < y->task->pid ? -1 : 1;
}

static void add_owner(struct core *c, struct owner *all, uint32_t *n, const struct cos_task *t)
{
    struct core_mm_pages pages;
    uint32_t i = 0;
    while (i < *n && strcmp(all[i].task->comm, t->comm) != 0)
        i++;
    if (i == *n) {
        all[i].task = t;
        (*n)++;
    }
    core_mm_count(c, t->mm, &pages);
    all[i].tasks++;
    all[i].present += pages.present - pages.file;
    all[i].swapped += pages.swapped;
}

static void say_owner(struct why *w, const struct cos_task *t, const struct owner *o,
                      const struct core_mem *m)
{
    char who[64];
    if (o->tasks == 1)
        (void)snprintf(who, sizeof who, "pid %u (%s) owns", o->task->pid, o->task->comm);
    else
        (void)snprintf(who, sizeof who, "%u processes %s own", o->tasks, o->task->comm);
    say(w, t, "owner",
        "%s %" PRIu64 " kB of anonymous memory in RAM (%" PRIu64 "%% of it) and %" PRIu64
        " kB in swap (%" PRIu64 "%%)",
        who, o->present * 4, m->total > 0 ? o->present * 100 / m->total : 0, o->swapped * 4,
        m->swap_total > 0 ? o->swapped * 100 / m->swap_total : 0);
}

static void why_owners(struct why *w, const struct cos_task *t, const struct core_mem *m)
{
    struct crash *s = w->s;
    struct owner *all = calloc(s->tasks.count + 1u, sizeof *all);
    uint32_t n = 0;
    if (all == NULL)
        return;
    for (uint32_t i = 0; i < s->tasks.count; i++) {
        if (s->tasks.task[i].mm != 0)
            add_owner(s->core, all, &n, &s->tasks.task[i]);
    }
    qsort(all, n, sizeof *all, by_pages);
    for (uint32_t i = 0; i < n && i < OWNERS; i++)
        say_owner(w, t, &all[i], m);
    free(all);
}

/* The lists say whether a reclaim pass can find anything. */
static void why_zones(struct why *w, const struct cos_task *t)
{
    struct core_zones zones;
    core_zones_load(w->s->core, &zones);
    for (uint32_t i = 0; i < zones.count; i++) {
        const struct core_zone *z = &zones.zone[i];
        const uint64_t have = (uint64_t)z->free + z->clean;
        if (z->high == 0)
            continue; /* a zone that ordinary requests may not use */
        say(w, t, "zone",
            "zone %s: %" PRIu64 " pages free or clean (min %u, low %u, high %u); %u anonymous, %u "
            "of files, %u dirty, %u in the laundry",
            z->name, have, z->min, z->low, z->high, z->anon_nr, z->cache_nr, z->dirty, z->laundry);
    }
}

static void why_memory(struct why *w, const struct cos_task *t)
{
    struct core_mem m;
    if (w->memory_told)
        return;
    w->memory_told = true;
    core_mem_load(w->s->core, &m);
    why_zones(w, t);
    if (m.swap_total == 0)
        say(w, t, "swap", "there is no swap: anonymous pages cannot be reclaimed");
    else
        say(w, t, "swap", "swap: %u of %u kB are free%s", m.swap_free * 4, m.swap_total * 4,
            m.swap_free == 0 ? ", so no anonymous page can be reclaimed" : "");
    why_owners(w, t, &m);
}

/* ---- the CPU --------------------------------------------------------------------------------- */

static void why_before(struct why *w, const struct cos_task *t, const struct core_queued *q,
                       uint32_t place)
{
    uint32_t real_time = 0;
    for (uint32_t i = 0; i < place; i++) {
        const struct cos_task *before = cos_task_by_address(&w->s->tasks, q[i].task);
        if (before == NULL || q[i].prio >= (int32_t)CORE_RT_PRIOS || real_time++ >= OWNERS)
            continue;
        say(w, t, "rt",
            "pid %u (%s) stands before it with real-time priority %d (%s): it gives the CPU to "
            "nobody until it sleeps",
            before->pid, before->comm, before->prio, cos_policy_name(before->policy));
    }
}

static void why_runq(struct why *w, const struct cos_task *t)
{
    struct core_queued *q = NULL;
    const int n = core_runq_load(w->s->core, &q);
    for (int i = 0; i < n; i++) {
        if (q[i].task != t->address)
            continue;
        say(w, t, "runq",
            "it waits for the CPU: place %d of %d on the run queue, %s array, "
            "priority %d",
            i + 1, n, q[i].expired ? "expired" : "active", q[i].prio);
        why_before(w, t, q, (uint32_t)i);
        const struct cos_task *now = cos_task_current(&w->s->tasks);
        if (now != NULL)
            say(w, t, "cpu", "pid %u (%s), %s, priority %d, had the CPU", now->pid, now->comm,
                cos_policy_name(now->policy), now->prio);
        free(q);
        return;
    }
    free(q);
    say(w, t, "runq", "its state is RU, but it is not on the run queue");
    problems_add(&w->s->core->problems, "pid %u (%s) is runnable and not on the run queue", t->pid,
                 t->comm);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* The request whose list of pages the page is on: the list's head, the one link that lies in no
 * page. @return its address, 0 = the page is on none */
static uint32_t request_of(const struct why *w, const struct core_frames *f, uint64_t page)
{
    const struct cosview *view = &w->s->core->view;
    uint64_t link, head, requests;
    const uint64_t size = cosview_size(view, "block_request", 1);
    uint32_t pfn;
    if (!cosview_offset(view, "page.list", &link) ||
        !cosview_offset(view, "block_request.pages", &head) ||
        !cosview_symbol(view, "requests", &requests))
        return 0;
    for (uint32_t i = 0; i < REQUEST_PAGES_MAX; i++) {
        const uint64_t next = cosview_field(view, page, "page.list", 0);
        if (!core_frame_of(f, next - link, &pfn))
            return (next - head - requests) / size < REQUESTS_MAX ? (uint32_t)(next - head) : 0;
        page = next - link;
    }
    return 0;
}

static void why_page(struct why *w, const struct cos_task *t, uint64_t page)
{
    struct core_frames f;
    uint32_t pfn;
    core_frames_init(w->s->core, &f);
    if (!core_frame_of(&f, page, &pfn)) {
        say(w, t, "page", "it waits for a page, but %" PRIx64 " is none", page);
        return;
    }
    const uint32_t flags = core_frame_flags(&f, pfn);
    const bool locked = (flags & core_page_flag(w->s->core, "PG_locked")) != 0;
    const bool swap = (flags & core_page_flag(w->s->core, "PG_swapcache")) != 0;
    const bool writes = (flags & core_page_flag(w->s->core, "PG_writeback")) != 0;
    const uint32_t request = locked ? request_of(w, &f, page) : 0;
    say(w, t, "page", "it waits for frame %u, which is %slocked (%s%s)%s", pfn,
        locked ? "" : "no longer ", swap ? "swap slot " : "index ",
        swap ? "of the swap partition" : "of a file",
        request == 0 ? ""
        : writes     ? "; its write is with the disk"
                     : "; its read is with the disk");
    if (request != 0 &&
        cosview_key(&w->s->core->view, COSVIEW_OFFSET, "block_request.count") != NULL)
        say(w, t, "disk", "the request: %u pages from disk page %u, %s",
            cosview_field(&w->s->core->view, request, "block_request.count", 0),
            cosview_field(&w->s->core->view, request, "block_request.sector", 0),
            cosview_field(&w->s->core->view, request, "block_request.write", 0) != 0 ? "a write"
                                                                                     : "a read");
}

static void why_queue(struct why *w, const struct cos_task *t, const struct core_wait *wait)
{
    static const struct {
        const char *queue, *says, *who;
    } known[] = {
        { "kswapd_done", "it waits for the end of a pass of kswapd, which alone wakes it",
          "kswapd" },
        { "request_wait", "it waits for a place in the disk's queue, which is full", NULL },
        { "log_wait", "it waits for a message of the kernel: nothing to do", NULL },
        { "syslog_wait", "it waits for a message to syslog: nothing to do", NULL },
        { "kswapd_wait", "kswapd sleeps until somebody wakes it or a second has passed", NULL },
        { "kscand_wait", "kscand sleeps until its next scan", NULL },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const size_t n = strlen(known[i].queue);
        if (strncmp(wait->name, known[i].queue, n) != 0 ||
            (wait->name[n] != '\0' && wait->name[n] != '+'))
            continue;
        say(w, t, "wait-queue", "%s", known[i].says);
        if (known[i].who != NULL && t->comm[0] != '\0')
            go_on(w, by_comm(w->s, known[i].who));
        return;
    }
    say(w, t, "wait-queue", "it sleeps on the queue %s at %" PRIx64,
        wait->name[0] != '\0' ? wait->name : "(no name)", wait->queue);
}

/* The timer that will wake it, if it has one. */
static void why_timer(struct why *w, const struct cos_task *t)
{
    struct core *c = w->s->core;
    struct core_clock k;
    uint64_t timer, at = 0;
    const char *how = t->state == COS_UNINTERRUPTIBLE ? "uninterruptibly" : "interruptibly";
    core_clock_load(c, &k);
    if (!cosview_offset(&c->view, "task_struct.timer", &timer) ||
        cosview_field(&c->view, t->address + timer, "ktimer.slot", 0) == 0 ||
        !cosview_field_u64(&c->view, t->address + timer, "ktimer.at_ns", &at))
        say(w, t, "timer", "it sleeps %s, on no queue and without a timer that is known", how);
    else if (at > INT64_MAX)
        say(w, t, "timer", "it sleeps %s for ever: no more work is planned for it", how);
    else if (at >= k.now_ns)
        say(w, t, "timer", "it sleeps %s until its timer, %" PRIu64 " ms after the stun", how,
            (at - k.now_ns) / NS_PER_MS);
    else
        say(w, t, "timer", "it sleeps %s; its timer was due %" PRIu64 " ms before the stun", how,
            (k.now_ns - at) / NS_PER_MS);
}

static void why_asleep(struct why *w, const struct cos_task *t)
{
    struct core_wait wait;
    core_wait_of(w->s->core, t, &wait);
    if (wait.kind == CORE_WAIT_PAGE)
        why_page(w, t, wait.page);
    else if (wait.kind == CORE_WAIT_QUEUE)
        why_queue(w, t, &wait);
    else
        why_timer(w, t);
}

static void why_zombie(struct why *w, const struct cos_task *t)
{
    const struct cos_task *parent = cos_task_by_pid(&w->s->tasks, t->ppid);
    say(w, t, "zombie", "it has ended; its parent, pid %u (%s), has not asked for its status",
        t->ppid, parent != NULL ? parent->comm : "not there");
    go_on(w, parent);
}

/* ---- the stack ------------------------------------------------------------------------------- */

/* What functions on a stack say, innermost first. */
static void why_stack(struct why *w, const struct cos_task *t, const struct cos_trace *trace)
{
    static const struct {
        const char *function, *says;
        bool asleep; /* true only while it sleeps: who is runnable again was woken */
    } known[] = {
        { "wakeup_kswapd", "it woke kswapd", false },
        { "rebalance_laundry_zone", "it waits for pages that are being written out", false },
        { "get_request_wait", "it wants to start a disk transfer", false },
        { "__alloc_pages", "it asks for a page of memory; a single page is tried for without end",
          false },
        { "do_anonymous_page", "the page is one of its own that it touched for the first time",
          false },
        { "do_swap_page", "the page is to be brought back from swap", false },
        { "do_wp_page", "the page is its own copy of one that it writes to", false },
        { "filemap_nopage", "the page is one of a file, program text perhaps", false },
        { "get_user_pages", "the page is that of a heartbeat", false },
        { "pte_alloc", "the page is for its page tables", false },
        { "kmem_cache_grow", "the page is for a slab of the kernel", false },
        { "copy_page_range", "it forks: the page is for the child's page tables", false },
        { "sys_vfork", "it starts a process, whose stack is two pages", false },
        { "sys_fork", "it starts a process by fork and exec", false },
        { "exit_mmap", "it is ending and gives its memory back", false },
        { "sys_nanosleep", "it sleeps by its own choice", true },
        { "sys_select", "it waits for its next round of work, or a request", true },
        { "sys_wait4", "it waits for a child to end", true },
        { "sys_rt_sigtimedwait", "it waits for a child to end", true },
        { "__down", "it waits for a semaphore", true },
    };
    for (uint32_t i = 0; i < trace->count; i++) {
        const char *function = cos_trace_function(&w->s->core->view, trace, i, NULL);
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
            if (function != NULL && strcmp(function, known[k].function) == 0 &&
                (!known[k].asleep || t->state != COS_RUNNING))
                say(w, t, "stack", "frame %u, %s: %s", i, known[k].function, known[k].says);
        }
    }
}

static bool is_short_of_memory(const struct cosview *v, const struct cos_trace *trace)
{
    return cos_trace_has(v, trace, "__alloc_pages") ||
           cos_trace_has(v, trace, "try_to_free_pages") ||
           cos_trace_has(v, trace, "do_try_to_free_pages_kswapd");
}

static void why_state(struct why *w, const struct cos_task *t)
{
    if (t->current)
        say(w, t, "cpu", "it had the CPU when the console was stopped%s",
            t->has_regs && cos_frame_is_user(&t->regs) ? ", in user mode" : "");
    else if (t->state == COS_RUNNING)
        why_runq(w, t);
    else if (t->state == COS_STOPPED)
        say(w, t, "stopped", "it was stopped by a signal and goes on when it gets SIGCONT (18)");
    else if (t->state == COS_ZOMBIE || t->state == COS_DEAD)
        why_zombie(w, t);
    else
        why_asleep(w, t);
}

static void why_task(struct why *w, const struct cos_task *t)
{
    struct cos_trace trace;
    w->seen[w->depth++] = t->pid;
    say(w, t, "task", "pid %u (%s), state %s, %s, priority %d", t->pid, t->comm,
        cos_state_name(t->state), cos_policy_name(t->policy), t->prio);
    why_state(w, t);
    if (t->state == COS_ZOMBIE || t->state == COS_DEAD)
        return;
    cosview_unwind(w->s->unwinder, t, &trace);
    why_stack(w, t, &trace);
    if (t->reclaim_passes > 0)
        say(w, t, "reclaim", "it has made %u passes of direct reclaim since it started",
            t->reclaim_passes);
    if (is_short_of_memory(&w->s->core->view, &trace))
        why_memory(w, t);
    if (t->flags & COS_PF_MEMDIE)
        say(w, t, "oom",
            "the OOM killer chose it, and it is still there: no other is killed "
            "meanwhile");
}

static int run_why(struct crash *s, int argc, char **argv)
{
    struct why w = { .s = s };
    if (argc != 2)
        return crash_usage(&crash_why, "one PID is wanted");
    const struct cos_task *t = crash_task_arg(s, &crash_why, argv[1]);
    if (t == NULL)
        return CRASH_USAGE;
    crash_begin(s, "why");
    out_array(&s->out, "steps");
    go_on(&w, t);
    out_end(&s->out);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_why = {
    .name = "why",
    .usage = "why PID|TASK",
    .summary = "what keeps a task from going on, and who holds that, down the chain",
    .help = "",
    .run = run_why,
};
