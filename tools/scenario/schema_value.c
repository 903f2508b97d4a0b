/* schema_value.c - single values of schema.h: texts, numbers, names; and what looks like a name
 * that does not exist. No files and no places: the caller knows those. */
#include "tools/scenario/schema.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEYS_MAX 64u       /* keys of one table, for suggestions */
#define NEAREST_LENGTH 32u /* longer names get no suggestion */

/* ---- names that look alike ------------------------------------------------------------------- */

static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NEAREST_LENGTH + 1];
    const size_t lb = strlen(b);

    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < lb; j++) {
            const size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            const size_t least = row[j] < row[j + 1] ? row[j] : row[j + 1];
            row[j + 1] = replaced < least + 1 ? replaced : least + 1;
        }
    }
    return row[lb];
}

const char *schema_nearest(const char *name, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance =
        strlen(name) / 3 + 2; /* a swap of two letters counts 2; most of it must be right */

    for (; strlen(name) <= NEAREST_LENGTH && *names != NULL; names++) {
        if (strlen(*names) > NEAREST_LENGTH)
            continue;
        const size_t distance = edit_distance(name, *names);
        if (distance < best_distance) {
            best = *names;
            best_distance = distance;
        }
    }
    return best;
}

bool schema_listed(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

void schema_suggest(const char *what, const char *name, const char *const *names, char *why,
                    size_t why_size)
{
    const char *nearest = schema_nearest(name, names);
    size_t used = 0;

    if (nearest != NULL) {
        (void)snprintf(why, why_size, "%s; did you mean '%s'?", what, nearest);
        return;
    }
    used = (size_t)snprintf(why, why_size, "%s; allowed: ", what);
    for (size_t i = 0; names[i] != NULL && used < why_size; i++)
        used += (size_t)snprintf(why + used, why_size - used, "%s%s", i > 0 ? ", " : "", names[i]);
}

void schema_suggest_key(const char *what, const char *name, const struct schema_key *table,
                        char *why, size_t why_size)
{
    const char *names[KEYS_MAX + 1] = { NULL };
    for (size_t i = 0; i < KEYS_MAX && table[i].name != NULL; i++)
        names[i] = table[i].name;
    schema_suggest(what, name, names, why, why_size);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static int read_text(const struct schema_key *k, const char *text, char *at, char *why,
                     size_t why_size)
{
    const size_t length = strlen(text);

    if (length == 0 || length >= k->size) {
        (void)snprintf(why, why_size, "a text of 1 to %zu bytes is wanted", k->size - 1);
        return -1;
    }
    memset(at, 0, k->size);
    memcpy(at, text, length + 1);
    return 0;
}

static int unknown_value(const char *text, const char *const *names, char *why, size_t why_size)
{
    char what[96];
    (void)snprintf(what, sizeof what, "unknown value '%.60s'", text);
    schema_suggest(what, text, names, why, why_size);
    return -1;
}

static int read_choice(const struct schema_key *k, const char *text, char *at, char *why,
                       size_t why_size)
{
    if (!schema_listed(text, k->choices))
        return unknown_value(text, k->choices, why, why_size);
    return read_text(k, text, at, why, why_size);
}

static int read_named(const struct schema_key *k, const char *text, void *at, char *why,
                      size_t why_size)
{
    const char *names[KEYS_MAX + 1] = { NULL };

    for (size_t i = 0; i < KEYS_MAX && k->names[i].name != NULL; i++) {
        names[i] = k->names[i].name;
        if (strcmp(names[i], text) == 0) {
            schema_put_number(k, k->names[i].value, at);
            return 0;
        }
    }
    return unknown_value(text, names, why, why_size);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Little-endian two's complement: the low bytes of the 64-bit value are the 32-bit value. */
void schema_put_number(const struct schema_key *k, int64_t value, void *at)
{
    assert(k->size == sizeof(int32_t) || k->size == sizeof(int64_t));
    memcpy(at, &value, k->size);
}

int64_t schema_number(const struct schema_key *k, const void *at)
{
    int64_t value = 0;
    memcpy(&value, at, k->size);
    return k->size == sizeof(int32_t) && k->least < 0 ? (int32_t)value : value;
}

static int out_of_range(const struct schema_key *k, const char *text, char *why, size_t why_size)
{
    const struct quantity_unit *units = NULL;
    char least[32], most[32];

    if (k->kind == SCHEMA_QUANTITY)
        units = k->units;
    if (k->kind == SCHEMA_DURATION || k->kind == SCHEMA_INSTANT)
        units = quantity_time;
    (void)snprintf(least, sizeof least, "%" PRId64, k->least);
    (void)snprintf(most, sizeof most, "%" PRId64, k->most);
    if (units != NULL) {
        quantity_format(k->least, units, least, sizeof least);
        quantity_format(k->most, units, most, sizeof most);
    }
    (void)snprintf(why, why_size, "'%.60s' is out of range (%s to %s)", text, least, most);
    return -1;
}

static bool in_range(const struct schema_key *k, int64_t value)
{
    return (k->least == 0 && k->most == 0) || (value >= k->least && value <= k->most);
}

static int no_unit(const struct schema_key *k, const char *text, char *why, size_t why_size)
{
    size_t used = (size_t)snprintf(why, why_size, "'%.60s' is not a number with a unit (", text);
    for (const struct quantity_unit *u = k->units; u->name != NULL && used < why_size; u++)
        used += (size_t)snprintf(why + used, why_size - used, "%s%s", u != k->units ? ", " : "",
                                 u->name);
    if (used < why_size)
        (void)snprintf(why + used, why_size - used, ")");
    return -1;
}

/* @return NULL, or what the text is not */
static const char *parse_number(const struct schema_key *k, const char *text, int64_t *ret)
{
    switch (k->kind) {
    case SCHEMA_DURATION:
        return quantity_duration(text, ret) == 0 ? NULL : "a duration (90s, 42d14h, 42:14:03)";
    case SCHEMA_DATE:
        return quantity_date(text, ret) == 0 ? NULL : "a date (2009-10-01 14:54)";
    case SCHEMA_OFFSET:
        return quantity_offset(text, ret) == 0 ? NULL : "an offset from UTC (\"-05:00\")";
    default:
        return quantity_integer(text, ret) == 0 ? NULL : "a whole number";
    }
}

static int read_number(const struct schema_key *k, const char *text, void *at, char *why,
                       size_t why_size)
{
    int64_t value;

    if (k->kind == SCHEMA_QUANTITY) {
        if (quantity_parse(text, k->units, &value) != 0)
            return no_unit(k, text, why, why_size);
    } else {
        const char *wanted = parse_number(k, text, &value);
        if (wanted != NULL) {
            (void)snprintf(why, why_size, "'%.60s' is not %s", text, wanted);
            return -1;
        }
    }
    if (!in_range(k, value))
        return out_of_range(k, text, why, why_size);
    schema_put_number(k, value, at);
    return 0;
}

static int read_flag(const struct schema_key *k, const char *text, uint32_t *flags, char *why,
                     size_t why_size)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        (void)snprintf(why, why_size, "'%.60s' is neither true nor false", text);
        return -1;
    }
    *flags = strcmp(text, "true") == 0 ? *flags | k->bit : *flags & ~k->bit;
    return 0;
}

static int read_instant(const struct schema_key *k, const char *text, struct schema_instant *ret,
                        char *why, size_t why_size)
{
    struct schema_instant i = { 0, 0 };

    if (quantity_date(text, &i.value) == 0) {
        i.local = 1;
    } else if (quantity_duration(text, &i.value) != 0) {
        (void)snprintf(
            why, why_size,
            "'%.60s' is neither a time since boot (42d14h, 42:14:03) nor a date (2009-10-01 14:54)",
            text);
        return -1;
    } else if (!in_range(k, i.value)) {
        return out_of_range(k, text, why, why_size);
    }
    *ret = i;
    return 0;
}

/* Bounded, so that no date overflows; whoever asks refuses what lies that far away. */
int64_t schema_instant_ns(const struct schema_instant *i, int64_t boot_local_s)
{
    const int64_t far_s = INT64_C(3660) * S_PER_DAY;
    int64_t since_boot_s = i->value - boot_local_s;

    if (i->local == 0)
        return i->value;
    if (since_boot_s > far_s)
        since_boot_s = far_s;
    return (since_boot_s < -far_s ? -far_s : since_boot_s) * (int64_t)NS_PER_S;
}

/* ---- all kinds ------------------------------------------------------------------------------- */

int schema_value(const struct schema_key *k, const char *text, void *at, char *why, size_t why_size)
{
    switch (k->kind) {
    case SCHEMA_TEXT:
        return read_text(k, text, at, why, why_size);
    case SCHEMA_CHOICE:
        return read_choice(k, text, at, why, why_size);
    case SCHEMA_NAMED:
        return read_named(k, text, at, why, why_size);
    case SCHEMA_FLAG:
        return read_flag(k, text, at, why, why_size);
    case SCHEMA_INSTANT:
        return read_instant(k, text, at, why, why_size);
    case SCHEMA_PARSED:
        return k->parse(text, at, why, why_size);
    default:
        return read_number(k, text, at, why, why_size);
    }
}

bool schema_falls(const struct schema_key *k, const void *from, const void *to)
{
    if (k->kind != SCHEMA_INSTANT)
        return schema_number(k, from) > schema_number(k, to);
    const struct schema_instant *a = from, *b = to;
    return a->local == b->local && a->value > b->value;
}
