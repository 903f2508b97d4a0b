/* oom_kill.h - the window of the OOM killer as a state machine, so that livelock.c can ask when its
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

#endif /* COS_MM_OOM_KILL_H */
