/* read_core.c - what the cos-core says: on the datastore, or where a start has put it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/core_model.h"
#include "tools/verify/read.h"

#define KB_PER_PAGE (CORE_PAGE / 1024)
#define LOW32 0xffffffffu
#define TRACE_MAX 320u

struct source {
    struct claims *claims;
    const char *file;
    struct core *core;
    struct claim_place at; /* the file; no bytes of it in particular */
};

/* Where bytes of the console's memory lie in the file, for those who want to look at (or edit)
 * them. */
static struct claim_place bytes_at(const struct source *s, uint64_t va, uint32_t bytes)
{
    struct claim_place at = s->at;
    const unsigned char *where = core_at(s->core, va, bytes);
    if (where != NULL) {
        at.offset = (uint64_t)(where - s->core->bytes);
        at.bytes = bytes;
    }
    return at;
}

static struct claim_place field_at(const struct source *s, uint64_t address, const char *field,
                                   uint32_t bytes)
{
    uint64_t offset = 0;
    return cosview_offset(&s->core->view, field, &offset) ? bytes_at(s, address + offset, bytes)
                                                          : s->at;
}

static struct claim_place variable_at(const struct source *s, const char *name)
{
    uint64_t va;
    return cosview_symbol(&s->core->view, name, &va) ? bytes_at(s, va, 4) : s->at;
}

/* ---- registers ------------------------------------------------------------------------------- */
static void put_registers(const struct source *s, const struct cos_frame *f)
{
    const struct {
        const char *name;
        uint64_t value;
    } regs[] = { { "ip", f->rip },  { "eax", f->rax }, { "ebx", f->rbx }, { "ecx", f->rcx },
                 { "edx", f->rdx }, { "ebp", f->rbp }, { "esi", f->rsi }, { "edi", f->rdi },
                 { "es", f->es },   { "ds", f->ds } };
    for (size_t i = 0; i < sizeof regs / sizeof regs[0]; i++)
        claim_number(s->claims, s->at, (int64_t)(regs[i].value & LOW32), "core.regs.%s",
                     regs[i].name);
}

/* ---- tasks ----------------------------------------------------------------------------------- */
static void put_trace(const struct source *s, struct cosview_unwinder *u, const struct cos_task *t)
{
    struct cos_trace trace;
    char text[TRACE_MAX] = "";
    if (u == NULL || !t->has_regs)
        return;
    cosview_unwind(u, t, &trace);
    for (uint32_t i = 0; i < trace.count && strlen(text) + 2 < sizeof text; i++) {
        const size_t used = strlen(text);
        const char *function = cos_trace_function(&s->core->view, &trace, i, NULL);
        (void)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? " " : "",
                       function != NULL ? function : "?");
    }
    claim_text(s->claims, s->at, text, "core.task.trace.%u", t->pid);
    claim_number(s->claims, s->at, (int64_t)(t->regs.rip & LOW32), "core.task.ip.%u", t->pid);
}

static void put_task(const struct source *s, const struct cos_task *t)
{
    const char state[2] = { cos_state_letter(t->state), '\0' };
    claim_text(s->claims, field_at(s, t->address, "task_struct.comm", 16), t->comm,
               "core.task.comm.%u", t->pid);
    claim_text(s->claims, field_at(s, t->address, "task_struct.state", 4), state,
               "core.task.state.%u", t->pid);
    claim_number(s->claims, field_at(s, t->address, "task_struct.ppid", 4), t->ppid,
                 "core.task.ppid.%u", t->pid);
}

static void put_current(const struct source *s, const struct cos_task *t)
{
    claim_text(s->claims, field_at(s, t->address, "task_struct.comm", 16), t->comm,
               "core.current.comm");
    claim_number(s->claims, field_at(s, t->address, "task_struct.pid", 4), t->pid,
                 "core.current.pid");
}

static void put_tasks(const struct source *s)
{
    struct core *c = s->core;
    struct cos_tasks tasks;
    int64_t vmx = 0;
    if (core_tasks_load(c, &tasks) != 0 || tasks.count == 0)
        return;
    struct cosview_unwinder *u = cosview_unwinder_create(&c->view, c->phdr_va, c->phdr_count);
    for (uint32_t i = 0; i < tasks.count; i++) {
        put_task(s, &tasks.task[i]);
        put_trace(s, u, &tasks.task[i]);
        vmx += strcmp(tasks.task[i].comm, "vmware-vmx") == 0 && tasks.task[i].mm != 0;
    }
    const struct cos_task *current = cos_task_current(&tasks);
    if (current != NULL)
        put_current(s, current);
    claim_number(s->claims, s->at, tasks.count, "core.tasks");
    claim_number(s->claims, s->at, c->thread_count, "core.threads");
    claim_number(s->claims, s->at, vmx, "core.vmx");
    cosview_unwinder_destroy(u);
    cos_tasks_free(&tasks);
}

