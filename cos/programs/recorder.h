/* recorder.h - `top -b -n1` and `ps aux` as tables of text, and the script that records them.
 *
 * Both are those of procps 2.0.17 (RHEL 3): what they read stands in /proc, here in the live
 * structures. Layouts: docs/sources.md [RHEL3MM 2]; what that table leaves open is told in
 * docs/fidelity.md. The recorder is a line of root's crontab [KB1006797]:
 *
 *      crond -> sh -> top -b -n1 >> /var/log/top.log
 *                  -> ps aux     >> /var/log/ps.log
 *
 * Each arrow is a process that needs memory, so when there is little the tables come late or not
 * at all. %CPU in top and its CPU states are of the time since the last run; in ps, of the life of
 * the process. */
#ifndef COS_RECORDER_H
#define COS_RECORDER_H

#include "cos/kernel/fs/text.h"
#include "cos/programs/program.h"

#define RECORDER_LINE_MAX 160u /* bytes; no line of a table is longer */

/** A number of kB, or of MB when it does not fit `width` digits: "4536", "572M". */
void recorder_kb(char *to, uint32_t size, uint32_t kb, uint32_t width);
/** Append top's five header lines, an empty one and the heading, for now. */
void top_put_header(struct text *t);
/** Append top's line of a task. pcpu: its %CPU in tenths. */
void top_put_task(struct text *t, const struct task_struct *task, uint32_t pcpu);
/** Append ps's heading; its line of a task. */
void ps_put_header(struct text *t);
void ps_put_task(struct text *t, const struct task_struct *task);
/** Part (below 2^54) of a whole in tenths of a percent, to the nearest, at most 999: procps has no
 * column for 100. */
uint32_t recorder_tenths(uint64_t part, uint64_t whole);
/** A day without its date for today ("08:59"), else the date ("Nov25"). Local times since the
 * epoch, s. */
void recorder_start(char to[6], int64_t start_s, int64_t now_s);

/** Write a table to the end of a file of the host, some lines at a time. Nobody sleeps
 * meanwhile. */
struct recorder_file {
    const char *path;
    struct text text;
    int error;
};
void recorder_open(struct recorder_file *f, const char *path);
/** Call before each line: makes room for it. */
struct text *recorder_line(struct recorder_file *f);
/** @return 0 or the first negative errno */
int recorder_close(struct recorder_file *f);

#endif /* COS_RECORDER_H */
