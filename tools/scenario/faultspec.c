/* faultspec.c - see faultspec.h. The two tables come first: they are the language of faults. */
#include "tools/scenario/faultspec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/fault_clock.h"
#include "shared/rng.h"

#define SECOND_NS QUANTITY_NS_PER_S
#define DAY_NS (QUANTITY_S_PER_DAY * SECOND_NS)
#define YEAR_NS (366 * DAY_NS)
#define KB_MOST 2097152 /* 2 GB: more than RAM and swap of any COS */
#define RATE_MOST (1 << 30)
#define COUNT_MOST 1000000000
#define PPM_WHOLE 1000000

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
static const struct schema_name policies[] = {
    { "normal", 0 }, { "fifo", 1 }, { "rr", 2 }, { NULL, 0 }
};
/* Linux's numbers on i386. */
static const struct schema_name signals[] = { { "HUP", 1 },   { "INT", 2 },   { "QUIT", 3 },
                                              { "ILL", 4 },   { "ABRT", 6 },  { "BUS", 7 },
                                              { "FPE", 8 },   { "KILL", 9 },  { "USR1", 10 },
                                              { "SEGV", 11 }, { "USR2", 12 }, { "PIPE", 13 },
                                              { "ALRM", 14 }, { "TERM", 15 }, { NULL, 0 } };

static const struct {
    const char *prefix;
    enum fault_unless what;
} unless_forms[] = { { "ram>=", FAULT_UNLESS_RAM_USED },
                     { "swap>=", FAULT_UNLESS_SWAP_USED },
                     { "running:", FAULT_UNLESS_RUNNING } };

static int unless_fail(char *why, size_t why_size, const char *text)
{
    (void)snprintf(why, why_size,
                   "'%.60s' is none of ram>=N%%, swap>=N%% (0 to 100), running:NAME, oom", text);
    return -1;
}

static int unless_percent(const char *text, int64_t *ret)
{
    return quantity_parse(text, units_percent, ret) == 0 && *ret >= 0 && *ret <= 100 ? 0 : -1;
}

static int parse_unless(const char *text, void *at, char *why, size_t why_size)
{
    struct faultspec_unless u = { FAULT_ALWAYS, 0, "" };

    if (strcmp(text, "oom") == 0)
        u.what = FAULT_UNLESS_OOM;
    for (size_t i = 0; i < sizeof unless_forms / sizeof unless_forms[0]; i++) {
        const size_t length = strlen(unless_forms[i].prefix);
        if (strncmp(text, unless_forms[i].prefix, length) != 0)
            continue;
        const char *rest = text + length;
        u.what = unless_forms[i].what;
        if (u.what != FAULT_UNLESS_RUNNING) {
            if (unless_percent(rest, &u.pct) != 0)
                return unless_fail(why, why_size, text);
        } else if (*rest == '\0' || strlen(rest) >= sizeof u.name) {
            return unless_fail(why, why_size, text);
        } else {
            memcpy(u.name, rest, strlen(rest));
        }
    }
    if (u.what == FAULT_ALWAYS)
        return unless_fail(why, why_size, text);
    memcpy(at, &u, sizeof u);
    return 0;
}

/* In the order in which they are printed. */
enum {
    TARGET,
    NAME,
    LEVEL,
    RESOURCE,
    RATE,
    SIZE,
    COUNT,
    PERIOD,
    DELAY,
    SERIAL,
    POLICY,
    RT_PRIO,
    NICE,
    SIGNAL,
    PROBABILITY,
    INTERVAL,
    KNOB_TIMES,
    SPACE,
    MIN_ORDER,
    VERBOSE,
    IGNORE_WAIT,
    SHARED,
    AT,
    WITHIN,
    HOLD,
    SHAPE,
    FOR,
    EVERY,
    TIMES,
    REPEATS,
    UNLESS,
    OOM_FIRST,
    SIGTERM_CAUGHT,
    ORDINARY_USER,
    CHANCE,
    KEYS
};
#define BIT(k) (UINT64_C(1) << (k))

/* clang-format off */
#define PLACE(m) .offset = offsetof(struct faultspec, m), .size = sizeof(((struct faultspec *)0)->m)
#define TO(m) .to_offset = offsetof(struct fault, m), .to_size = sizeof(((struct fault *)0)->m)
#define TEXT(text, from, to) \
    .key = { .name = text, .kind = SCHEMA_TEXT, .identity = true, PLACE(from) }, TO(to)