/* ---- memory ---------------------------------------------------------------------------------- */
static uint32_t free_list_pages(struct core *c, const struct core_zones *zones)
{
    uint32_t pages = 0;
    for (uint32_t i = 0; i < zones->count; i++)
        for (uint32_t order = 0; order < zones->zone[i].orders; order++)
            pages += core_zone_walk_free(c, &zones->zone[i], order) << order;
    return pages;
}

static void put_memory(const struct source *s)
{
    struct core_mem m;
    struct core_zones zones;
    struct core_swap swap;
    core_mem_load(s->core, &m);
    core_zones_load(s->core, &zones);
    core_swap_count(s->core, &swap);
    const struct {
        const char *variable, *key;
        int64_t pages;
    } figures[] = {
        { "max_mapnr", "core.ram_kb", m.frames },
        { "total_ram_pages", "core.mem_total_kb", m.total },
        { "total_swap_pages", "core.swap_kb", m.swap_total },
        { "nr_swap_pages", "core.swap.used_kb", (int64_t)m.swap_total - m.swap_free },
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        claim_number(s->claims, variable_at(s, figures[i].variable), figures[i].pages * KB_PER_PAGE,
                     "%s", figures[i].key);
    if (swap.counted)
        claim_number(s->claims, variable_at(s, "nr_swap_pages"), (int64_t)swap.used * KB_PER_PAGE,
                     "core.swap.map_used_kb");
    if (zones.count == 0)
        return;
    const struct claim_place at = field_at(s, zones.zone[0].address, "zone.free_pages", 4);
    claim_number(s->claims, at, m.free, "core.free_pages");
    claim_number(s->claims, at, free_list_pages(s->core, &zones), "core.free_list_pages");
}

/* ---- the kernel log -------------------------------------------------------------------------- */
static void put_log(const struct source *s)
{
    char *log = cosview_log(&s->core->view);
    struct text t;
    uint32_t kills = 0;
    if (log == NULL)
        return;
    text_from(s->file, log, strlen(log), &t);
    for (uint32_t i = 0; i < t.count; i++) {
        const char *kill = strstr(t.lines[i].at, "Out of Memory: Killed process");
        claim_text(s->claims, s->at, t.lines[i].at, "core.log.line.%u", i + 1);
        if (kill != NULL) /* without stamp and level, as messages has it */
            claim_text(s->claims, s->at, kill, "core.oom.%u", kills++);
    }
    text_free(&t);
    free(log);
}

/* ---- all of it ------------------------------------------------------------------------------- */
static void put_head(const struct source *s)
{
    const struct core *c = s->core;
    uint64_t va, fault;
    claim_number(s->claims, s->at, (int64_t)c->time_ns, "core.time_ns");
    claim_number(s->claims, s->at, c->stunned ? 1 : 0, "core.stunned");
    if (c->release != NULL)
        claim_text(s->claims, s->at, c->release, "core.release");
    if (c->thread_count > 0) {
        put_registers(s, &c->threads[0].regs);
        claim_number(s->claims, s->at, c->threads[0].pid, "core.first_pid");
    }
    if (cosview_symbol(&c->view, "last_fault_address", &va) &&
        cosview_read(&c->view, va, &fault, sizeof fault))
        claim_number(s->claims, bytes_at(s, va, 8), (int64_t)(fault & LOW32), "core.last_fault");
}

/* "cos-core-esxhostname" of its path; of a core that was moved, up to ".N.core.gz". */
static void put_name(const struct source *s)
{
    char name[256];
    const char *slash = strrchr(s->file, '/');
    (void)snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : s->file);
    char *end = strstr(name, ".core.gz");
    if (end != NULL) {
        *end = '\0';
        end = strrchr(name, '.');
        if (end != NULL)
            *end = '\0';
    }
    claim_text(s->claims, s->at, name, "core.name");
}

void read_core(struct verify *v)
{
    static const char *const names[] = { PATH_VOLUMES "/*/cos-core-*", PATH_OLD_CORES "/cos-core-*",
                                         PATH_DUMPS_4 "/cos-core-*", NULL };
    struct core *c;
    struct err err;
    const char *file = verify_find(v, names);
    if (file[0] == '\0')
        return;
    if (core_open(file, &c, &err) != 0) {
        verify_problem(v, "%s", err.text);
        return;
    }
    const struct source s = {
        .claims = &v->claims, .file = file, .core = c, .at = { .file = file, .section = "" }
    };
    put_name(&s);
    put_head(&s);
    put_tasks(&s);
    put_memory(&s);
    put_log(&s);
    for (uint32_t i = 0; i < c->problems.count; i++)
        verify_problem(v, "%s: %s", file, c->problems.line[i]);
    core_close(c);
}
