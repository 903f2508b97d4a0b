/* faultspec.c - see faultspec.h. The tables come first: they are the language of faults. */
#include "tools/scenario/faultspec.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/fault_clock.h"
#include "shared/rng.h"
#include "tools/scenario/settle.h"

#define KB_MOST 2097152 /* 2 GB: more than RAM and swap of any COS */
#define RATE_MOST (1 << 30)
#define COUNT_MOST 1000000000
#define PPM_WHOLE 1000000
#define KEYS_MAX 64u /* bits of `said` */

/* ---- the keys -------------------------------------------------------------------------------- */

static const struct quantity_unit units_ppm[] = { { "ppm", 1 }, { "%", 10000 }, { NULL, 0 } };
/* The kernel's knob is a bare number of percent; a sign behind it does no harm. */
static const struct quantity_unit units_percent[] = { { "%", 1 }, { "", 1 }, { NULL, 0 } };
static const struct schema_name resources[] = { { "ram", FAULT_RESOURCE_RAM },
                                                { "swap", FAULT_RESOURCE_SWAP },
                                                { NULL, 0 } };
static const struct schema_name shapes[] = { { "linear", FAULT_SHAPE_LINEAR },
                                             { "step", FAULT_SHAPE_STEP },
                                             { NULL, 0 } };
const struct schema_name sched_policies[] = {
    { "normal", 0 }, { "fifo", 1 }, { "rr", 2 }, { NULL, 0 }
};
/* Linux's numbers on i386. */
static const struct schema_name signals[] = { { "HUP", 1 },   { "INT", 2 },   { "QUIT", 3 },
                                              { "ILL", 4 },   { "ABRT", 6 },  { "BUS", 7 },
                                              { "FPE", 8 },   { "KILL", 9 },  { "USR1", 10 },
                                              { "SEGV", 11 }, { "USR2", 12 }, { "PIPE", 13 },
                                              { "ALRM", 14 }, { "TERM", 15 }, { NULL, 0 } };

/* What stands behind the name of a condition. */
enum unless_rest { NOTHING, PERCENT, PROGRAM };
static const struct {
    const char *prefix;
    enum unless_rest rest;
} unless_forms[] = { [FAULT_UNLESS_RAM_USED] = { "ram>=", PERCENT },
                     [FAULT_UNLESS_SWAP_USED] = { "swap>=", PERCENT },
                     [FAULT_UNLESS_RUNNING] = { "running:", PROGRAM },
                     [FAULT_UNLESS_OOM] = { "oom", NOTHING } };

static int parse_unless(const char *text, void *at, char *why, size_t why_size)
{
    struct fault *f = at;
    uint32_t what = FAULT_UNLESS_OOM;
    int64_t percent = 0;

    while (what != FAULT_ALWAYS &&
           strncmp(text, unless_forms[what].prefix, strlen(unless_forms[what].prefix)) != 0)
        what--;
    const char *rest = what == FAULT_ALWAYS ? text : text + strlen(unless_forms[what].prefix);
    const size_t length = strlen(rest);
    const enum unless_rest wanted = unless_forms[what].rest;
    if (what == FAULT_ALWAYS || (wanted == NOTHING && length != 0) ||
        (wanted == PROGRAM && (length == 0 || length >= sizeof f->unless_name)) ||
        (wanted == PERCENT &&
         (quantity_parse(rest, units_percent, &percent) != 0 || percent < 0 || percent > 100))) {
        (void)snprintf(why, why_size,
                       "'%.60s' is none of ram>=N%%, swap>=N%% (0 to 100), running:NAME, oom",
                       text);
        return -1;
    }
    f->unless = what;
    f->unless_pct = (uint32_t)percent;
    memset(f->unless_name, 0, sizeof f->unless_name);
    memcpy(f->unless_name, rest, wanted == PROGRAM ? length : 0);
    return 0;
}

static void print_unless(FILE *to, const struct fault *f)
{
    if (f->unless == FAULT_ALWAYS)
        return;
    (void)fprintf(to, " unless=%s", unless_forms[f->unless].prefix);
    if (unless_forms[f->unless].rest == PERCENT)
        (void)fprintf(to, "%" PRIu32 "%%", f->unless_pct);
    else
        (void)fprintf(to, "%.*s", (int)sizeof f->unless_name, f->unless_name);
}