#define RANGE(text, k, from, lo, hi, in, to) \
    .key = { .name = text, .kind = k, .spread = SCHEMA_ONE_OR_TWO, PLACE(from), .least = lo, \
             .most = hi, .units = in }, TO(to)
#define INTEGER(text, from, lo, hi, to) RANGE(text, SCHEMA_INTEGER, from, lo, hi, NULL, to)
#define DURATION(text, from, lo, to) RANGE(text, SCHEMA_DURATION, from, lo, YEAR_NS, NULL, to)
#define NAMED(text, from, list, to) \
    .key = { .name = text, .kind = SCHEMA_NAMED, PLACE(from), .names = list }, TO(to)
#define FLAG(text, from, bit) \
    .key = { .name = text, .kind = SCHEMA_FLAG, PLACE(from) }, .flag = bit
/* clang-format on */

const struct faultspec_key faultspec_keys[KEYS + 1] = {
    [TARGET] = { TEXT("target", target, target),
                 .help = "name of a program that is there, `vmnixhbd` and the kernel's threads "
                         "included" },
    [NAME] = { TEXT("name", name, name), .help = "name of the program that the fault brings" },
    [LEVEL] = { RANGE("level", SCHEMA_QUANTITY, level_ppm, 1, PPM_WHOLE, units_ppm, level_ppm),
                .help = "share of the resource that is to be in use, as `95%`" },
    [RESOURCE] = { NAMED("resource", resource, resources, resource), .help = "`ram` or `swap`" },
    [RATE] = { RANGE("rate", SCHEMA_QUANTITY, rate_kb_h, 1, RATE_MOST, quantity_kb_per_h,
                     rate_kb_h),
               .help = "growth, as `2662kB/h`" },
    [SIZE] = { RANGE("size", SCHEMA_QUANTITY, size_kb, 0, KB_MOST, quantity_kb, size_kb),
               .help = "memory, or what is left of a disk" },
    [COUNT] = { INTEGER("count", count, 0, COUNT_MOST, count),
                .help = "how many tasks; the N of fail-nth" },
    [PERIOD] = { DURATION("period", period_ns, 1, period_ns), .help = "one more each; one turn" },
    [DELAY] = { DURATION("delay", delay_ns, 1, delay_ns), .help = "how much later" },
    [SERIAL] = { INTEGER("serial", serial, 0, UINT32_MAX, serial),
                 .help = "where the serial number of the disk's commands stands" },
    [POLICY] = { NAMED("policy", policy, policies, policy), .help = "`normal`, `fifo` or `rr`" },
    [RT_PRIO] = { INTEGER("rt-prio", rt_prio, 1, 99, rt_prio),
                  .help = "priority with `fifo` and `rr`, 1 to 99" },
    [NICE] = { INTEGER("nice", nice, -20, 19, nice), .help = "with `normal`, -20 to 19" },
    [SIGNAL] = { NAMED("signal", signal, signals, signal), .help = "`TERM`, `SEGV`, ..." },
    [PROBABILITY] = { RANGE("probability", SCHEMA_QUANTITY, probability, 0, 100, units_percent,
                            probability),
                      .help = "percent, 0 to 100" },
    [INTERVAL] = { INTEGER("interval", interval, 0, COUNT_MOST, interval),
                   .help = "at most one call in so many fails" },
    [KNOB_TIMES] = { INTEGER("times", fail_times, -1, COUNT_MOST, fail_times),
                     .help = "failures at the most; -1 = no limit" },
    [SPACE] = { INTEGER("space", space, 0, COUNT_MOST, space),
                .help = "pages that may be taken before failures begin" },
    [MIN_ORDER] = { INTEGER("min-order", min_order, 0, 10, min_order),
                    .help = "least order that fails" },
    [VERBOSE] = { FLAG("verbose", verbose, FAULT_FLAG_VERBOSE),
                  .help = "each failure is noted in run/" },
    [IGNORE_WAIT] = { FLAG("ignore-gfp-wait", ignore_gfp_wait, FAULT_FLAG_IGNORE_GFP_WAIT),
                      .help = "requests that may wait are left alone" },
    [SHARED] = { FLAG("shared", shared, FAULT_FLAG_SHARED),
                 .help = "shared memory of short-lived children" },
    [AT] = { .key = { .name = "at",
                      .kind = SCHEMA_INSTANT,
                      .spread = SCHEMA_ONE_OR_TWO,
                      PLACE(at),
                      .most = YEAR_NS },
             TO(at_ns),
             .help = "when it begins" },
    [WITHIN] = { DURATION("within", within_ns, 0, within_ns),
                 .help = "how long it takes to get there" },
    [HOLD] = { DURATION("hold", hold_ns, 0, hold_ns), .help = "how long it is held then" },
    [SHAPE] = { NAMED("shape", shape, shapes, shape), .help = "`linear` or `step`" },
    [FOR] = { DURATION("for", for_ns, 1, for_ns), .help = "how long it lasts" },
    [EVERY] = { DURATION("every", every_ns, 1, every_ns), .help = "it comes again each" },
    [TIMES] = { INTEGER("times", times, 1, COUNT_MOST, times),
                .help = "how often in all, with `every`" },
    [REPEATS] = { INTEGER("repeats", times, 1, COUNT_MOST, times),
                  .help = "how often in all, with `every`" },
    [UNLESS] = { .key = { .name = "unless",
                          .kind = SCHEMA_PARSED,
                          PLACE(unless),
                          .parse = parse_unless },
                 .help = "not when `ram>=N%`, `swap>=N%`, `running:NAME` or `oom` holds" },
    [OOM_FIRST] = { FLAG("oom-first", oom_first, FAULT_FLAG_OOM_FIRST),
                    .help = "may be the OOM killer's first victim" },
    [SIGTERM_CAUGHT] = { FLAG("catches-sigterm", catches_sigterm, FAULT_FLAG_SIGTERM),
                         .help = "what the fault brings catches SIGTERM" },
    [ORDINARY_USER] = { FLAG("ordinary-user", ordinary_user, FAULT_FLAG_USER),
                        .help =
                            "what the fault brings is not root's: the OOM killer sends SIGKILL" },
    [CHANCE] = { .key = { .name = "chance",
                          .kind = SCHEMA_QUANTITY,
                          PLACE(chance_ppm),
                          .least = 0,
                          .most = PPM_WHOLE,
                          .units = units_ppm },
                 .help = "how likely the seed lets it happen at all, as `30%`" },
};
static const struct schema_name type_names[] = {
#define FAULT_TYPE(id, value, name, ...) { name, value },
#include "shared/fault.def"
    { NULL, 0 }
};
static const struct schema_key type_key = {
    .name = "type", .kind = SCHEMA_NAMED, .identity = true, PLACE(type), .names = type_names
};

