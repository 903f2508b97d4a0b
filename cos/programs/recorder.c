/* recorder.c - see recorder.h: the script, and what its two tools share. */
#include "cos/programs/recorder.h"

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/mm/mm.h"
#include "cos/programs/cron.h"
#include "shared/calendar.h"
#include "shared/units.h"

#define TENTHS_MAX 999u
#define KB_PER_MB 1024u

void recorder_kb(char *to, uint32_t size, uint32_t kb, uint32_t width)
{
    uint32_t most = 9;
    for (uint32_t i = 1; i < width; i++)
        most = most * 10 + 9;
    (void)snprintf(to, size, kb > most ? "%uM" : "%u", kb > most ? kb / KB_PER_MB : kb);
}

uint32_t recorder_tenths(uint64_t part, uint64_t whole)
{
    if (whole == 0)
        return 0;
    const uint64_t tenths = (part * 1000u + whole / 2) / whole;
    return tenths > TENTHS_MAX ? TENTHS_MAX : (uint32_t)tenths;
}

void recorder_start(char to[6], int64_t start_s, int64_t now_s)
{
    struct calendar_date date;
    char stamp[CALENDAR_SYSLOG_SIZE]; /* "Nov  9 08:59:01" */
    calendar_from_epoch(start_s, 0, &date);
    calendar_format_syslog(&date, stamp);
    if (start_s / S_PER_DAY == now_s / S_PER_DAY)
        (void)snprintf(to, 6, "%.5s", stamp + 7);
    else
        (void)snprintf(to, 6, "%.3s%c%c", stamp, stamp[4] == ' ' ? '0' : stamp[4], stamp[5]);
}

/* ---- the file -------------------------------------------------------------------------------- */
static char buffer[PAGE_SIZE]; /* one table at a time: its writer does not sleep */

void recorder_open(struct recorder_file *f, const char *path)
{
    *f = (struct recorder_file){ .path = path, .text = { buffer, sizeof buffer, 0 } };
}

INLINE_FN void flush(struct recorder_file *f)
{
    if (f->text.len > 0)
        f->error = vfs_first_error(f->error, vfs_append(f->path, buffer, f->text.len));
    f->text.len = 0;
}

KERNEL_SIDE struct text *recorder_line(struct recorder_file *f)
{
    if (f->text.size - f->text.len < RECORDER_LINE_MAX)
        flush(f);
    return &f->text;
}

KERNEL_SIDE int recorder_close(struct recorder_file *f)
{
    flush(f);
    return f->error;
}

/* ---- the script ------------------------------------------------------------------------------ */
int prog_recorder(struct program *p)
{
    static const struct boot_program top = CRON_CHILD("top", "top", 40, 2100, 420);
    static const struct boot_program ps = CRON_CHILD("ps", "ps-aux", 72, 1900, 300);
    const int error = cron_run(p, &top, NULL);
    return cron_run(p, &ps, NULL) != 0 || error != 0;
}
