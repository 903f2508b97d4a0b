/* hb.c - see hb.h. */
#include "vmkernel/model/hb.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "shared/err.h"
#include "shared/rng.h"
#include "shared/units.h"

void hb_init(struct hb *hb, uint64_t seed, uint64_t now_ns)
{
    assert(hb != NULL);
    memset(hb, 0, sizeof *hb);
    hb->root = rng_derive(seed, "hb-check");
    hb->armed_ns = now_ns;
    hb->last_event_ns = now_ns;
    hb->last_beat_ns = now_ns;
}

uint64_t hb_check_ns(const struct hb *hb, uint64_t check)
{
    return hb->armed_ns + check * NS_PER_MIN + rng_hash(hb->root, check) % HB_LATENCY_MAX_NS;
}

/* When the check that is carried out at now_ns was due. The latency is less than a minute, so
 * rounding down undoes it. */
static uint64_t due_ns(const struct hb *hb, uint64_t now_ns)
{
    return now_ns - (now_ns - hb->armed_ns) % NS_PER_MIN;
}

uint64_t hb_next_check(const struct hb *hb)
{
    assert(hb != NULL);
    /* The first check that is due a whole to-1 minutes after the last beat; if that one is behind
     * us, the next one of all. */
    const uint64_t act_ns = hb->last_beat_ns - hb->armed_ns + (HB_TIMEOUT_MIN - 1) * NS_PER_MIN;
    const uint64_t could_act = (act_ns + NS_PER_MIN - 1) / NS_PER_MIN;
    return could_act > hb->last_check ? could_act : hb->last_check + 1;
}

static void note_beat(struct hb *hb, const struct hb_event *ev)
{
    struct hb_beat *slot = &hb->history[hb->beats % HB_HISTORY];
    *slot = ev->beat;
    slot->beat_ns = ev->now_ns;
    hb->beats++;
    hb->last_seq = ev->beat.seq;
    hb->last_beat_ns = ev->now_ns;
    hb->state = HB_ARMED;
}

/* The age that a check sees, in whole minutes. A beat between its due time and its late execution
 * makes it young, not negative. */
static uint32_t age_min(const struct hb *hb, uint64_t now_ns)
{
    const uint64_t due = due_ns(hb, now_ns);
    const uint64_t age = due > hb->last_beat_ns ? (due - hb->last_beat_ns) / NS_PER_MIN : 0;
    return age > UINT32_MAX ? UINT32_MAX : (uint32_t)age;
}

static void check(struct hb *hb, uint64_t now_ns, struct hb_actions *act)
{
    hb->last_check = (now_ns - hb->armed_ns) / NS_PER_MIN;
    /* A late check may jump straight past LATE: whoever starves the watchdog must not keep it from
     * expiring. */
    if (act->age_min >= HB_TIMEOUT_MIN && hb->state != HB_EXPIRED) {
        hb->state = HB_EXPIRED;
        act->alert = true;
        act->stun_cos = true;
    } else if (act->age_min == HB_TIMEOUT_MIN - 1 && hb->state == HB_ARMED) {
        hb->state = HB_LATE;
        act->alert = true;
    }
    hb->alerts += act->alert;
}

int hb_step(struct hb *hb, const struct hb_event *event, struct hb_actions *ret)
{
    assert(hb != NULL && event != NULL && ret != NULL);
    assert(hb->last_beat_ns <= hb->last_event_ns);

    /* Operating errors first, before any state changes. */
    if (event->now_ns < hb->last_event_ns)
        return ERR_ORDER;
    if (event->type == HB_EV_BEAT && event->beat.seq <= hb->last_seq)
        return ERR_PROTOCOL;

    hb->last_event_ns = event->now_ns;
    if (event->type == HB_EV_BEAT && hb->state != HB_EXPIRED)
        note_beat(hb, event);
    struct hb_actions act = { .age_min = age_min(hb, event->now_ns) };
    if (event->type == HB_EV_CHECK)
        check(hb, event->now_ns, &act);

    if (act.stun_cos)
        assert(hb->state == HB_EXPIRED);
    *ret = act;
    return 0;
}

void hb_new_generation(struct hb *hb)
{
    assert(hb != NULL);
    hb->last_seq = 0;
}

const char *hb_state_name(enum hb_state state)
{
#define NAME(state_, name) name,
    static const char *const names[HB_STATES] = { HB_STATE_LIST(NAME) };
#undef NAME
    return (unsigned)state < HB_STATES ? names[state] : "?";
}

uint32_t hb_history_count(const struct hb *hb)
{
    return hb->beats < HB_HISTORY ? (uint32_t)hb->beats : HB_HISTORY;
}

const struct hb_beat *hb_history_at(const struct hb *hb, uint32_t i)
{
    assert(hb != NULL && i < hb_history_count(hb));
    return &hb->history[(hb->beats - hb_history_count(hb) + i) % HB_HISTORY];
}