/* ---- which type has which -------------------------------------------------------------------- */

#define ONCE (BIT(AT) | BIT(EVERY) | BIT(TIMES) | BIT(UNLESS) | BIT(CHANCE))
#define LASTS (ONCE | BIT(FOR))
#define BROUGHT (BIT(SIGTERM_CAUGHT) | BIT(ORDINARY_USER))
#define KNOBS                                                                           \
    (BIT(PROBABILITY) | BIT(INTERVAL) | BIT(KNOB_TIMES) | BIT(SPACE) | BIT(MIN_ORDER) | \
     BIT(VERBOSE) | BIT(IGNORE_WAIT))

static const struct {
    uint64_t must, either, may;
    const char *help;
} rules[FAULT_TYPES] = {
    [FAULT_LEAK] = { BIT(TARGET) | BIT(RATE), 0, LASTS | BIT(SHARED),
                     "`target` grows by `rate` and never frees it; `shared`: what is lost is "
                     "shared memory of its short-lived children, which outlives them" },
    [FAULT_PRESSURE] = { BIT(LEVEL) | BIT(WITHIN), 0,
                         LASTS | BIT(NAME) | BIT(RESOURCE) | BIT(HOLD) | BIT(SHAPE) |
                             BIT(OOM_FIRST),
                         "a closed loop: `level` of `resource` (RAM) is in use `within` so long "
                         "and is held for `hold` (none: to the end), by `shape`; a program `name` "
                         "carries it" },
    [FAULT_SPIKE] = { BIT(SIZE), BIT(TARGET) | BIT(NAME),
                      LASTS | BROUGHT | BIT(WITHIN) | BIT(HOLD) | BIT(SHAPE) | BIT(OOM_FIRST),
                      "`target`, or a new `name`, takes `size` within `within` (none: at once) and "
                      "gives it back after `hold` (none: never)" },
    [FAULT_FOOTPRINT] = { BIT(NAME) | BIT(SIZE), 0, LASTS | BROUGHT,
                          "a program `name` of `size` that does not grow" },
    [FAULT_FORK_STORM] = { BIT(NAME) | BIT(PERIOD), 0,
                           LASTS | BROUGHT | BIT(TARGET) | BIT(SIZE) | BIT(COUNT),
                           "each `period` one more `name` of `size` is started and hangs, `count` "
                           "at the most (none: no limit); `target` is its parent (none: cron, at "
                           "full "
                           "minutes) and never waits for it; without `size` it ends at once" },
    [FAULT_CPU_HOG] = { 0, BIT(TARGET) | BIT(NAME),
                        LASTS | BROUGHT | BIT(COUNT) | BIT(POLICY) | BIT(RT_PRIO) | BIT(NICE) |
                            BIT(PERIOD),
                        "`count` tasks `name` spin, or `target` begins to, by `policy` and `nice` "
                        "or `rt-prio`; with a `period` they poll: a fifth of it they compute, then "
                        "they sleep" },
    [FAULT_KILL] = { BIT(TARGET), 0, ONCE | BIT(SIGNAL) | BIT(COUNT),
                     "`signal` (KILL) to `target`: to all of that name, or to the `count` oldest" },
    [FAULT_STOP] = { BIT(TARGET), 0, LASTS | BIT(COUNT),
                     "SIGSTOP to `target`, as `kill`; SIGCONT after `for`" },
    [FAULT_CONT] = { BIT(TARGET), 0, ONCE | BIT(COUNT), "SIGCONT to `target`, as `kill`" },
    [FAULT_RING_CORRUPT] = { 0, 0, LASTS, "a stray write over the ring" },
    [FAULT_RING_DROP] = { 0, 0, LASTS | BIT(PROBABILITY), "beats are lost, each by `probability`" },
    [FAULT_RING_DELAY] = { BIT(DELAY), 0, LASTS, "beats arrive later by `delay`" },
    [FAULT_DOORBELL_LOSS] = { 0, 0, LASTS | BIT(PROBABILITY),
                              "the interrupt that tells of beats is lost, each by `probability`" },
    [FAULT_RPC_HANG] = { 0, 0, LASTS | BIT(TARGET) | BIT(DELAY),
                         "VMNIX calls of `target` (none: of all) are not answered, or only after "
                         "`delay`" },
    [FAULT_WORLD_STARVE] = { 0, 0, LASTS | BIT(NAME), "a VMkernel world `name` keeps pCPU 0" },
    [FAULT_IO_HANG] = { 0, 0, LASTS | BIT(RESOURCE) | BIT(DELAY) | BIT(PROBABILITY),
                        "commands of the COS disk (`resource: swap`: of its swap partition alone) "
                        "never complete, each by `probability`, or only after `delay`" },
    [FAULT_SWAP_OFF] = { 0, 0, LASTS, "the swap partition is taken away" },
    [FAULT_FAIL_PAGE_ALLOC] = { 0, 0, (LASTS & ~BIT(TIMES)) | BIT(TARGET) | BIT(REPEATS) | KNOBS,
                                "page allocations of `target` (none: of all) fail, by the kernel's "
                                "fault-injection knobs" },
    [FAULT_FAIL_NTH] = { BIT(TARGET) | BIT(COUNT), 0, LASTS,
                         "the `count`-th allocation of `target` fails" },
    [FAULT_DATASTORE_LOSS] = { 0, 0, LASTS, "the array of the datastore goes away" },
    [FAULT_DATASTORE_FULL] = { 0, 0, LASTS | BIT(SIZE),
                               "`size` is all that is left of the datastore" },
    [FAULT_NO_START] = { BIT(TARGET), 0, BIT(CHANCE), "`target` is not started at boot" },
    [FAULT_STALE_GENERATION] = { 0, 0, LASTS, "beats bear an old generation" },
    [FAULT_SCSI_SERIAL] = { BIT(SERIAL), 0, ONCE,
                            "the serial number of SCSI commands stands at `serial`" },
    [FAULT_VMKERNEL_PF] = { 0, 0, ONCE, "a page fault in the VMkernel" },
    [FAULT_MACHINE_CHECK] = { 0, 0, ONCE, "a machine check" },
    [FAULT_DUMP_SLOT_SMALL] = { BIT(SIZE), 0, BIT(CHANCE), "the dump partition has `size`" },
    [FAULT_COS_OOPS] = { BIT(TARGET), 0, ONCE, "the next system call of `target` oopses" },
    [FAULT_DUMP_MOVE_FAIL] = { 0, 0, BIT(CHANCE),
                               "the next start cannot move the core off the datastore" },
};
/* What is not said, where it is not 0. That fail-page-alloc has no limit is OUR CHOICE (the
 * kernel's own defaults let nothing fail): a scenario that names the fault wants failures. */
