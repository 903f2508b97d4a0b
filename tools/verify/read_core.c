/* read_core.c - what the cos-core says: on the datastore, or where a start has put it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/core_model.h"
#include "tools/verify/read.h"

#define KB_PER_PAGE (CORE_PAGE / 1024)
#define LOW32 0xffffffffu
#define TRACE_MAX 320u

/* Where a structure's field lies in the file, for those who want to look at (or edit) the bytes. */
static struct claim_place place_of(const struct core *c, const char *file, uint64_t va,
                                   uint32_t bytes)
{
    struct claim_place at = { .file = file, .section = "" };
    const unsigned char *where = core_at(c, va, bytes);
    if (where != NULL) {
        at.offset = (uint64_t)(where - c->bytes);
        at.bytes = bytes;
    }
    return at;
}

static struct claim_place field_place(const struct core *c, const char *file, uint64_t address,
                                      const char *field, uint32_t bytes)
{
    uint64_t offset = 0;
    if (!cosview_offset(&c->view, field, &offset))
        return (struct claim_place){ .file = file, .section = "" };
    return place_of(c, file, address + offset, bytes);
}

static struct claim_place variable_place(const struct core *c, const char *file, const char *name)
{
    uint64_t va;
    if (!cosview_symbol(&c->view, name, &va))
        return (struct claim_place){ .file = file, .section = "" };
    return place_of(c, file, va, 4);
}

/* ---- registers ------------------------------------------------------------------------------- */
static void put_registers(struct verify *v, const char *file, const struct cos_frame *f)
{
    const struct claim_place at = { .file = file, .section = "" };
    const struct {
        const char *name;
        uint64_t value;
    } regs[] = { { "ip", f->rip },  { "eax", f->rax }, { "ebx", f->rbx }, { "ecx", f->rcx },
                 { "edx", f->rdx }, { "ebp", f->rbp }, { "esi", f->rsi }, { "edi", f->rdi },
                 { "es", f->es },   { "ds", f->ds } };
    for (size_t i = 0; i < sizeof regs / sizeof regs[0]; i++)
        claim_number(&v->claims, &at, (int64_t)(regs[i].value & LOW32), "core.regs.%s",
                     regs[i].name);
}

/* ---- tasks ----------------------------------------------------------------------------------- */
static void put_trace(struct verify *v, const struct core *c, const char *file,
                      struct cosview_unwinder *u, const struct cos_task *t)
{
    struct cos_trace trace;
    char text[TRACE_MAX] = "";
    const struct claim_place at = { .file = file, .section = "" };
    if (u == NULL || !t->has_regs)
        return;
    cosview_unwind(u, t, &trace);
    for (uint32_t i = 0; i < trace.count && strlen(text) + 2 < sizeof text; i++) {
        const size_t used = strlen(text);
        const char *function = cos_trace_function(&c->view, &trace, i, NULL);
        (void)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? " " : "",
                       function != NULL ? function : "?");
    }
    claim_text(&v->claims, &at, text, "core.task.trace.%u", t->pid);
    claim_number(&v->claims, &at, (int64_t)(t->regs.rip & LOW32), "core.task.ip.%u", t->pid);
}

static void put_task(struct verify *v, struct core *c, const char *file, const struct cos_task *t)
{
    const char state[2] = { cos_state_letter(t->state), '\0' };
    struct claim_place at = field_place(c, file, t->address, "task_struct.comm", 16);
    claim_text(&v->claims, &at, t->comm, "core.task.comm.%u", t->pid);
    at = field_place(c, file, t->address, "task_struct.state", 4);
    claim_text(&v->claims, &at, state, "core.task.state.%u", t->pid);
    at = field_place(c, file, t->address, "task_struct.ppid", 4);
    claim_number(&v->claims, &at, t->ppid, "core.task.ppid.%u", t->pid);
}

static void put_current(struct verify *v, struct core *c, const char *file,
                        const struct cos_tasks *tasks)
{
    const struct cos_task *t = cos_task_current(tasks);
    if (t == NULL)
        return;
    struct claim_place at = field_place(c, file, t->address, "task_struct.comm", 16);
    claim_text(&v->claims, &at, t->comm, "core.current.comm");
    at = field_place(c, file, t->address, "task_struct.pid", 4);
    claim_number(&v->claims, &at, t->pid, "core.current.pid");
    at = field_place(c, file, t->address, "task_struct.frame", 4);
    const uint32_t frame = cosview_field(&c->view, t->address, "task_struct.frame", 0);
    if (frame >= c->page_offset)
        claim_number(&v->claims, &at, (int64_t)(frame - c->page_offset), "core.current.frame");
}

