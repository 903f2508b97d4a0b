/* evq.c - see evq.h. */
#include "shared/evq.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

void evq_init(struct evq *q)
{
    assert(q != NULL);
    memset(q, 0, sizeof *q);
}

static bool before(const struct evq_event *a, const struct evq_event *b)
{
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a->seq < b->seq;
}

static void swap(struct evq *q, uint32_t i, uint32_t j)
{
    const struct evq_event event = q->heap[i];
    q->heap[i] = q->heap[j];
    q->heap[j] = event;
}

static void sift_up(struct evq *q, uint32_t i)
{
    for (; i > 0 && before(&q->heap[i], &q->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(q, i, (i - 1) / 2);
}

static void sift_down(struct evq *q, uint32_t i)
{
    for (;;) {
        uint32_t least = i;
        for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < q->count; child++)
            if (before(&q->heap[child], &q->heap[least]))
                least = child;
        if (least == i)
            return;
        swap(q, i, least);
        i = least;
    }
}

/* Take the event at place i out and close the gap with the last one, which may belong further up or
 * further down. */
static void remove_at(struct evq *q, uint32_t i)
{
    assert(i < q->count);
    q->heap[i] = q->heap[--q->count];
    if (i < q->count) {
        sift_down(q, i);
        sift_up(q, i);
    }
}

uint64_t evq_add(struct evq *q, uint64_t deadline_ns, uint32_t kind, uint64_t arg)
{
    assert(q != NULL && q->count <= EVQ_CAPACITY);
    if (q->count == EVQ_CAPACITY)
        return 0;
    q->heap[q->count] = (struct evq_event){
        .deadline_ns = deadline_ns, .seq = ++q->last_seq, .kind = kind, .arg = arg
    };
    sift_up(q, q->count++);
    return q->last_seq;
}

const struct evq_event *evq_peek(const struct evq *q)
{
    assert(q != NULL);
    return q->count > 0 ? &q->heap[0] : NULL;
}

bool evq_take(struct evq *q, uint64_t now_ns, struct evq_event *ret)
{
    assert(q != NULL && ret != NULL);
    if (q->count == 0 || q->heap[0].deadline_ns > now_ns)
        return false;
    *ret = q->heap[0];
    remove_at(q, 0);
    return true;
}

bool evq_cancel(struct evq *q, uint64_t seq)
{
    assert(q != NULL);
    for (uint32_t i = 0; i < q->count; i++) {
        if (q->heap[i].seq == seq) {
            remove_at(q, i);
            return true;
        }
    }
    return false;
}
