/* init.h - the start of user land: pid 1 and the kernel threads (process.c, programs/). */
#ifndef COS_INIT_H
#define COS_INIT_H

/** Create pid 1, which starts the kernel threads and then every program of the boot parameters.
 * Called by start_kernel() on pid 0. */
void start_init(void);

#endif /* COS_INIT_H */
