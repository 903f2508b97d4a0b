/* pace.c - see pace.h. */
#include "vmkernel/run/pace.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "shared/units.h"
#include "vmkernel/run/children.h"

#define QUANTUM_WALL_NS (10 * NS_PER_MS)

int pace_parse(const char *text, uint64_t *ret_factor)
{
    assert(text != NULL && ret_factor != NULL);
    if (strcmp(text, "virtual") == 0 || strcmp(text, "real") == 0) {
        *ret_factor = text[0] == 'r';
        return 0;
    }
    if (text[0] != 'x' || text[1] < '1' || text[1] > '9')
        return -1;
    char *end;
    errno = 0;
    const unsigned long long factor = strtoull(text + 1, &end, 10);
    if (errno != 0 || *end != '\0' || factor > PACE_FACTOR_MAX)
        return -1;
    *ret_factor = factor;
    return 0;
}

uint64_t pace_wall_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Nothing to do in either callback: that the loop returned is the message. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static void on_child(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    children_event_clear();
    ((struct pace *)arg)->child_changed = true;
}

int pace_init(struct pace *pace, uint64_t factor, int child_fd)
{
    memset(pace, 0, sizeof *pace);
    pace->factor = factor;
    pace->start_wall_ns = pace_wall_ns();
    if (factor == 0)
        return 0;
    pace->base = event_base_new();
    if (pace->base == NULL)
        return -1;
    pace->timer = evtimer_new(pace->base, on_timer, NULL);
    pace->child = event_new(pace->base, child_fd, EV_READ | EV_PERSIST, on_child, pace);
    if (pace->timer == NULL || pace->child == NULL || event_add(pace->child, NULL) != 0)
        return -1;
    return 0;
}

void pace_fini(struct pace *pace)
{
    if (pace->timer != NULL)
        event_free(pace->timer);
    if (pace->child != NULL)
        event_free(pace->child);
    if (pace->base != NULL)
        event_base_free(pace->base);
    memset(pace, 0, sizeof *pace);
}

uint64_t pace_quantum_ns(const struct pace *pace)
{
    if (pace->factor == 0)
        return UINT64_MAX;
    const uint64_t quantum_ns = QUANTUM_WALL_NS * pace->factor;
    return quantum_ns > NS_PER_S ? quantum_ns : NS_PER_S;
}

/* Wall time that is left until virtual `now_ns`; 0 = reached. */
static uint64_t left_ns(const struct pace *pace, uint64_t now_ns)
{
    const uint64_t due_ns = pace->start_wall_ns + now_ns / pace->factor;
    const uint64_t wall_ns = pace_wall_ns();
    return due_ns > wall_ns ? due_ns - wall_ns : 0;
}

bool pace_wait(struct pace *pace, uint64_t now_ns)
{
    if (pace->factor == 0)
        return true;
    pace->child_changed = false;
    for (uint64_t left; (left = left_ns(pace, now_ns)) > 0;) {
        const struct timeval tv = { .tv_sec = (time_t)(left / NS_PER_S),
                                    .tv_usec = (suseconds_t)(left % NS_PER_S / 1000 + 1) };
        (void)evtimer_add(pace->timer, &tv);
        (void)event_base_loop(pace->base, EVLOOP_ONCE);
        (void)evtimer_del(pace->timer);
        if (pace->child_changed)
            return false;
    }
    return true;
}
