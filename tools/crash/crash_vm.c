/* crash_vm.c - `vm`: one address space; and `runq`. */
#include <stdlib.h>
#include <string.h>

#include "tools/crash/crash.h"

/* ---- vm -------------------------------------------------------------------------------------- */

static const char *vma_name(const struct core_vma *v)
{
    return v->file[0] != '\0'         ? v->file
           : v->flags & CORE_VM_HEAP  ? "[heap]"
           : v->flags & CORE_VM_STACK ? "[stack]"
                                      : "[anonymous]";
}

static void vma_row(struct out *o, const struct core_vma *v)
{
    out_object(o, NULL);
    out_hex(o, "vma", "%08llx", v->address);
    out_hex(o, "start", "  %8llx", v->start);
    out_hex(o, "end", "  %8llx", v->end);
    out_u64(o, "kb", "  %8llu", v->end > v->start ? (v->end - v->start) / 1024ull : 0);
    out_text(o, "  %c%c", v->flags & CORE_VM_READ ? 'r' : '-',
             v->flags & CORE_VM_WRITE ? 'w' : '-');
    out_hex(o, "flags", " %3llx", v->flags);
    out_str(o, "name", "  %s\n", vma_name(v));
    out_end(o);
}

static void vm_pages(struct crash *s, const struct cos_task *t)
{
    struct out *o = &s->out;
    struct core_mm_pages p;
    core_mm_count(s->core, t->mm, &p);
    out_u64(o, "present", "PAGES: %llu present", p.present);
    out_u64(o, "file", " (%llu of files", p.file);
    out_u64(o, "swapcache", ", %llu with a swap slot)", p.swapcache);
    out_u64(o, "swapped", ", %llu in swap", p.swapped);
    out_u64(o, "zero", ", %llu are the page of zeros", p.zero);
    out_u64(o, "tables", ", %llu page tables\n", p.tables);
    if (p.present != t->rss)
        problems_add(&s->core->problems,
                     "pid %u (%s): rss counts %u pages, its page tables hold %u", t->pid, t->comm,
                     t->rss, p.present);
}

static int run_vm(struct crash *s, int argc, char **argv)
{
    struct out *o = &s->out;
    struct core_vma *vmas = NULL;
    if (argc != 2)
        return crash_usage(&crash_vm, "whose?");
    const struct cos_task *t = crash_task_arg(s, &crash_vm, argv[1]);
    if (t == NULL)
        return CRASH_USAGE;
    if (t->mm == 0)
        return crash_usage(&crash_vm, "pid %u (%s) has no address space", t->pid, t->comm);
    const int n = core_vmas_load(s->core, t->mm, &vmas);
    crash_begin(s, "vm");
    crash_task_line(s, t);
    out_text(o, "   MM       PGD       RSS    TOTAL_VM\n");
    out_hex(o, "mm", "%08llx", t->mm);
    out_hex(o, "pgd", "  %08llx", cosview_field(&s->core->view, t->mm, "mm_struct.pgd", 0));
    out_u64(o, "rss_kb", "  %lluk", t->rss * 4ull);
    out_u64(o, "total_vm_kb", "  %lluk\n", t->vm * 4ull);
    out_text(o, "  VMA        START       END        KB     FLAGS  FILE\n");
    out_array(o, "areas");
    for (int i = 0; i < n; i++)
        vma_row(o, &vmas[i]);
    out_end(o);
    vm_pages(s, t);
    free(vmas);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_vm = {
    .name = "vm",
    .usage = "vm PID|TASK",
    .summary = "an address space: areas, and what the page tables hold",
    .help = "",
    .run = run_vm,
};

/* ---- runq ------------------------------------------------------------------------------------ */

static void runq_row(struct crash *s, const struct core_queued *q)
{
    struct out *o = &s->out;
    const struct cos_task *t = cos_task_by_address(&s->tasks, q->task);
    out_object(o, NULL);
    out_i64(o, "prio", "     [%3lld] ", q->prio);
    out_bool(o, "expired", q->expired);
    if (t == NULL) {
        out_hex(o, "task", "TASK: %08llx  (not on the task list)\n", q->task);
        problems_add(&s->core->problems, "run queue: %llx is not on the task list",
                     (unsigned long long)q->task);
    } else {
        out_u64(o, "pid", "PID: %-6llu ", t->pid);
        out_hex(o, "task", "TASK: %08llx  ", t->address);
        out_str(o, "policy", NULL, cos_policy_name(t->policy));
        out_str(o, "comm", "COMMAND: \"%s\"\n", t->comm);
    }
    out_end(o);
}

static int run_runq(struct crash *s, int argc, char **argv)
{
    struct out *o = &s->out;
    struct core_queued *queue = NULL;
    uint64_t at = 0;
    (void)argv;
    if (argc > 1)
        return crash_usage(&crash_runq, "no argument is wanted");
    const int n = core_runq_load(s->core, &queue);
    const struct cos_task *current = cos_task_current(&s->tasks);
    (void)cosview_symbol(&s->core->view, "run_queue", &at);
    crash_begin(s, "runq");
    out_text(o, "CPU 0 ");
    out_hex(o, "runqueue", "RUNQUEUE: %08llx\n", at);
    if (current != NULL) {
        out_u64(o, "current", "  CURRENT: PID: %-6llu ", current->pid);
        out_text(o, "TASK: %08llx  COMMAND: \"%s\"\n", (unsigned long long)current->address,
                 current->comm);
    }
    out_u64(o, "nr_running", "  NR_RUNNING: %llu\n",
            cosview_value(&s->core->view, "nr_running", 0));
    out_array(o, "queue");
    for (int i = 0; i < n; i++) {
        if (i == 0 || queue[i].expired != queue[i - 1].expired)
            out_text(o, "  %s PRIO_ARRAY:\n", queue[i].expired ? "EXPIRED" : "ACTIVE");
        runq_row(s, &queue[i]);
    }
    out_end(o);
    if (n == 0)
        out_text(o, "  nobody waits for the CPU\n");
    free(queue);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_runq = {
    .name = "runq",
    .usage = "runq",
    .summary = "who waits for the CPU, in the order of being served",
    .help = "Active before expired, a lower number before a higher one, then first come first "
            "served.\n",
    .run = run_runq,
};