static void put_tasks(struct verify *v, struct core *c, const char *file)
{
    struct cos_tasks tasks;
    const struct claim_place at = { .file = file, .section = "" };
    int64_t vmx = 0;
    if (core_tasks_load(c, &tasks) != 0 || tasks.count == 0)
        return;
    struct cosview_unwinder *u = cosview_unwinder_create(&c->view, c->phdr_va, c->phdr_count);
    for (uint32_t i = 0; i < tasks.count; i++) {
        put_task(v, c, file, &tasks.task[i]);
        put_trace(v, c, file, u, &tasks.task[i]);
        vmx += strcmp(tasks.task[i].comm, "vmware-vmx") == 0 && tasks.task[i].mm != 0;
    }
    put_current(v, c, file, &tasks);
    claim_number(&v->claims, &at, tasks.count, "core.tasks");
    claim_number(&v->claims, &at, c->thread_count, "core.threads");
    claim_number(&v->claims, &at, vmx, "core.vmx");
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

static void put_memory(struct verify *v, struct core *c, const char *file)
{
    struct core_mem m;
    struct core_zones zones;
    struct core_swap swap;
    struct claim_place at;
    core_mem_load(c, &m);
    core_zones_load(c, &zones);
    core_swap_count(c, &swap);
    at = variable_place(c, file, "max_mapnr");
    claim_number(&v->claims, &at, (int64_t)m.frames * KB_PER_PAGE, "core.ram_kb");
    at = variable_place(c, file, "total_ram_pages");
    claim_number(&v->claims, &at, (int64_t)m.total * KB_PER_PAGE, "core.mem_total_kb");
    at = variable_place(c, file, "total_swap_pages");
    claim_number(&v->claims, &at, (int64_t)m.swap_total * KB_PER_PAGE, "core.swap_kb");
    at = variable_place(c, file, "nr_swap_pages");
    claim_number(&v->claims, &at, (int64_t)(m.swap_total - m.swap_free) * KB_PER_PAGE,
                 "core.swap.used_kb");
    if (swap.counted)
        claim_number(&v->claims, &at, (int64_t)swap.used * KB_PER_PAGE, "core.swap.map_used_kb");
    if (zones.count == 0)
        return;
    at = field_place(c, file, zones.zone[0].address, "zone.free_pages", 4);
    claim_number(&v->claims, &at, m.free, "core.free_pages");
    claim_number(&v->claims, &at, free_list_pages(c, &zones), "core.free_list_pages");
}

/* ---- the kernel log -------------------------------------------------------------------------- */
/* "Out of Memory: Killed process 9173 (VMap)." and the like, without stamps and levels. */
static void put_oom(struct verify *v, const struct claim_place *at, const char *line,
                    uint32_t *count)
{
    const char *what = strstr(line, "Out of Memory: Killed process");
    if (what != NULL)
        claim_text(&v->claims, at, what, "core.oom.%u", (*count)++);
}

static void put_log(struct verify *v, struct core *c, const char *file)
{
    const struct claim_place at = { .file = file, .section = "" };
    char *log = cosview_log(&c->view);
    uint32_t number = 0, kills = 0;
    for (char *line = log; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        claim_text(&v->claims, &at, line, "core.log.line.%u", ++number);
        put_oom(v, &at, line, &kills);
        line = end != NULL ? end + 1 : NULL;
    }
    free(log);
}

/* ---- all of it ------------------------------------------------------------------------------- */
static void put_head(struct verify *v, struct core *c, const char *file)
{
    const struct claim_place at = { .file = file, .section = "" };
    uint64_t va, fault;
    claim_number(&v->claims, &at, (int64_t)c->time_ns, "core.time_ns");
    claim_number(&v->claims, &at, c->stunned ? 1 : 0, "core.stunned");
    if (c->release != NULL)
        claim_text(&v->claims, &at, c->release, "core.release");
    if (c->thread_count > 0) {
        put_registers(v, file, &c->threads[0].regs);
        claim_number(&v->claims, &at, c->threads[0].pid, "core.first_pid");
    }
    if (cosview_symbol(&c->view, "last_fault_address", &va) &&
        cosview_read(&c->view, va, &fault, sizeof fault)) {
        const struct claim_place place = place_of(c, file, va, 8);
        claim_number(&v->claims, &place, (int64_t)(fault & LOW32), "core.last_fault");
    }
}

/* "cos-core-esxhostname" of its path; of a core that was moved, up to ".N.core.gz". */
static void put_name(struct verify *v, const char *file)
{
    const struct claim_place at = { .file = file, .section = "" };
    char name[256];
    const char *slash = strrchr(file, '/');
    (void)snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : file);
    char *end = strstr(name, ".core.gz");
    if (end != NULL) {
        *end = '\0';
        end = strrchr(name, '.');
        if (end != NULL)
            *end = '\0';
    }
    claim_text(&v->claims, &at, name, "core.name");
}

void read_core(struct verify *v)
{
    static const char *const names[] = { "vmfs/volumes/*/cos-core-*", "root/old_cores/cos-core-*",
                                         "var/core/cos-core-*", NULL };
    struct core *c;
    char err[512];
    const char *file = verify_find(v, names);
    if (file[0] == '\0')
        return;
    if (core_open(file, &c, err, sizeof err) != 0) {
        verify_problem(v, "%s", err);
        return;
    }
    put_name(v, file);
    put_head(v, c, file);
    put_tasks(v, c, file);
    put_memory(v, c, file);
    put_log(v, c, file);
    for (uint32_t i = 0; i < c->problems.count; i++)
        verify_problem(v, "%s: %s", file, c->problems.line[i]);
    core_close(c);
}
