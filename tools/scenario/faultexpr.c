/* faultexpr.c - see faultexpr.h. */
#include "tools/scenario/faultexpr.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 128u /* longer than any value */
#define BLANKS " \t\n"

/* ---- reading --------------------------------------------------------------------------------- */

/* Where the reader stands, and where an error goes. */
struct words {
    const char *text, *at; /* the whole, and what is not read yet */
    const char *word;      /* the present word in `text` */
    char copy[WORD_MAX];
    char *why;
    size_t why_size;
};

static int fail(struct words *w, const char *key, const char *what)
{
    (void)snprintf(w->why, w->why_size, "%s: %s", key, what);
    return -1;
}

/* @return 1 with the next word in w->copy, 0 at the end, -1 when it is too long */
static int next_word(struct words *w)
{
    w->at += strspn(w->at, BLANKS);
    w->word = w->at;
    const size_t length = strcspn(w->at, BLANKS);
    if (length == 0)
        return 0;
    if (length >= sizeof w->copy)
        return fail(w, "fault", "a word is too long");
    memcpy(w->copy, w->at, length);
    w->copy[length] = '\0';
    w->at += length;
    return 1;
}

static const struct schema_key *find_key(const struct schema_key *table, const char *name)
{
    while (table->name != NULL && strcmp(table->name, name) != 0)
        table++;
    return table->name != NULL ? table : NULL;
}

static int one_value(struct words *w, const struct schema_key *k, const char *text, void *at)
{
    char why[SCHEMA_WHY_MAX];
    return schema_value(k, text, at, why, sizeof why) == 0 ? 0 : fail(w, k->name, why);
}

/* VALUE or [from,to]; `value` is changed. */
static int read_value(struct words *w, const struct schema_key *k, char *value, unsigned char *at)
{
    const size_t size = schema_value_size(k), length = strlen(value);
    char *comma = strchr(value, ',');

    if (k->spread == SCHEMA_ONE)
        return one_value(w, k, value, at);
    if (value[0] != '[') {
        if (one_value(w, k, value, at) != 0)
            return -1;
        memcpy(at + size, at, size);
        return 0;
    }
    if (comma == NULL || value[length - 1] != ']')
        return fail(w, k->name, "[from,to] without blanks is wanted");
    *comma = '\0';
    value[length - 1] = '\0';
    if (one_value(w, k, value + 1, at) != 0 || one_value(w, k, comma + 1, at + size) != 0)
        return -1;
    return schema_falls(k, at, at + size) ? fail(w, k->name, "[from, to] with from > to") : 0;
}

/* The present word is KEY=VALUE or FLAG. `seen` has a bit for each key of the table. */
static int read_key(struct words *w, const struct schema_key *table, uint64_t *seen,
                    struct faultspec *f)
{
    char what[96], why[SCHEMA_WHY_MAX];
    char *equals = strchr(w->copy, '=');
    char *value = equals == NULL ? NULL : equals + 1;

    if (equals != NULL)
        *equals = '\0';
    const struct schema_key *k = find_key(table + 1, w->copy);
    if (k == NULL) {
        (void)snprintf(what, sizeof what, "'%s' has no such key", fault_name((uint32_t)f->type));
        schema_suggest_key(what, w->copy, table + 1, why, sizeof why);
        return fail(w, w->copy, why);
    }
    const uint64_t bit = UINT64_C(1) << (k - table);
    if ((*seen & bit) != 0)
        return fail(w, k->name, "stands twice");
    *seen |= bit;
    if (value == NULL && k->kind != SCHEMA_FLAG)
        return fail(w, k->name, "KEY=VALUE is wanted");
    char flag[] = "true";
    return read_value(w, k, value == NULL ? flag : value, (unsigned char *)f + k->offset);
}

/* The present word is TYPE; reads to the next operator. @return 1 when an operator follows, which
 * is then the present word, 0 at the end, -1 */
static int read_fault(struct words *w, struct faultspec *f)
{
    const struct schema_key *table = faultspec_table(w->copy);
    char what[WORD_MAX + 32], why[SCHEMA_WHY_MAX];
    const char *const start = w->word;
    uint64_t seen = 0;
    int more;

    if (table == NULL) {
        (void)snprintf(what, sizeof what, "unknown fault '%s'", w->copy);
        schema_suggest(what, w->copy, faultspec_types, why, sizeof why);
        return fail(w, "fault", why);
    }
    f->type = fault_find(w->copy);
    while ((more = next_word(w)) == 1) {
        if (strcmp(w->copy, "and") == 0 || strcmp(w->copy, "then") == 0)
            break;
        if (read_key(w, table, &seen, f) != 0)
            return -1;
    }
    if (more >= 0 && faultspec_check(f, w->why, w->why_size) != 0) {
        w->word = start;
        return -1;
    }
    return more;
}

