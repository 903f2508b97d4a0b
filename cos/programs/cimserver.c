/* cimserver.c - a server that works when it is asked: cimserver, Pegasus.
 *
 * A round is a query: it comes over the network from a monitoring system, once per period. What it
 * leaks it leaks per query, as [KB1009607] has it; the rate of a leak is meant at one query a
 * minute. So twice the queries are twice the growth. */
#include "cos/programs/faults.h"

int prog_cimserver(struct program *p)
{
    p->per_query = 1;
    program_first_sleep(p);
    for (;;) {
        for (uint64_t left = p->leaks; left != 0; left &= left - 1) {
            const uint32_t i = (uint32_t)__builtin_ctzll(left);
            if (fault_goes_on(i))
                p->queries_kb += fault_at(i)->rate_kb_h;
        }
        program_round(p);
        program_sleep(p);
    }
}