static const struct {
    uint32_t type;
    int key;
    int64_t value;
} defaults[] = {
    { FAULT_FAIL_PAGE_ALLOC, PROBABILITY, 100 },
    { FAULT_FAIL_PAGE_ALLOC, INTERVAL, 1 },
    { FAULT_FAIL_PAGE_ALLOC, KNOB_TIMES, -1 },
    { FAULT_RING_DROP, PROBABILITY, 100 },
    { FAULT_DOORBELL_LOSS, PROBABILITY, 100 },
    { FAULT_IO_HANG, PROBABILITY, 100 },
    { FAULT_CPU_HOG, COUNT, 1 },
};

static uint64_t bit_of(const struct faultspec_key *k)
{
    return BIT((size_t)(k - faultspec_keys));
}

static uint64_t keys_of(uint32_t type)
{
    return rules[type].must | rules[type].either | rules[type].may;
}

const struct faultspec_key *faultspec_key_of(uint32_t type, size_t n)
{
    if (type == FAULT_NONE || type >= FAULT_TYPES)
        return NULL;
    for (size_t k = 0; k < KEYS; k++) {
        if ((keys_of(type) & BIT(k)) != 0 && n-- == 0)
            return &faultspec_keys[k];
    }
    return NULL;
}

enum faultspec_need faultspec_need(uint32_t type, const struct faultspec_key *k)
{
    if ((rules[type].must & bit_of(k)) != 0)
        return FAULTSPEC_MUST;
    return (rules[type].either & bit_of(k)) != 0 ? FAULTSPEC_EITHER : FAULTSPEC_MAY;
}

