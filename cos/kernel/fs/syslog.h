/* syslog.h - /dev/log: the socket between those who have something to say and syslogd.
 *
 * A queue of ten datagrams in kernel memory (net.unix.max_dgram_qlen). Who finds it full sleeps
 * until syslogd takes one, so while syslogd starves every daemon that logs stands still, klogd
 * among them, whose text stays in the kernel log [RHEL3MM 8]. A signal ends the wait, and the line
 * is lost, as it is with init and vmnixhbd, who do not wait (OUR CHOICE: theirs is a non-blocking
 * socket). syslogd (cos/programs/syslogd.c) takes messages and stamps them with its own time. */
#ifndef COS_SYSLOG_H
#define COS_SYSLOG_H

#include "cos/kernel/sched/task.h"

#define SYSLOG_LINE_MAX 224u /* bytes with zero; longer lines are cut */
#define SYSLOG_QUEUE_MAX 10u /* datagrams [RHEL3MM 8] */

/* Which file syslogd.conf sends a message to. */
enum syslog_file {
    SYSLOG_MESSAGES = 0,   /* var/log/messages */
    SYSLOG_VMKSUMMARY = 1, /* var/log/vmksummary */
    SYSLOG_CRON = 2,       /* var/log/cron */
    SYSLOG_FILES = 3,
};

struct syslog_message {
    uint32_t file; /* enum syslog_file */
    /* "logger: text" or "VMap[9173]: text", without stamp, host and newline */
    char line[SYSLOG_LINE_MAX];
};

extern struct wait_queue syslog_wait; /* syslogd sleeps here */
extern uint32_t syslog_lost;          /* messages that were not queued */
extern uint32_t syslog_blocked;       /* times that a sender had to sleep */

/** Make the queue and its wait queues. Called once at boot, before anybody sends. */
void syslog_init(void);
/** Queue a line, which brings its own tag; waits for room, before the first syslog_open() too. The
 * line is lost with any error. @return 0, -EINTR when a signal came first, -EAGAIN for those who do
 * not wait, -ECONNREFUSED when syslogd has ended */
int sys_send(enum syslog_file file, const char *line);
/** Current is the one who reads /dev/log from now on. */
void syslog_open(void);
/** Process `pid` ends. If it is the reader, who waits for room is woken and gets an error. */
void syslog_close(uint32_t pid);
/** The oldest message, which stays queued until syslog_drop(); NULL = none. */
const struct syslog_message *syslog_first(void);
void syslog_drop(void);

#endif /* COS_SYSLOG_H */
