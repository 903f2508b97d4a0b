/* cosinfo.c - what a reader of a dump must know about tasks, the run queue and the log. The memory
 * manager adds its own. */
#include "cos/kernel/cosinfo_entry.h"
#include "cos/kernel/printk.h"
#include "cos/kernel/sched.h"
#include "cos/kernel/task.h"

COSINFO_ENTRY("SIZE(pt_regs)", sizeof(struct cos_frame));
COSINFO_NUMBER(PAGE_OFFSET, MACHINE_PAGE_OFFSET);
COSINFO_NUMBER(thread_size, THREAD_SIZE);
COSINFO_NUMBER(log_buf_len, LOG_BUF_LEN);
COSINFO_NUMBER(HZ, HZ);
COSINFO_SIZE(task_struct);
COSINFO_OFFSET(task_struct, saved);
COSINFO_OFFSET(task_struct, state);
COSINFO_OFFSET(task_struct, flags);
COSINFO_OFFSET(task_struct, next_task);
COSINFO_OFFSET(task_struct, pid);
COSINFO_OFFSET(task_struct, ppid);
COSINFO_OFFSET(task_struct, tgid);
COSINFO_OFFSET(task_struct, comm);
COSINFO_OFFSET(task_struct, frame);
COSINFO_OFFSET(task_struct, mm);
COSINFO_OFFSET(task_struct, uid);
COSINFO_OFFSET(task_struct, caps);
COSINFO_OFFSET(task_struct, run_list);
COSINFO_OFFSET(task_struct, array);
COSINFO_OFFSET(task_struct, prio);
COSINFO_OFFSET(task_struct, static_prio);
COSINFO_OFFSET(task_struct, policy);
COSINFO_OFFSET(task_struct, rt_priority);
COSINFO_OFFSET(task_struct, time_slice);
COSINFO_OFFSET(task_struct, sleep_avg);
COSINFO_OFFSET(task_struct, stuck);
COSINFO_OFFSET(task_struct, reclaim_passes);
COSINFO_OFFSET(task_struct, sig_pending);
COSINFO_OFFSET(task_struct, sig_caught);
COSINFO_OFFSET(task_struct, utime_ns);
COSINFO_OFFSET(task_struct, stime_ns);
COSINFO_OFFSET(task_struct, start_ns);
COSINFO_OFFSET(task_struct, min_flt);
COSINFO_OFFSET(task_struct, maj_flt);
COSINFO_OFFSET(task_struct, wait_queue);
COSINFO_OFFSET(task_struct, wait_page);
COSINFO_SIZE(run_queue);
COSINFO_OFFSET(run_queue, active);
COSINFO_OFFSET(run_queue, expired);
COSINFO_OFFSET(run_queue, arrays);
COSINFO_SIZE(prio_array);
COSINFO_OFFSET(prio_array, queue);
COSINFO_OFFSET(prio_array, nr_active);
COSINFO_SIZE(cos_clock);
COSINFO_OFFSET(cos_clock, now_ns);
COSINFO_OFFSET(cos_clock, boot_ns);