int64_t faultspec_default(uint32_t type, const struct faultspec_key *k)
{
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (defaults[i].type == type && &faultspec_keys[defaults[i].key] == k)
            return defaults[i].value;
    }
    return 0;
}

const char *const faultspec_types[] = {
#define FAULT_TYPE(id, value, name, ...) name,
#include "shared/fault.def"
    NULL
};

const char *faultspec_help(uint32_t type)
{
    return type < FAULT_TYPES ? rules[type].help : NULL;
}

const char *faultspec_help_of(const char *type)
{
    return faultspec_help(fault_find(type));
}

const struct schema_key *faultspec_table(const char *type)
{
    static struct schema_key tables[FAULT_TYPES][KEYS + 2];
    const uint32_t t = fault_find(type);
    const struct faultspec_key *k;

    if (t == FAULT_NONE)
        return NULL;
    tables[t][0] = type_key;
    for (size_t n = 0; (k = faultspec_key_of(t, n)) != NULL; n++) {
        tables[t][n + 1] = k->key;
        tables[t][n + 1].help = k->help;
    }
    return tables[t];
}

#define OPEN                             \
    {                                    \
        FAULTSPEC_UNSET, FAULTSPEC_UNSET \
    }
const struct faultspec faultspec_fresh = {
    .chance_ppm = PPM_WHOLE,
    .for_ns = OPEN,
    .every_ns = OPEN,
    .times = OPEN,
    .rate_kb_h = OPEN,
    .size_kb = OPEN,
    .count = OPEN,
    .level_ppm = OPEN,
    .within_ns = OPEN,
    .hold_ns = OPEN,
    .period_ns = OPEN,
    .delay_ns = OPEN,
    .serial = OPEN,
    .nice = OPEN,
    .rt_prio = OPEN,
    .probability = OPEN,
    .interval = OPEN,
    .fail_times = OPEN,
    .space = OPEN,
    .min_order = OPEN,
};