static int read_line(struct words *w, struct faultspec *items, int64_t *count)
{
    int64_t n = *count, after = 0;
    int more = next_word(w);

    if (more == 0)
        return fail(w, "fault", "nothing is said");
    while (more == 1) {
        if (n >= (int64_t)FAULTS_MAX)
            return fail(w, "fault", "too many faults");
        items[n] = faultspec_fresh;
        items[n].after = after;
        more = read_fault(w, &items[n++]);
        if (more != 1)
            break;
        after = strcmp(w->copy, "then") == 0;
        if (next_word(w) != 1)
            return fail(w, "fault", "a fault is wanted here");
    }
    if (more == 0)
        *count = n;
    return more;
}

int faultexpr_parse(const char *text, struct faultspec *items, int64_t *count, size_t *ret_at,
                    char *why, size_t why_size)
{
    struct words w = { .text = text, .at = text, .word = text, .why = why, .why_size = why_size };
    const int status = read_line(&w, items, count);

    if (status != 0)
        *ret_at = (size_t)(w.word - w.text);
    return status;
}

int faultexpr_read(const char *text, void *items, int64_t *count, size_t *ret_at, char *why,
                   size_t why_size)
{
    return faultexpr_parse(text, items, count, ret_at, why, why_size);
}

/* ---- printing -------------------------------------------------------------------------------- */

static int64_t number_of(const struct fault *f, const struct faultspec_key *k)
{
    const unsigned char *at = (const unsigned char *)f + k->to_offset;
    uint32_t u;
    int32_t i;
    int64_t wide;

    if (k->to_size == sizeof wide) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&u, at, sizeof u);
    memcpy(&i, at, sizeof i);
    return k->key.least < 0 ? i : (int64_t)u;
}

/* A number of ppm as percent, with as many digits as it needs. */
static void print_percent(FILE *to, int64_t ppm)
{
    int64_t part = ppm % 10000;
    int digits = 4;

    (void)fprintf(to, "%" PRId64, ppm / 10000);
    for (; part != 0 && part % 10 == 0; part /= 10)
        digits--;
    if (part != 0)
        (void)fprintf(to, ".%0*" PRId64, digits, part);
    (void)fputc('%', to);
}

static void print_number(FILE *to, const struct schema_key *k, int64_t value)
{
    char text[64];

    switch (k->kind) {
    case SCHEMA_DURATION:
    case SCHEMA_INSTANT:
        quantity_format_duration(value, text, sizeof text);
        break;
    case SCHEMA_QUANTITY:
        if (strcmp(k->units->name, "ppm") == 0) {
            print_percent(to, value);
            return;
        }
        quantity_format(value, k->units, text, sizeof text);
        break;
    default:
        (void)snprintf(text, sizeof text, "%" PRId64, value);
    }
    (void)fputs(text, to);
}

static const char *name_of(const struct schema_name *names, int64_t value)
{
    while (names->name != NULL && names->value != value)
        names++;
    return names->name;
}

static void print_unless(FILE *to, const struct fault *f)
{
    switch (f->unless) {
    case FAULT_UNLESS_RAM_USED:
        (void)fprintf(to, " unless=ram>=%" PRIu32 "%%", f->unless_pct);
        break;
    case FAULT_UNLESS_SWAP_USED:
        (void)fprintf(to, " unless=swap>=%" PRIu32 "%%", f->unless_pct);
        break;
    case FAULT_UNLESS_RUNNING:
        (void)fprintf(to, " unless=running:%.*s", (int)sizeof f->unless_name, f->unless_name);
        break;
    case FAULT_UNLESS_OOM:
        (void)fputs(" unless=oom", to);
        break;
    default:
        break;
    }
}

static void print_key(FILE *to, const struct fault *f, const struct faultspec_key *k)
{
    const char *const name = k->key.name;

    if (k->key.kind == SCHEMA_PARSED) {
        print_unless(to, f);
    } else if (k->key.kind == SCHEMA_FLAG) {
        if ((f->flags & k->flag) != 0)
            (void)fprintf(to, " %s", name);
    } else if (k->key.kind == SCHEMA_TEXT) {
        const char *text = (const char *)f + k->to_offset;
        if (*text != '\0')
            (void)fprintf(to, " %s=%.*s", name, (int)k->to_size, text);
    } else if (k->to_size != 0) {
        const int64_t value = number_of(f, k);
        if (value == faultspec_default(f->type, k) && faultspec_need(f->type, k) != FAULTSPEC_MUST)
            return;
        (void)fprintf(to, " %s=", name);
        if (k->key.kind == SCHEMA_NAMED)
            (void)fputs(name_of(k->key.names, value), to);
        else
            print_number(to, &k->key, value);
    }
}

static void print_fault(FILE *to, const struct fault *f)
{
    const struct faultspec_key *k;

    (void)fputs(fault_name(f->type), to);
    for (size_t n = 0; (k = faultspec_key_of(f->type, n)) != NULL; n++)
        print_key(to, f, k);
}

char *faultexpr_text(const struct fault *f, size_t count)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);

    if (to == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            (void)fputs(" and ", to);
        print_fault(to, &f[i]);
    }
    const int bad = ferror(to);
    if (fclose(to) != 0 || bad != 0) {
        free(text);
        return NULL;
    }
    return text;
}
