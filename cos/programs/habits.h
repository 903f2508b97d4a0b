/* habits.h - working sets of programs, and how they rest (habits.c). */
#ifndef COS_HABITS_H
#define COS_HABITS_H

#include "cos/programs/program.h"

/** Has the program a working set that is used while it rests? */
bool program_rests(const struct program *p);
/** Kernel side, after exec: what p's specification calls hot, warm and cold is used from now on. */
void program_set_habits(struct program *p);
/** Rest until an instant or a signal: the working set is used, what of it is absent is brought in,
 * and CPU time is booked. @return false when a signal came */
bool program_rest(struct program *p, uint64_t until_ns);

#endif /* COS_HABITS_H */