/* ---- checking -------------------------------------------------------------------------------- */

static const void *member(const struct faultspec *f, const struct faultspec_key *k)
{
    return (const unsigned char *)f + k->key.offset;
}

static bool is_set(const struct faultspec *f, const struct faultspec_key *k)
{
    int64_t value;

    if (k->key.kind == SCHEMA_TEXT)
        return *(const char *)member(f, k) != '\0';
    memcpy(&value, member(f, k), sizeof value);
    return value != FAULTSPEC_UNSET;
}

/* A name stands in expressions between blanks and goes into /proc and logs. */
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

static int check_needs(const struct faultspec *f, uint32_t type, char *why, size_t why_size)
{
    uint64_t set = 0;
    for (size_t k = 0; k < KEYS; k++)
        set |= (keys_of(type) & BIT(k)) != 0 && is_set(f, &faultspec_keys[k]) ? BIT(k) : 0;
    for (size_t k = 0; k < KEYS; k++) {
        if ((rules[type].must & ~set & BIT(k)) != 0) {
            (void)snprintf(why, why_size, "%s: '%s' is missing", fault_name(type),
                           faultspec_keys[k].key.name);
            return -1;
        }
    }
    if (rules[type].either != 0 && (rules[type].either & set) == 0) {
        (void)snprintf(why, why_size, "%s: 'target' or 'name' is missing", fault_name(type));
        return -1;
    }
    if ((set & (BIT(TIMES) | BIT(REPEATS))) != 0 && (set & BIT(EVERY)) == 0) {
        (void)snprintf(why, why_size, "%s: how often, but not 'every' what", fault_name(type));
        return -1;
    }
    return 0;
}

int faultspec_check(const void *spec, char *why, size_t why_size)
{
    const struct faultspec *f = spec;
    const uint32_t type = (uint32_t)f->type;

    if (check_name("target", f->target, why, why_size) != 0 ||
        check_name("name", f->name, why, why_size) != 0 ||
        check_name("unless", f->unless.name, why, why_size) != 0 ||
        check_needs(f, type, why, why_size) != 0)
        return -1;
    if (type == FAULT_CPU_HOG && (f->policy != 0) != (f->rt_prio[0] != FAULTSPEC_UNSET)) {
        (void)snprintf(why, why_size, "cpu-hog: policy fifo or rr and 'rt-prio' belong together");
        return -1;
    }
    return 0;
}

/* ---- settling -------------------------------------------------------------------------------- */

/* What settling needs to know of the whole. */
struct settling {
    uint64_t root; /* of the streams */
    size_t index;  /* of the statement */
    int64_t boot_local_s;
};

static void stream(const struct settling *s, const char *key, struct rng *ret)
{
    char name[64];
    (void)snprintf(name, sizeof name, "fault.%zu.%s", s->index, key);
    rng_init(ret, s->root, name);
}

/* What drawn values are multiples of, so that they can be read: of a second, a millisecond, a tenth
 * of a percent, or 1, whatever both ends are multiples of. */
static int64_t step_of(const struct schema_key *k, int64_t from, int64_t to)
{
    const int64_t time[] = { SECOND_NS, 1000000, 1 }, ppm[] = { 1000, 1, 1 };
    const bool is_time = k->kind == SCHEMA_DURATION || k->kind == SCHEMA_INSTANT;

    if (!is_time && k->units != units_ppm)
        return 1;
    for (int i = 0; i < 3; i++) {
        const int64_t step = is_time ? time[i] : ppm[i];
        if (from % step == 0 && to % step == 0)
            return step;
    }
    return 1;
}

static int64_t draw(const struct settling *s, const struct schema_key *k, int64_t from, int64_t to)
{
    struct rng r;

    if (from >= to)
        return from;
    const int64_t step = step_of(k, from, to);
    stream(s, k->name, &r);
    return from + step * (int64_t)rng_below(&r, (uint64_t)((to - from) / step) + 1);
}

