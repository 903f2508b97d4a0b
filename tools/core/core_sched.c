/* core_sched.c - run queue, waits and time of a core; see core_model.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/core_model.h"

#define LOAD_SHIFT 11u /* avenrun is in 1/2048 */

struct runq {
    struct core *core;
    struct core_queued *item;
    uint32_t count, room;
};

static int queue_one(struct runq *q, uint64_t task, int32_t prio, bool expired)
{
    if (q->count == q->room) {
        q->room = q->room == 0 ? 64 : q->room * 2;
        struct core_queued *more = realloc(q->item, q->room * sizeof *more);
        if (more == NULL)
            return -1;
        q->item = more;
    }
    q->item[q->count++] = (struct core_queued){ .task = task, .prio = prio, .expired = expired };
    return 0;
}

/* All of one prio_array, best priority first. */
static int walk_array(struct runq *q, uint64_t array, bool expired)
{
    struct core *c = q->core;
    uint64_t queue, link, at;
    struct cos_walk w;
    const uint32_t before = q->count;
    if (array == 0 || !cosview_offset(&c->view, "prio_array.queue", &queue) ||
        !cosview_offset(&c->view, "task_struct.run_list", &link)) {
        problems_add(&c->problems, "run queue: the note does not say how it is made");
        return 0;
    }
    for (uint32_t prio = 0; prio < CORE_PRIOS; prio++) {
        cos_walk_begin(&w, &c->view, "run queue", array + queue + prio * 2 * sizeof(uint32_t), 0,
                       COS_TASKS_MAX);
        while (cos_walk_next(&w, &at)) {
            if (queue_one(q, at - link, (int32_t)prio, expired) != 0)
                return -1;
        }
        if (w.broken)
            return 0;
    }
    const uint32_t says = cosview_field(&c->view, array, "prio_array.nr_active", q->count - before);
    if (says != q->count - before)
        problems_add(&c->problems, "run queue: the %s array counts %u tasks, but %u are queued",
                     expired ? "expired" : "active", says, q->count - before);
    return 0;
}

int core_runq_load(struct core *c, struct core_queued **ret)
{
    struct runq q = { .core = c };
    uint64_t at;
    if (!cosview_symbol(&c->view, "run_queue", &at)) {
        problems_add(&c->problems, "the note does not say where the run queue is");
        *ret = NULL;
        return 0;
    }
    if (walk_array(&q, cosview_field(&c->view, at, "run_queue.active", 0), false) != 0 ||
        walk_array(&q, cosview_field(&c->view, at, "run_queue.expired", 0), true) != 0) {
        free(q.item);
        return -1;
    }
    *ret = q.item;
    return (int)q.count;
}

/* ---- waits ----------------------------------------------------------------------------------- */

/* Is it a slot of a zone's table of page waiters? */
static bool in_wait_table(struct core *c, uint32_t queue, char *to, size_t n)
{
    struct core_zones zones;
    core_zones_load(c, &zones);
    for (uint32_t i = 0; i < zones.count; i++) {
        const struct core_zone *z = &zones.zone[i];
        const uint32_t table = cosview_field(&c->view, z->address, "zone.wait_table", 0);
        const uint32_t bits = cosview_field(&c->view, z->address, "zone.wait_bits", 0);
        const uint64_t bytes = bits < 24 ? 8ull << bits : 0;
        if (table != 0 && queue >= table && queue - table < bytes) {
            (void)snprintf(to, n, "page wait table of zone %s", z->name);
            return true;
        }
    }
    return false;
}

void core_wait_of(struct core *c, const struct cos_task *t, struct core_wait *ret)
{
    struct core_wait w = { .kind = CORE_WAIT_NONE };
    uint64_t offset;
    if (t->wait_queue != 0) {
        w.kind = CORE_WAIT_QUEUE;
        w.queue = t->wait_queue;
        const char *name = cosview_symbol_of(&c->view, t->wait_queue, &offset);
        if (name != NULL && offset == 0)
            (void)snprintf(w.name, sizeof w.name, "%s", name);
        else if (name != NULL)
            (void)snprintf(w.name, sizeof w.name, "%s+%" PRIu64, name, offset);
        else
            (void)in_wait_table(c, t->wait_queue, w.name, sizeof w.name);
    }
    if (t->wait_page != 0) {
        w.kind = CORE_WAIT_PAGE;
        w.page = t->wait_page;
    }
    *ret = w;
}

/* ---- time ------------------------------------------------------------------------------------ */

void core_clock_load(struct core *c, struct core_clock *ret)
{
    struct core_clock k = { .now_ns = c->time_ns };
    uint64_t at;
    k.hz = (uint32_t)cosview_number(&c->view, "HZ", 100, 100000);
    if (cosview_symbol(&c->view, "cos_clock", &at)) {
        (void)cosview_field_u64(&c->view, at, "cos_clock.now_ns", &k.now_ns);
        (void)cosview_field_u64(&c->view, at, "cos_clock.boot_ns", &k.boot_ns);
    }
    if (cosview_symbol(&c->view, "avenrun", &at)) {
        for (uint32_t i = 0; i < 3; i++) {
            uint32_t load = 0;
            (void)cosview_u32(&c->view, at + i * sizeof load, &load);
            k.load[i] = (uint32_t)(((uint64_t)load + (1u << LOAD_SHIFT) / 200) * 100 >> LOAD_SHIFT);
        }
    }
    if (k.boot_ns > k.now_ns) {
        problems_add(&c->problems, "clock: the console started at %" PRIu64 " ns, after the end",
                     k.boot_ns);
        k.boot_ns = 0;
    }
    *ret = k;
}
