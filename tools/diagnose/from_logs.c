/* from_logs.c - facts that logs tell: the VMkernel's (with uptimes), the console's messages (with
 * dates), the kernel log of a dump (bare). One line is one fact at the most; what a line is, the
 * words in it say, never the line numbers of source files ("HB: 365") that differ by release. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/diagnose/from.h"

#define DAEMON "vmnixhbd"

/* The word behind `phrase` up to one of `stop`. @return false when the phrase is not there */
static bool word_behind(const char *line, const char *phrase, const char *stop, char *ret,
                        size_t size)
{
    const char *at = strstr(line, phrase);
    if (at == NULL)
        return false;
    at += strlen(phrase);
    const size_t length = strcspn(at, stop);
    if (length == 0 || length >= size)
        return false;
    memcpy(ret, at, length);
    ret[length] = '\0';
    return true;
}

/* ---- the VMkernel's -------------------------------------------------------------------------- */
static void take_alert(struct diagnosis *d, const char *line, const char *shown, uint32_t number)
{
    char comm[FACT_WHO_MAX], minutes[16];
    if (!word_behind(line, "Lost heartbeat (comm=", " )", comm, sizeof comm))
        return;
    if (!word_behind(line, " t=", " )", minutes, sizeof minutes))
        return;
    d->facts.fact[FACT_ALERT_COMM].known = false; /* the last one counts */
    fact_set(&d->facts, FACT_ALERT_COMM, strtod(minutes, NULL), comm, shown, number, line);
    if (strtod(minutes, NULL) >= 30)
        fact_set(&d->facts, FACT_LOST_HEARTBEAT, 1, NULL, shown, number, line);
}

static void take_cos_error(struct diagnosis *d, const char *line, const char *shown,
                           uint32_t number)
{
    char headline[FACT_WHO_MAX];
    if (!word_behind(line, "COS Error: ", "", headline, sizeof headline))
        return;
    if (strncmp(headline, "Lost heartbeat", 14) == 0)
        fact_set(&d->facts, FACT_LOST_HEARTBEAT, 1, NULL, shown, number, line);
    else
        fact_set(&d->facts, FACT_OTHER_SCREEN, 1, headline, shown, number, line);
}

/* "CpuSched: N: vm 1024: console is ready for 300 s, pCPU 0 runs 1054:bh-0" */
static void take_starved(struct diagnosis *d, const char *line, const char *shown, uint32_t number)
{
    char who[FACT_WHO_MAX];
    if (strstr(line, "CpuSched:") == NULL || strstr(line, "console is ready for") == NULL)
        return;
    const char *colon = strrchr(line, ':');
    (void)snprintf(who, sizeof who, "%.40s",
                   colon != NULL ? colon + 1 + strspn(colon + 1, " ") : "a world");
    fact_set(&d->facts, FACT_WORLD_KEEPS_PCPU0, 1, who, shown, number, line);
}

void from_vmklog(struct diagnosis *d, const struct text *t, const char *shown)
{
    double lost = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const char *line = t->lines[i].at;
        take_alert(d, line, shown, i + 1);
        take_cos_error(d, line, shown, i + 1);
        take_starved(d, line, shown, i + 1);
        if (strstr(line, "Can't find serial#") == NULL)
            continue;
        lost++;
        first = first != 0 ? first : i + 1;
    }
    if (lost > 0)
        fact_set(&d->facts, FACT_SERIAL_LOST, lost, NULL, shown, first, t->lines[first - 1].at);
}

/* ---- the console's --------------------------------------------------------------------------- */
static void take_kill(struct diagnosis *d, const char *line, const char *shown, uint32_t number)
{
    char comm[FACT_WHO_MAX] = "";
    const char *killed = strstr(line, "Killed process ");
    if (strstr(line, "Out of Memory:") != NULL && killed != NULL)
        (void)word_behind(killed, "(", ")", comm, sizeof comm);
    else if (!word_behind(line, "VM: killing process ", " \t", comm, sizeof comm))
        return;
    if (comm[0] == '\0')
        return;
    fact_set(&d->facts, strcmp(comm, DAEMON) == 0 ? FACT_OOM_KILLED_HBD : FACT_OOM_KILLED, 1, comm,
             shown, number, line);
}

void from_messages(struct diagnosis *d, const struct text *t, const char *shown)
{
    for (uint32_t i = 0; i < t->count; i++)
        take_kill(d, t->lines[i].at, shown, i + 1);
}