/* Nothing that lies far from the boot needs to be told apart: what is refused is refused. */
static int64_t instant_ns(const struct settling *s, const struct schema_instant *i)
{
    const int64_t far_s = 10 * (YEAR_NS / SECOND_NS);
    int64_t since_boot_s = i->value - s->boot_local_s;

    if (i->local == 0)
        return i->value;
    if (since_boot_s > far_s)
        since_boot_s = far_s;
    return (since_boot_s < -far_s ? -far_s : since_boot_s) * SECOND_NS;
}

static void put(struct fault *to, const struct faultspec_key *k, int64_t value)
{
    memcpy((unsigned char *)to + k->to_offset, &value, k->to_size); /* little-endian: low bytes */
}

/* All members but the instant. */
static void settle_members(const struct settling *s, const struct faultspec *f, struct fault *to)
{
    const struct faultspec_key *k;

    for (size_t n = 0; (k = faultspec_key_of(to->type, n)) != NULL; n++) {
        int64_t v[2];
        memcpy(v, member(f, k), k->key.spread == SCHEMA_ONE ? sizeof v[0] : sizeof v);
        if (k->key.kind == SCHEMA_TEXT)
            memcpy((unsigned char *)to + k->to_offset, member(f, k), k->to_size);
        else if (k->key.kind == SCHEMA_FLAG)
            to->flags |= v[0] == 1 ? k->flag : 0;
        else if (k->to_size == 0 || k == &faultspec_keys[AT])
            continue;
        else if (!is_set(f, k))
            put(to, k, faultspec_default(to->type, k));
        else
            put(to, k, k->key.spread == SCHEMA_ONE ? v[0] : draw(s, &k->key, v[0], v[1]));
    }
    to->unless = (uint32_t)f->unless.what;
    to->unless_pct = (uint32_t)f->unless.pct;
    memcpy(to->unless_name, f->unless.name, sizeof to->unless_name);
}

static int settle(const struct settling *s, const struct faultspec *f, const struct fault *before,
                  struct fault *to, char *why, size_t why_size)
{
    const char *what = NULL;
    int64_t base_ns = 0;

    to->type = (uint32_t)f->type;
    settle_members(s, f, to);
    if (f->after != 0) {
        const uint64_t over_ns = before == NULL ? FAULT_NEVER : fault_over_ns(before);
        base_ns = (int64_t)over_ns;
        if (over_ns > INT64_MAX)
            what = "'then' after one that has no end; give that one 'for' (and 'times')";
    }
    const int64_t from_ns = instant_ns(s, &f->at[0]);
    const int64_t to_ns = instant_ns(s, &f->at[1]);
    if (what == NULL && from_ns < 0)
        what = "'at' lies before the host boots";
    if (what == NULL && from_ns > to_ns)
        what = "'at' is [from, to] with from > to";
    if (what == NULL && (to_ns > YEAR_NS || base_ns > YEAR_NS))
        what = "'at' lies more than a year after the boot";
    if (what != NULL) {
        (void)snprintf(why, why_size, "%s: %s", fault_name(to->type), what);
        return -1;
    }
    to->at_ns = (uint64_t)(base_ns + draw(s, &faultspec_keys[AT].key, from_ns, to_ns));
    return 0;
}

static bool happens(const struct settling *s, const struct faultspec *f)
{
    struct rng r;

    if (f->chance_ppm >= PPM_WHOLE)
        return true;
    stream(s, "chance", &r);
    return rng_below(&r, PPM_WHOLE) < (uint64_t)f->chance_ppm;
}

int faultspec_resolve(const struct faultspec *spec, size_t count, uint64_t seed,
                      int64_t boot_local_s, struct fault *ret, char *why, size_t why_size)
{
    struct settling s = { rng_derive(seed, "scenario"), 0, boot_local_s };
    struct fault *all = calloc(count + 1, sizeof *all);
    int kept = -1;

    if (all == NULL) {
        (void)snprintf(why, why_size, "no memory");
        return -1;
    }
    for (; s.index < count; s.index++) {
        if (settle(&s, &spec[s.index], s.index == 0 ? NULL : &all[s.index - 1], &all[s.index], why,
                   why_size) != 0)
            goto out;
    }
    /* One that chance left out still has an end that another may count from. */
    kept = 0;
    for (s.index = 0; s.index < count; s.index++) {
        if (happens(&s, &spec[s.index]))
            ret[kept++] = all[s.index];
    }
out:
    free(all);
    return kept;
}
