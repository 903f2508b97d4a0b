/* proc_sys.h - /proc/sys and /proc/version: what the kernel was set to.
 *
 * Nothing in a COS changes a sysctl, so HOST/proc/sys is written once, at the end of the boot.
 * Values: docs/sources.md [RHEL3MM 1.9]. */
#ifndef COS_PROC_SYS_H
#define COS_PROC_SYS_H

/** Write HOST/proc/version and HOST/proc/sys/{kernel,vm}. @return 0 or the first negative errno */
int proc_write_sys(void);

#endif /* COS_PROC_SYS_H */
