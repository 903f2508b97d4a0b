/* progress.c - see progress.h. One table of the numbers serves both directions. */
#include "shared/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    { "now_ns", offsetof(struct progress, now_ns) },
    { "beats", offsetof(struct progress, beats) },
    { "alarm_min", offsetof(struct progress, alarm_min) },
    { "swap_kb", offsetof(struct progress, swap_kb) },
    { "swap_free_kb", offsetof(struct progress, swap_free_kb) },
    { "free_kb", offsetof(struct progress, free_kb) },
};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

static const char *const phases[PROGRESS_PHASES] = { "booting", "running", "dumping-cos",
                                                     "dumping-vmkernel", "ended" };

const char *progress_phase_name(uint64_t phase)
{
    return phase < PROGRESS_PHASES ? phases[phase] : "?";
}

size_t progress_format(const struct progress *p, char to[PROGRESS_LINE_MAX])
{
    size_t used = 0;
    for (size_t i = 0; i < NUMBERS; i++) {
        uint64_t value;
        memcpy(&value, (const char *)p + numbers[i].offset, sizeof value);
        used += (size_t)snprintf(to + used, PROGRESS_LINE_MAX - used, "%s=%" PRIu64 " ",
                                 numbers[i].name, value);
    }
    return used + (size_t)snprintf(to + used, PROGRESS_LINE_MAX - used, "phase=%s\n",
                                   progress_phase_name(p->phase));
}

static int parse_phase(const char *value, uint64_t *ret)
{
    for (uint64_t i = 0; i < PROGRESS_PHASES; i++) {
        if (strcmp(phases[i], value) == 0) {
            *ret = i;
            return 0;
        }
    }
    return -1;
}

static int parse_pair(const char *key, const char *value, struct progress *p)
{
    char *end;

    if (strcmp(key, "phase") == 0)
        return parse_phase(value, &p->phase);
    for (size_t i = 0; i < NUMBERS; i++) {
        if (strcmp(numbers[i].name, key) != 0)
            continue;
        const uint64_t number = strtoull(value, &end, 10);
        if (end == value || *end != '\0')
            return -1;
        memcpy((char *)p + numbers[i].offset, &number, sizeof number);
    }
    return 0;
}

int progress_parse(const char *line, struct progress *ret)
{
    struct progress p = { 0 };
    char copy[PROGRESS_LINE_MAX];
    char *rest = copy;
    char *pair;

    if ((size_t)snprintf(copy, sizeof copy, "%s", line) >= sizeof copy)
        return -1;
    while ((pair = strsep(&rest, " \n")) != NULL) {
        char *value = strchr(pair, '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        if (parse_pair(pair, value, &p) != 0)
            return -1;
    }
    *ret = p;
    return 0;
}
