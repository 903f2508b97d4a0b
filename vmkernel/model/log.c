/* log.c - see log.h. */
#include "vmkernel/model/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/calendar.h"
#include "shared/units.h"

void log_init(struct log *log, const struct log_effects *effects, const char *host,
              int64_t epoch_boot_s, int32_t utc_offset_s)
{
    assert(log != NULL && effects != NULL && effects->append != NULL && host != NULL);
    memset(log, 0, sizeof *log);
    log->effects = *effects;
    log->files = true;
    log->epoch_boot_s = epoch_boot_s;
    log->utc_offset_s = utc_offset_s;
    (void)snprintf(log->host, sizeof log->host, "%s", host);
}

static char ring_at(const struct log *log, uint64_t position)
{
    return log->ring[position % LOG_RING_BYTES];
}

/* Put bytes that end a line; the oldest lines make room, whole. */
static void ring_put(struct log *log, const char *line, size_t bytes)
{
    assert(bytes < LOG_RING_BYTES);
    while (log->written + bytes - log->start > LOG_RING_BYTES) {
        while (ring_at(log, log->start) != '\n')
            log->start++;
        log->start++;
    }
    for (size_t i = 0; i < bytes; i++)
        log->ring[log->written++ % LOG_RING_BYTES] = line[i];
    assert(log->start <= log->written);
}

static void files_put(struct log *log, enum log_level level, uint64_t now_ns, const char *line)
{
    struct calendar_date date;
    char stamp[CALENDAR_SYSLOG_SIZE];
    char text[LOG_LINE_MAX + sizeof log->host + 64];
    calendar_from_epoch(log->epoch_boot_s + (int64_t)(now_ns / NS_PER_S), log->utc_offset_s, &date);
    calendar_format_syslog(&date, stamp);
    const int bytes = snprintf(text, sizeof text, "%s %s vmkernel: %s", stamp, log->host, line);
    assert(bytes > 0 && (size_t)bytes < sizeof text);
    for (unsigned file = LOG_FILE_VMKERNEL; file < LOG_FILES; file++) {
        if (file == LOG_FILE_VMKWARNING && level == LOG_INFO)
            continue;
        if (log->effects.append(log->effects.context, (enum log_file)file, text, (size_t)bytes) !=
            0)
            log->errors++;
    }
}

static void hold(struct log *log, enum log_level level, const char *line)
{
    const size_t bytes = strlen(line) + 2;
    if (bytes > sizeof log->held - log->held_used)
        return;
    log->held[log->held_used] = (char)level;
    memcpy(&log->held[log->held_used + 1], line, bytes - 1);
    log->held_used += (uint32_t)bytes;
}

void log_files_hold(struct log *log)
{
    log->holding = true;
}

void log_files_resume(struct log *log, uint64_t now_ns)
{
    uint32_t at = 0;
    while (log->files && at < log->held_used) {
        const char *line = &log->held[at + 1];
        files_put(log, (enum log_level)log->held[at], now_ns, line);
        at += (uint32_t)strlen(line) + 2;
    }
    log->held_used = 0;
    log->holding = false;
}

void log_put(struct log *log, enum log_level level, uint64_t now_ns, uint32_t pcpu, uint32_t world,
             const char *text)
{
    assert(log != NULL && text != NULL);
    char uptime[CALENDAR_UPTIME_SIZE];
    char line[LOG_LINE_MAX];
    (void)calendar_format_uptime(now_ns, uptime);
    int bytes = snprintf(line, sizeof line - 1, "%s cpu%" PRIu32 ":%" PRIu32 ")%s", uptime, pcpu,
                         world, text);
    assert(bytes > 0);
    if ((size_t)bytes > sizeof line - 2)
        bytes = (int)sizeof line - 2;
    for (int i = 0; i < bytes; i++)
        if (line[i] < ' ' || line[i] > '~')
            line[i] = '?';
    line[bytes++] = '\n';
    line[bytes] = '\0';
    ring_put(log, line, (size_t)bytes);
    if (!log->files)
        return;
    if (log->holding)
        hold(log, level, line);
    else
        files_put(log, level, now_ns, line);
}

void log_form(struct log *log, enum log_level level, uint64_t now_ns, uint32_t pcpu, uint32_t world,
              const char *form, const struct profile_value *values, size_t count)
{
    char text[LOG_LINE_MAX];
    (void)profile_format(text, sizeof text, form, values, count);
    log_put(log, level, now_ns, pcpu, world, text);
}

void log_files_stop(struct log *log)
{
    assert(log != NULL);
    log->files = false;
}

/* Start of the line before the one that starts at `position`; `position` > log->start. */
static uint64_t line_before(const struct log *log, uint64_t position)
{
    position--; /* its '\n' */
    while (position > log->start && ring_at(log, position - 1) != '\n')
        position--;
    return position;
}

size_t log_copy(const struct log *log, char *to, size_t size)
{
    assert(log != NULL && to != NULL);
    uint64_t from = log->start;
    while (log->written - from > size) {
        while (ring_at(log, from) != '\n')
            from++;
        from++;
    }
    for (uint64_t i = from; i < log->written; i++)
        to[i - from] = ring_at(log, i);
    return (size_t)(log->written - from);
}

uint32_t log_tail(const struct log *log, char (*to)[LOG_LINE_MAX], uint32_t count)
{
    assert(log != NULL && to != NULL);
    uint32_t lines = 0;
    uint64_t from = log->written;
    while (lines < count && from > log->start) {
        from = line_before(log, from);
        lines++;
    }
    for (uint32_t n = 0; n < lines; n++) {
        size_t used = 0;
        for (; ring_at(log, from) != '\n'; from++)
            if (used < LOG_LINE_MAX - 1)
                to[n][used++] = ring_at(log, from);
        to[n][used] = '\0';
        from++;
    }
    return lines;
}