enum {
#define FAULT_KEY(id, ...) INDEX_##id,
#include "shared/fault.def"
    KEYS
};
_Static_assert(KEYS <= KEYS_MAX, "a bit for each key");
_Static_assert(offsetof(struct faultspec, from) == 0, "a key's offset is that of the record");

/* clang-format off */
#define KEY(id, text, means) \
    .name = text, .said = UINT64_C(1) << INDEX_##id, .help = means
#define PLACE(m) .offset = offsetof(struct faultspec, m), .size = sizeof(((struct faultspec *)0)->m)
#define RANGE(m, lo, hi, in) \
    PLACE(from.m), .spread = SCHEMA_ONE_OR_TWO, .second = offsetof(struct faultspec, to), \
    .least = lo, .most = hi, .units = in
#define OF_INTEGER(m, lo, hi, in) .kind = SCHEMA_INTEGER, RANGE(m, lo, hi, in)
#define OF_QUANTITY(m, lo, hi, in) .kind = SCHEMA_QUANTITY, RANGE(m, lo, hi, in)
#define OF_DURATION(m, lo, hi, in) .kind = SCHEMA_DURATION, RANGE(m, lo, hi, in)
#define OF_NAMED(m, lo, hi, list) .kind = SCHEMA_NAMED, PLACE(from.m), .names = list
#define OF_INSTANT(m, lo, hi, none) \
    .kind = SCHEMA_INSTANT, PLACE(at[0]), .spread = SCHEMA_ONE_OR_TWO, \
    .second = sizeof(struct schema_instant), .most = hi
#define FAULT_TEXT(id, key, m, help) \
    { KEY(id, key, help), .kind = SCHEMA_TEXT, .identity = true, PLACE(from.m) },
