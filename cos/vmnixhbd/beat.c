/* beat.c - one beat of vmnixhbd: allocate a page, write it, check it, free it, tell the ring.
 *
 * A beat says: at this time the service console had a page of memory to give, and took it back. So
 * it is valid only if the allocator really asked the COS, exactly once each way. */
#include "cos/vmnixhbd/hbd.h"

#include <assert.h>
#include <stddef.h>

enum { PAGE_WORDS = MACHINE_PAGE_SIZE / sizeof(uint64_t) };

/* What a page is filled with. The top bits are set, so that nothing in it reads as text: a core is
 * searched with strings(1). */
static uint64_t pattern(uint64_t seq, unsigned index)
{
    return ~((seq << 16) | index);
}

static void fill(volatile uint64_t *page, uint64_t seq)
{
    for (unsigned i = 0; i < PAGE_WORDS; i++)
        page[i] = pattern(seq, i);
}

static bool holds(const volatile uint64_t *page, uint64_t seq)
{
    for (unsigned i = 0; i < PAGE_WORDS; i++) {
        if (page[i] != pattern(seq, i))
            return false;
    }
    return true;
}

/* Use one page. @return what it says of the service console's memory */
static enum hbd_outcome try_page(struct hbd_arena *a, uint64_t seq)
{
    hbd_arena_reset(a);
    void *page = hbd_arena_page_alloc(a);
    if (page == NULL)
        return a->others == 0 ? HBD_NO_PAGE : HBD_NOT_ASKED;
    fill(page, seq);
    const bool kept = holds(page, seq);
    hbd_arena_page_free(a, page);

    if (a->allocs != 1 || a->frees != 1 || a->others != 0)
        return HBD_NOT_ASKED;
    if (a->free_error != 0)
        return HBD_NOT_FREED;
    return kept ? HBD_BEAT : HBD_BAD_PAGE;
}

/* Tell syslog when it went another way than the last time; a beat a minute that fails is one line,
 * not a thousand. */
static void report(struct hbd_beater *b, enum hbd_outcome outcome)
{
#define HBD_OUTCOME_TEXT(value, text) [value] = text,
    static const char *const texts[HBD_OUTCOMES] = { HBD_OUTCOME_LIST(HBD_OUTCOME_TEXT) };
#undef HBD_OUTCOME_TEXT
    b->counts[outcome]++;
    if (outcome == b->last)
        return;
    b->last = outcome;
    hbd_call_syslog(b->call, texts[outcome]);
}

void hbd_beater_init(struct hbd_beater *b, struct hbd_call *call, struct hbd_arena *arena,
                     struct ring *ring, uint32_t generation, uint64_t interval_ns)
{
    assert(interval_ns > 0);
    *b = (struct hbd_beater){
        .call = call, .arena = arena, .interval_ns = interval_ns, .grid_ns = call->now_ns
    };
    b->due_ns = b->grid_ns;
    b->last = HBD_BEAT;
    ring_producer_init(&b->ring, ring, generation);
}

uint64_t hbd_beater_due_ns(const struct hbd_beater *b, uint64_t now_ns)
{
    assert(now_ns >= b->grid_ns);
    return b->grid_ns + ((now_ns - b->grid_ns) / b->interval_ns + 1) * b->interval_ns;
}

void hbd_beater_step(struct hbd_beater *b)
{
    const enum hbd_outcome outcome = try_page(b->arena, b->ring.seq + 1);
    if (outcome == HBD_BEAT) {
        const uint64_t now_ns = b->call->now_ns;
        const struct ring_beat beat = { .time_ns = now_ns, .latency_ns = now_ns - b->due_ns };
        (void)ring_put(&b->ring, &beat);
    }
    report(b, outcome);

    /* The doorbell goes with the call that is due anyway. */
    b->due_ns = hbd_beater_due_ns(b, b->call->now_ns);
    (void)hbd_call(b->call, GATE_CALL_WAIT, b->due_ns, outcome == HBD_BEAT ? 1 : 0);
}
