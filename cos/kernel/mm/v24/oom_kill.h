/* oom_kill.h - the OOM killer; its window is a state machine, so that livelock.c can ask when its
 * next act is due. */
#ifndef COS_MM_OOM_KILL_H
#define COS_MM_OOM_KILL_H

#include <stdbool.h>
#include <stdint.h>

struct oom_window {
    uint32_t first_call, last_call, last_kill; /* jiffies */
    uint32_t calls;                            /* once the window was old enough */
};
extern struct oom_window oom_window;

/** One call of out_of_memory() at `now` (jiffies). @return true when it is to act; the window then
 * starts anew. */
bool oom_window_step(struct oom_window *w, uint32_t now);

/** A pass of reclaim found nothing at all: kill somebody, if it has been so for long enough. */
void out_of_memory(void);
/** Points of a task as the OOM killer counts them; see facts 1.8. cpu_s, run_jiffies: seconds and
 * jiffies. */
uint32_t oom_badness(uint32_t total_vm, uint64_t cpu_s, uint64_t run_jiffies, int32_t nice,
                     bool root, bool rawio);

#endif /* COS_MM_OOM_KILL_H */