#define FAULT_NUMBER(id, key, m, ctype, kind, lo, hi, in, help) \
    { KEY(id, key, help), OF_##kind(m, lo, hi, in) },
#define FAULT_ALIAS(id, key, m, kind, lo, hi, in, help) \
    { KEY(id, key, help), OF_##kind(m, lo, hi, in) },
#define FAULT_FLAG(id, key, flag, value, help) \
    { KEY(id, key, help), .kind = SCHEMA_FLAG, PLACE(from.flags), .bit = value },
#define FAULT_UNLESS(id, key, help) \
    { KEY(id, key, help), .kind = SCHEMA_PARSED, PLACE(from), .parse = parse_unless },
#define FAULT_CHANCE(id, key, help) \
    { KEY(id, key, help), .kind = SCHEMA_QUANTITY, PLACE(chance_ppm), .most = PPM_WHOLE, \
      .units = units_ppm },
#define FAULT_THEN(id, key, help) \
    { KEY(id, key, help), .kind = SCHEMA_FLAG, PLACE(then), .bit = 1 },
const struct schema_key faultspec_keys[KEYS + 1] = {
#include "shared/fault.def"
};
#define FAULT_TYPE(id, value, name, ...) { name, value },
static const struct schema_name type_names[] = {
#include "shared/fault.def"
    { NULL, 0 }
};
static const struct schema_key type_key = { .name = "type", .kind = SCHEMA_NAMED, .identity = true,
                                            PLACE(from.type), .names = type_names };
/* clang-format on */

/* ---- which type has which -------------------------------------------------------------------- */

static const struct {
    const char *keys, *help;
} types[FAULT_TYPES] = {
#define FAULT_TYPE(id, value, name, side, traits, keys, help) [id] = { keys, help },
#include "shared/fault.def"
};
static const char *const key_ids[] = {
#define FAULT_KEY(id, ...) #id,
#include "shared/fault.def"
};

/* What the words of `keys` mean, bits by the index of the key. */
struct rule {
    uint64_t must, either, all;
    int64_t otherwise[KEYS];
};

static size_t find_id(const char *id, size_t length)
{
    size_t k = 0;
    while (k < KEYS && (strlen(key_ids[k]) != length || memcmp(key_ids[k], id, length) != 0))
        k++;
    assert(k < KEYS);
    return k;
}

/* The words are read once. */
static const struct rule *rule_of(uint32_t type)
{
    static struct rule rules[FAULT_TYPES];
    struct rule *r = &rules[type];
    const char *word = r->all == 0 ? types[type].keys : "";

    for (word += strspn(word, " "); *word != '\0'; word += strspn(word, " ")) {
        const size_t length = strcspn(word, " !|=");
        const size_t k = find_id(word, length);
        const uint64_t bit = UINT64_C(1) << k;
        r->all |= bit;
        r->must |= word[length] == '!' ? bit : 0;
        r->either |= word[length] == '|' ? bit : 0;
        r->otherwise[k] = word[length] == '=' ? strtoll(word + length + 1, NULL, 10) : 0;
        word += strcspn(word, " ");
    }
    return r;
}

const struct schema_key *faultspec_key_of(uint32_t type, size_t n)
{
    if (type == FAULT_NONE || type >= FAULT_TYPES)
        return NULL;
    for (size_t k = 0; k < KEYS; k++) {
        if ((rule_of(type)->all & faultspec_keys[k].said) != 0 && n-- == 0)
            return &faultspec_keys[k];
    }
    return NULL;
}

enum faultspec_need faultspec_need(uint32_t type, const struct schema_key *k)
{
    if ((rule_of(type)->must & k->said) != 0)
        return FAULTSPEC_MUST;
    return (rule_of(type)->either & k->said) != 0 ? FAULTSPEC_EITHER : FAULTSPEC_MAY;
}

int64_t faultspec_default(uint32_t type, const struct schema_key *k)
{
    return rule_of(type)->otherwise[k - faultspec_keys];
}

bool faultspec_is_number(const struct schema_key *k)
{
    return k->offset + k->size <= sizeof(struct fault) && k->kind != SCHEMA_TEXT &&
           k->kind != SCHEMA_FLAG && k->kind != SCHEMA_PARSED;
}

const char *faultspec_help(uint32_t type)
{
    return type < FAULT_TYPES ? types[type].help : NULL;
}

/* ---- for schema.h ---------------------------------------------------------------------------- */

static const char *help_of(const char *type)
{
    return faultspec_help(fault_find(type));
}

static const struct schema_key *table_of(const char *type)
{
    static struct schema_key tables[FAULT_TYPES][KEYS + 2];
    const uint32_t t = fault_find(type);
    const struct schema_key *k;

    if (t == FAULT_NONE)
        return NULL;
    tables[t][0] = type_key;
    for (size_t n = 0; (k = faultspec_key_of(t, n)) != NULL; n++)
        tables[t][n + 1] = *k;
    return tables[t];
}

/* A name stands in lines between blanks and goes into /proc and logs. */
static int check_name(const char *key, const char *name, char *why, size_t why_size)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+/:";
    if (name[strspn(name, allowed)] == '\0')
        return 0;
    (void)snprintf(why, why_size,
                   "%s: '%s' has other characters than letters, digits and .-_+/:", key, name);
    return -1;
}

static int check_needs(const struct faultspec *s, char *why, size_t why_size)
{
    const struct rule *r = rule_of(s->from.type);
    const char *const type = fault_name(s->from.type);

    for (size_t k = 0; k < KEYS; k++) {
        if ((r->must & ~s->said & faultspec_keys[k].said) != 0) {
            (void)snprintf(why, why_size, "%s: '%s' is missing", type, faultspec_keys[k].name);
            return -1;
        }
    }
    if (r->either != 0 && (r->either & s->said) == 0) {
        (void)snprintf(why, why_size, "%s: 'target' or 'name' is missing", type);
        return -1;
    }
    if (s->from.times != 0 && s->from.every_ns == 0) {
        (void)snprintf(why, why_size, "%s: how often, but not 'every' what", type);
        return -1;
    }
    if (s->from.type == FAULT_CPU_HOG && (s->from.policy != 0) != (s->from.rt_prio != 0)) {
        (void)snprintf(why, why_size, "%s: policy fifo or rr and 'rt-prio' belong together", type);
        return -1;
    }
    return 0;
}

static int check(const void *spec, char *why, size_t why_size)
{
    const struct faultspec *s = spec;

    if (check_name("target", s->from.target, why, why_size) != 0 ||
        check_name("name", s->from.name, why, why_size) != 0 ||
        check_name("unless", s->from.unless_name, why, why_size) != 0)
        return -1;
    return check_needs(s, why, why_size);
}

static const char *const type_list[] = {
#define FAULT_TYPE(id, value, name, ...) name,
#include "shared/fault.def"
    NULL
};
static const struct faultspec fresh = { .chance_ppm = PPM_WHOLE };
const struct schema_list faultspec_list = {
    .fresh = &fresh,
    .item_size = sizeof fresh,
    .item_max = FAULTS_MAX,
    .count_offset = offsetof(struct faultspecs, count),
    .said_offset = offsetof(struct faultspec, said),
    .sort_key = "type",
    .table_of = table_of,
    .sorts = type_list,
    .sort_help = help_of,
    .words = true,
    .check = check,
};

int faultspec_read(const char *path, const char *line, struct faultspecs *to, char *err,
                   size_t err_size)
{
    static const struct schema_key key = { .name = "fault",
                                           .kind = SCHEMA_LIST,
                                           .list = &faultspec_list };
    return schema_read_words(path, line, &key, to, err, err_size);
}

/* ---- settling -------------------------------------------------------------------------------- */

/* What settling needs to know of the whole. */
struct settling {
    uint64_t root; /* of the streams */
    size_t index;  /* of the statement */
    int64_t boot_local_s;
};

static void stream_name(const struct settling *s, const char *key, char ret[64])
{
    (void)snprintf(ret, 64, "fault.%zu.%s", s->index, key);
}

/* What drawn values are multiples of, so that they can be read: of a second, a millisecond, a tenth
 * of a percent, or 1, whatever both ends are multiples of. */
static int64_t step_of(const struct schema_key *k, int64_t from, int64_t to)
{
    static const int64_t time[] = { NS_PER_S, 1000000, 1 }, ppm[] = { 1000, 1 }, ones[] = { 1 };
    const int64_t *steps = ones;

    if (k->kind == SCHEMA_DURATION || k->kind == SCHEMA_INSTANT)
        steps = time;
    else if (k->units == units_ppm)
        steps = ppm;
    return settle_step(steps, from, to);
}

static int64_t draw(const struct settling *s, const struct schema_key *k, int64_t from, int64_t to)
{
    char name[64];

    stream_name(s, k->name, name);
    return settle_between(s->root, name, step_of(k, from, to), from, to);
}

/* Draws what is a range, and fills in what is not said. */
static void settle_members(const struct settling *s, const struct faultspec *spec, struct fault *to)
{
    const struct schema_key *k;

    *to = spec->from;
    for (size_t n = 0; (k = faultspec_key_of(to->type, n)) != NULL; n++) {
        unsigned char *at = (unsigned char *)to + k->offset;
        const unsigned char *end = (const unsigned char *)&spec->to + k->offset;
        if (!faultspec_is_number(k))
            continue;
        if ((spec->said & k->said) == 0)
            schema_put_number(k, faultspec_default(to->type, k), at);
        else if (k->spread != SCHEMA_ONE)
            schema_put_number(k, draw(s, k, schema_number(k, at), schema_number(k, end)), at);
    }
}

static int settle(const struct settling *s, const struct faultspec *spec,
                  const struct fault *before, struct fault *to, char *why, size_t why_size)
{
    const char *what = NULL;
    int64_t base_ns = 0;

    settle_members(s, spec, to);
    if (spec->then != 0) {
        const uint64_t over_ns = before == NULL ? FAULT_NEVER : fault_over_ns(before);
        base_ns = (int64_t)over_ns;
        if (over_ns > INT64_MAX)
            what = "'then' after one that has no end; give that one 'for' (and 'times')";
    }
    const int64_t from_ns = schema_instant_ns(&spec->at[0], s->boot_local_s);
    const int64_t to_ns = schema_instant_ns(&spec->at[1], s->boot_local_s);
    if (what == NULL && from_ns < 0)
        what = "'at' lies before the host boots";
    if (what == NULL && from_ns > to_ns)
        what = "'at' is [from, to] with from > to";
    if (what == NULL && (to_ns > (int64_t)NS_PER_YEAR || base_ns > (int64_t)NS_PER_YEAR))
        what = "'at' lies more than a year after the boot";
    if (what != NULL) {
        (void)snprintf(why, why_size, "%s: %s", fault_name(to->type), what);
        return -1;
    }
    to->at_ns = (uint64_t)(base_ns + draw(s, &faultspec_keys[INDEX_at], from_ns, to_ns));
    return 0;
}

static bool happens(const struct settling *s, const struct faultspec *spec)
{
    char name[64];
    struct rng r;

    if (spec->chance_ppm >= PPM_WHOLE)
        return true;
    stream_name(s, "chance", name);
    rng_init(&r, s->root, name);
    return rng_below(&r, PPM_WHOLE) < (uint64_t)spec->chance_ppm;
}

int faultspec_resolve(const struct faultspecs *specs, uint64_t seed, int64_t boot_local_s,
                      struct fault *ret, char *why, size_t why_size)
{
    struct settling s = { rng_derive(seed, "scenario"), 0, boot_local_s };
    struct fault all[FAULTS_MAX];
    const size_t count = (size_t)specs->count;
    int kept = 0;

    for (; s.index < count; s.index++) {
        const struct fault *before = s.index == 0 ? NULL : &all[s.index - 1];
        if (settle(&s, &specs->item[s.index], before, &all[s.index], why, why_size) != 0)
            return -1;
    }
    /* One that chance left out still has an end that another may count from. */
    for (s.index = 0; s.index < count; s.index++) {
        if (happens(&s, &specs->item[s.index]))
            ret[kept++] = all[s.index];
    }
    return kept;
}

/* ---- printing -------------------------------------------------------------------------------- */

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
    const struct schema_name *name = k->names;
    char text[64];

    if (k->kind == SCHEMA_NAMED) {
        while (name->value != value)
            name++;
        (void)fputs(name->name, to);
    } else if (k->kind == SCHEMA_QUANTITY && k->units == units_ppm) {
        print_percent(to, value);
    } else if (k->kind == SCHEMA_INTEGER) {
        (void)fprintf(to, "%" PRId64, value);
    } else {
        if (k->kind == SCHEMA_QUANTITY)
            quantity_format(value, k->units, text, sizeof text);
        else
            quantity_format_duration(value, text, sizeof text);
        (void)fputs(text, to);
    }
}

