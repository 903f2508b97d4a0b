/* syslog.h - /dev/log: the socket between those who have something to say and syslogd.
 *
 * A queue of bounded length in kernel memory, as a datagram socket has. Who sends never waits. A
 * message that finds the queue full is lost and counted (OUR CHOICE: a real sender would block,
 * and with syslogd starved so would every daemon that logs; klogd alone tries again, since its
 * text stays in the kernel log). syslogd (cos/programs/syslogd.c) takes messages and stamps them
 * with its own time. */
#ifndef COS_SYSLOG_H
#define COS_SYSLOG_H

#include "cos/kernel/sched/task.h"

#define SYSLOG_LINE_MAX 224u /* bytes with zero; longer lines are cut */
#define SYSLOG_QUEUE_MAX 64u /* messages. OUR CHOICE */

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
extern uint32_t syslog_lost;          /* messages that found the queue full */

/** Make the queue and its wait queue. Called once at boot, before anybody sends. */
void syslog_init(void);
/** Queue "TAG[PID]: TEXT" of the current task. @return 0, or -EAGAIN when the queue is full:
 * the message is lost */
int syslog_send(enum syslog_file file, const char *tag, const char *text);
/** Queue a line that brings its own tag. @return as syslog_send() */
int syslog_send_line(enum syslog_file file, const char *line);
/** True when a line can be queued now. */
bool syslog_has_room(void);
/** The oldest message, which stays queued until syslog_drop(); NULL = none. */
const struct syslog_message *syslog_first(void);
void syslog_drop(void);

#endif /* COS_SYSLOG_H */
