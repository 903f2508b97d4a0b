/* from_messages.c - facts that the console's messages show, of the boot that failed (failure.c). */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/diagnose/readers/extract.h"

#define DAEMON "vmnixhbd"
#define KB_PER_PAGE 4

static bool is_within(const struct parsed *p, uint32_t line)
{
    const struct messages_line *l = p->messages.line;
    return p->to > p->from && line >= l[p->from].line && line <= l[p->to - 1].line;
}

static void extract_lines(const struct parsed *p, struct facts *ret)
{
    const struct messages_line *retry = NULL; /* the one that has been going on for longest */
    for (uint32_t i = p->from; i < p->to; i++) {
        const struct messages_line *l = &p->messages.line[i];
        const bool is_kill = l->class == MESSAGES_OOM_KILL || l->class == MESSAGES_VM_KILL;
        if (is_kill && strcmp(l->name, DAEMON) == 0)
            extract_line(ret, FACT_OOM_KILLED_HBD, l->name, p, l->line);
        else if (l->class == MESSAGES_PANIC)
            extract_line(ret, FACT_COS_OOPS, "a panic of the console's kernel", p, l->line);
        else if (l->class == MESSAGES_SD_RETRY && (retry == NULL || l->number > retry->number))
            retry = l;
    }
    if (retry != NULL)
        fact_set(ret, FACT_DISK_RETRIES, (double)retry->number, NULL, p->path, retry->line, "%s",
                 reading_line(&p->text, retry->line));
}

static void extract_oopses(const struct parsed *p, struct facts *ret)
{
    char who[FACT_WHO_MAX];
    for (uint32_t i = 0; i < p->messages.oops_count; i++) {
        const struct messages_oops *o = &p->messages.oops[i];
        if (!is_within(p, o->line))
            continue;
        (void)snprintf(who, sizeof who, "an Oops of the console's kernel%s%.26s",
                       o->function[0] != '\0' ? " in " : "", o->function);
        extract_line(ret, FACT_COS_OOPS, who, p, o->line);
    }
}

const struct messages_meminfo *from_messages_meminfo(const struct parsed *p)
{
    const struct messages_meminfo *last = NULL;
    for (uint32_t i = 0; i < p->messages.meminfo_count; i++)
        if (is_within(p, p->messages.meminfo[i].line))
            last = &p->messages.meminfo[i];
    return last != NULL && last->free_pages >= 0 ? last : NULL;
}

static void extract_meminfo(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    const struct messages_meminfo *b = from_messages_meminfo(p);
    if (b == NULL)
        return;
    const int64_t clean = b->clean > 0 ? b->clean : 0;
    const struct fact *f = fact_set(
        ret, FACT_FREE, diagnosis_pct_of_ram(d, (double)((b->free_pages + clean) * KB_PER_PAGE)),
        NULL, p->path, b->line, "Mem-info: %lld pages are free, %lld clean; free swap %lld kB",
        (long long)b->free_pages, (long long)clean, (long long)b->free_swap_kb);
    if (b->free_swap_kb >= 0 && d->memory.swap_total_kb > 0)
        fact_set(ret, FACT_SWAP_USED,
                 100 - 100.0 * (double)b->free_swap_kb / (double)d->memory.swap_total_kb, NULL,
                 p->path, b->line, "%s", f->text);
}

/* The last list of tasks (SysRq-T); it begins with init. */
static void extract_tasks(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    const struct messages *m = &p->messages;
    uint32_t first = m->task_count, last = 0;
    for (uint32_t i = 0; i < m->task_count; i++) {
        if (!is_within(p, m->task[i].line))
            continue;
        if (first == m->task_count || m->task[i].pid == 1)
            first = i;
        last = i + 1;
    }
    if (first >= last)
        return;
    struct seen_tasks seen = { .is_glimpse = true, .whole = m->task[first].pid == 1 };
    for (uint32_t i = first; i < last; i++) {
        const struct messages_task *from = &m->task[i];
        struct seen_task *to = PARSE_ADD(seen.task, seen.count, seen.room);
        to->pid = from->pid > 0 ? (uint32_t)from->pid : 0;
        to->ppid = from->father > 0 ? (uint32_t)from->father : 0;
        (void)snprintf(to->comm, sizeof to->comm, "%s", from->comm);
        to->state = from->state;
        for (uint32_t n = 0; n < from->frame_count; n++)
            task_add_frame(to, m->frame[from->first_frame + n].function);
    }
    tasks_extract(d, &seen, p->path, ret);
    free(seen.task);
}

void from_messages(const struct diagnosis *d, const struct parsed *p, struct facts *ret)
{
    assert(p->from < p->to && p->to <= p->messages.line_count);
    extract_lines(p, ret);
    extract_oopses(p, ret);
    extract_meminfo(d, p, ret);
    extract_tasks(d, p, ret);
}