static void print_key(FILE *to, const struct fault *f, const struct schema_key *k)
{
    const bool is_instant = k->kind == SCHEMA_INSTANT;
    const unsigned char *at = (const unsigned char *)f + k->offset;

    if (k->kind == SCHEMA_PARSED) {
        print_unless(to, f);
    } else if (k->kind == SCHEMA_TEXT) {
        if (*at != '\0')
            (void)fprintf(to, " %s=%.*s", k->name, (int)k->size, (const char *)at);
    } else if (k->kind == SCHEMA_FLAG) {
        if (k->offset == offsetof(struct fault, flags) && (f->flags & k->bit) != 0)
            (void)fprintf(to, " %s", k->name);
    } else if (is_instant || faultspec_is_number(k)) {
        const int64_t value = is_instant ? (int64_t)f->at_ns : schema_number(k, at);
        if (value == faultspec_default(f->type, k) && faultspec_need(f->type, k) != FAULTSPEC_MUST)
            return;
        (void)fprintf(to, " %s=", k->name);
        print_number(to, k, value);
    }
}

static void print_fault(FILE *to, const struct fault *f)
{
    const struct schema_key *k;

    (void)fputs(fault_name(f->type), to);
    for (size_t n = 0; (k = faultspec_key_of(f->type, n)) != NULL; n++)
        print_key(to, f, k);
}

char *faultspec_text(const struct fault *f, size_t count)
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
