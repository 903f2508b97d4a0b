/* quantity.c - see quantity.h. Everything is integer arithmetic: a decimal is kept as mantissa and
 * power of ten until the unit is known. */
#include "tools/scenario/quantity.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "shared/isodate.h"

const struct quantity_unit quantity_kb[] = {
    { "kB", 1 }, { "MB", 1024 }, { "GB", 1048576 }, { NULL, 0 }
};
const struct quantity_unit quantity_kb_per_h[] = { { "kB/h", 1 },       { "MB/h", 1024 },
                                                   { "kB/min", 60 },    { "kB/s", 3600 },
                                                   { "MB/s", 3686400 }, { NULL, 0 } };
const struct quantity_unit quantity_kb_per_s[] = { { "kB/s", 1 }, { "MB/s", 1024 }, { NULL, 0 } };
const struct quantity_unit quantity_khz[] = {
    { "kHz", 1 }, { "MHz", 1000 }, { "GHz", 1000000 }, { NULL, 0 }
};
const struct quantity_unit quantity_time[] = { { "ns", 1 },         { "us", 1000 },
                                               { "ms", 1000000 },   { "s", NS_PER_S },
                                               { "m", NS_PER_MIN }, { "h", NS_PER_HOUR },
                                               { "d", NS_PER_DAY }, { NULL, 0 } };

#define MANTISSA_MAX 1000000000000000LL /* 15 digits and one more fit an int64 */

struct decimal {
    int64_t mantissa, scale; /* value = mantissa / scale */
};

/* Reads digits with at most one point; moves *text behind them. */
static int read_decimal(const char **text, struct decimal *ret)
{
    struct decimal d = { 0, 1 };
    const char *p = *text;
    bool point = false;

    if (!isdigit((unsigned char)*p))
        return -1;
    for (; isdigit((unsigned char)*p) || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        if (d.mantissa >= MANTISSA_MAX)
            return -1;
        d.mantissa = d.mantissa * 10 + (*p - '0');
        d.scale *= point ? 10 : 1;
    }
    if (p[-1] == '.')
        return -1;
    *text = p;
    *ret = d;
    return 0;
}

static int scale_up(struct decimal d, int64_t factor, int64_t *ret)
{
    const __int128 product = (__int128)d.mantissa * factor;
    if (product % d.scale != 0 || product / d.scale > INT64_MAX)
        return -1;
    *ret = (int64_t)(product / d.scale);
    return 0;
}

static const struct quantity_unit *find_unit(const struct quantity_unit *units, const char *name,
                                             size_t length)
{
    for (; units->name != NULL; units++) {
        if (strlen(units->name) == length && memcmp(units->name, name, length) == 0)
            return units;
    }
    return NULL;
}

int quantity_parse(const char *text, const struct quantity_unit *units, int64_t *ret)
{
    struct decimal d;

    if (read_decimal(&text, &d) != 0)
        return -1;
    text += strspn(text, " ");
    const struct quantity_unit *unit = find_unit(units, text, strlen(text));
    return unit == NULL ? -1 : scale_up(d, unit->factor, ret);
}

int quantity_integer(const char *text, int64_t *ret)
{
    struct decimal d;
    const bool minus = *text == '-';

    text += minus;
    if (read_decimal(&text, &d) != 0 || *text != '\0' || d.scale != 1)
        return -1;
    *ret = minus ? -d.mantissa : d.mantissa;
    return 0;
}

/* ---- durations ------------------------------------------------------------------------------- */

static int clock_duration(const char *text, int64_t *ret_ns)
{
    unsigned d, h, m, s = 0, ms = 0;
    int end = 0;

    if (sscanf(text, "%5u:%2u:%2u%n", &d, &h, &m, &end) != 3)
        return -1;
    if (text[end] != '\0') {
        text += end;
        end = 0;
        if (sscanf(text, ":%2u%n.%3u%n", &s, &end, &ms, &end) < 1 || text[end] != '\0')
            return -1;
    }
    if (h > 23 || m > 59 || s > 59)
        return -1;
    *ret_ns =
        (((int64_t)d * 24 + h) * 3600 + m * 60 + s) * (int64_t)NS_PER_S + (int64_t)ms * 1000000;
    return 0;
}

int quantity_duration(const char *text, int64_t *ret_ns)
{
    int64_t sum = 0, last = INT64_MAX;

    if (strchr(text, ':') != NULL)
        return clock_duration(text, ret_ns);
    do {
        struct decimal d;
        int64_t part;
        if (read_decimal(&text, &d) != 0)
            return -1;
        const size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz");
        const struct quantity_unit *unit = find_unit(quantity_time, text, length);
        if (unit == NULL || unit->factor >= last || scale_up(d, unit->factor, &part) != 0 ||
            part > INT64_MAX - sum)
            return -1;
        sum += part;
        last = unit->factor;
        text += length;
    } while (*text != '\0');
    *ret_ns = sum;
    return 0;
}

/* ---- dates ----------------------------------------------------------------------------------- */

int quantity_date(const char *text, int64_t *ret_s)
{
    int64_t epoch_s;
    if (isodate_read(&text, &epoch_s) != 0 || *text != '\0')
        return -1;
    *ret_s = epoch_s;
    return 0;
}

int quantity_offset(const char *text, int64_t *ret_s)
{
    unsigned h, m;
    int end = 0;
    const int sign = *text == '-' ? -1 : 1;

    if ((*text != '-' && *text != '+') || sscanf(text + 1, "%2u:%2u%n", &h, &m, &end) != 2 ||
        text[1 + end] != '\0')
        return -1;
    if (h > 14 || m > 59)
        return -1;
    *ret_s = sign * (int64_t)(h * 3600 + m * 60);
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

void quantity_format(int64_t value, const struct quantity_unit *units, char *text, size_t size)
{
    const struct quantity_unit *best = units;
    for (; units->name != NULL; units++) {
        if (value != 0 && value % units->factor == 0 && units->factor > best->factor)
            best = units;
    }
    (void)snprintf(text, size, "%" PRId64 "%s", value / best->factor, best->name);
}

void quantity_format_duration(int64_t ns, char *text, size_t size)
{
    size_t units = 0, used = 0;

    while (quantity_time[units].name != NULL)
        units++;
    (void)snprintf(text, size, "0s");
    while (units-- > 0 && used < size) {
        const struct quantity_unit *u = &quantity_time[units];
        if (ns / u->factor != 0)
            used += (size_t)snprintf(text + used, size - used, "%" PRId64 "%s", ns / u->factor,
                                     u->name);
        ns %= u->factor;
    }
}
