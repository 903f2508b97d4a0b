/* printk.h - the kernel log as its reader and the dump see it. Writing is printk() of kernel.h. */
#ifndef COS_PRINTK_H
#define COS_PRINTK_H

#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/sched/task.h"

#define LOG_BUF_LEN \
    131072u /* bytes: SysRq-T of a whole COS fits. RHEL 3 kernels have 32 to 128 kB */

extern char log_buf[LOG_BUF_LEN];
extern uint32_t log_start, log_end, log_read;
extern struct wait_queue log_wait; /* klogd sleeps here */

/** Move up to n unread bytes to `to`. @return bytes moved, 0 when all is read */
uint32_t log_take(char *to, uint32_t n);

#endif /* COS_PRINTK_H */
