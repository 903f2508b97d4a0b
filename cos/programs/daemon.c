/* daemon.c - the ordinary program: it sleeps most of the time, and when it wakes it touches some
 * pages and computes a little. */
#include "cos/programs/program.h"

int prog_daemon(struct program *p)
{
    p->idle = 1;
    program_first_sleep(p);
    for (;;) {
        program_round(p);
        program_sleep(p);
    }
}

int prog_worker(struct program *p)
{
    program_round(p);
    while (cos_clock.now_ns < p->until_ns) {
        program_sleep(p);
        program_round(p);
    }
    return 0;
}
