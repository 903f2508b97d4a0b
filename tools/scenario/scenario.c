/* scenario.c - see scenario.h. The tables come first: they are the language of scenario files. */
#include "tools/scenario/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/cause.h"
#include "shared/machine.h"
#include "shared/rng.h"
#include "tools/scenario/settle.h"

#define PID_MAX 32767 /* the kernel's */

/* ---- the language ---------------------------------------------------------------------------- */

/* What `diagnose` finds, and "none" for hosts that are well. */
static const char *const causes[] = { "none", CAUSE_LIST(CAUSE_NAME) NULL };
static const char *const outcomes[] = { "survived",  "lost-heartbeat", "cos-oops",
                                        "cos-panic", "vmkernel-psod",  NULL };
static const char *const profiles[] = { "esx-3.5", NULL };
#define BEHAVIOUR_OF_SCENARIOS(name, ...) name,
static const char *const behaviours[] = {
#include "shared/behaviour.def"
    NULL
};

/* One line per key: its name, the member that it fills, and what may stand there. Keys of the host
 * and of programs that fill a member of the plan are rows of plan.def. */
/* clang-format off */
#define PLACE(t, m) .offset = offsetof(struct t, m), .size = sizeof(((struct t *)0)->m)
#define TEXT(key, t, m) { .name = key, .kind = SCHEMA_TEXT, PLACE(t, m) }
#define CHOICE(key, t, m, list) { .name = key, .kind = SCHEMA_CHOICE, PLACE(t, m), .choices = list }
#define NUMBER(key, t, m, of, from, to) \
    { .name = key, .kind = SCHEMA_##of, PLACE(t, m), .least = from, .most = to }
#define BETWEEN(key, t, m, of, from, to) \
    { .name = key, .kind = SCHEMA_##of, PLACE(t, m[0]), .spread = SCHEMA_TWO, \
      .second = sizeof(int64_t), .least = from, .most = to }
#define RANGE(key, t, m, other, of, from, to) \
    { .name = key, .kind = SCHEMA_##of, PLACE(t, m), .spread = SCHEMA_ONE_OR_TWO, \
      .second = offsetof(struct t, other) - offsetof(struct t, m), .least = from, .most = to }
#define QUANTITY(key, t, m, from, to, in) \
    { .name = key, .kind = SCHEMA_QUANTITY, PLACE(t, m), .least = from, .most = to, .units = in }
#define MAP(key, place, sub) { .name = key, .kind = SCHEMA_MAP, .offset = place, .table = sub }
#define LIST(key, place, items) { .name = key, .kind = SCHEMA_LIST, .offset = place, .list = items }
#define END { .name = NULL }
#define COUNT_FROM(t, items, count) (offsetof(struct t, count) - offsetof(struct t, items))

/* A row of plan.def as a key; what its last column may name depends on the kind. A list's items are
 * named by their free texts. */
#define ROW_TEXT(key, t, m, list, means) \
    { .name = key, .kind = (list) != NULL ? SCHEMA_CHOICE : SCHEMA_TEXT, PLACE(t, m), \
      .identity = (list) == NULL, .choices = list, .help = means },
#define ROW_INTEGER(t, in) .kind = SCHEMA_INTEGER, ROW_RANGE(t)
#define ROW_DURATION(t, in) .kind = SCHEMA_DURATION, ROW_RANGE(t)
#define ROW_OFFSET(t, in) .kind = SCHEMA_OFFSET
#define ROW_QUANTITY(t, in) .kind = SCHEMA_QUANTITY, .units = in, ROW_RANGE(t)
#define ROW_NAMED(t, list) .kind = SCHEMA_NAMED, .names = list
#define ROW_RANGE(t) .spread = SCHEMA_ONE_OR_TWO, .second = TO_##t
#define TO_scenario (offsetof(struct scenario, plan_to) - offsetof(struct scenario, plan))
#define TO_scenario_program \
    (offsetof(struct scenario_program, boot_to) - offsetof(struct scenario_program, boot))
#define ROW_NUMBER(key, t, m, of, from, to, in, means) \
    { .name = key, PLACE(t, m), .least = from, .most = to, ROW_##of(t, in), .help = means },
#define HOST_TEXT(m, size, key, list, means) ROW_TEXT(key, scenario, plan.m, list, means)
#define HOST_NUMBER(m, ctype, key, ...) ROW_NUMBER(key, scenario, plan.m, __VA_ARGS__)
#define HOST_BOOT_TEXT(m, size, key, list, means) ROW_TEXT(key, scenario, plan.boot.m, list, means)
#define HOST_BOOT_NUMBER(m, ctype, key, ...) ROW_NUMBER(key, scenario, plan.boot.m, __VA_ARGS__)
/* clang-format on */

#define KB_MOST 2097152 /* 2 GB: more than RAM and swap of any COS */
#define RAM_KB_LEAST (MACHINE_RAM_MB_MIN * 1024)
#define RAM_KB_MOST (MACHINE_RAM_MB_MAX * 1024)

#define PLAN_PART PLAN_DATASTORE
#define PLAN_TEXT HOST_TEXT
#define PLAN_NUMBER HOST_NUMBER
static const struct schema_key datastore_keys[] = {
#include "shared/plan.def"
    END,
};
#define PLAN_PART PLAN_NIGHTLY
#define BOOT_NUMBER HOST_BOOT_NUMBER
static const struct schema_key nightly_keys[] = {
#include "shared/plan.def"
    END,
};
static const struct schema_key sysrq_keys[] = {
    NUMBER("m", scenario, plan.boot.sysrq_ns[BOOT_SYSRQ_M], DURATION, 0, NS_PER_YEAR),
    NUMBER("t", scenario, plan.boot.sysrq_ns[BOOT_SYSRQ_T], DURATION, 0, NS_PER_YEAR),
    NUMBER("p", scenario, plan.boot.sysrq_ns[BOOT_SYSRQ_P], DURATION, 0, NS_PER_YEAR),
    END,
};
/* Offsets count from the scenario, so these mappings are read over it (offset 0). */
#define PLAN_PART PLAN_HOST
#define PLAN_TEXT HOST_TEXT
#define PLAN_NUMBER HOST_NUMBER
#define BOOT_TEXT HOST_BOOT_TEXT
#define BOOT_NUMBER HOST_BOOT_NUMBER
static const struct schema_key host_keys[] = {
    QUANTITY("ram", scenario, ram_kb, RAM_KB_LEAST, RAM_KB_MOST, quantity_kb),
    QUANTITY("mem-total", scenario, mem_total_kb, 0, RAM_KB_MOST, quantity_kb),
    RANGE("boot", scenario, boot_local_s, boot_to_local_s, DATE, 0, 0),
#include "shared/plan.def"
    MAP("datastore", 0, datastore_keys),
    MAP("nightly", 0, nightly_keys),
    MAP("sysrq", 0, sysrq_keys),
    END,
};
/* clang-format off */
#define PLAN_PART PLAN_PROGRAM
#define PROGRAM_TEXT(m, key, list, means) ROW_TEXT(key, scenario_program, boot.m, list, means)
#define PROGRAM_NUMBER(m, ctype, key, ...) ROW_NUMBER(key, scenario_program, boot.m, __VA_ARGS__)
#define PROGRAM_FLAG(key, flag, value, means) \
    { .name = key, .kind = SCHEMA_FLAG, PLACE(scenario_program, boot.flags), .bit = value, \
      .help = means },
/* clang-format on */
#define VARY_PPM_MOST 900000 /* nothing may vanish. OUR CHOICE */
static const struct quantity_unit share_ppm[] = { { "ppm", 1 }, { "%", 10000 }, { NULL, 0 } };
static const struct schema_key program_keys[] = {
#include "shared/plan.def"
    RANGE("count", scenario_program, count, count_to, INTEGER, 0, BOOT_PROGRAMS_MAX),
    { .name = "per-vm",
      .kind = SCHEMA_FLAG,
      PLACE(scenario_program, per_vm),
      .bit = 1,
      .help = "one for each of the host's virtual machines; `count` does not matter" },
    { .name = "vary",
      .kind = SCHEMA_QUANTITY,
      .units = share_ppm,
      .most = VARY_PPM_MOST,
      PLACE(scenario_program, vary_ppm),
      .help = "the seed draws each size and time up to so much more or less, as `10%`" },
    NUMBER("start", scenario_program, start, INSTANT, 0, 0),
    NUMBER("stagger", scenario_program, stagger_ns, DURATION, 0, NS_PER_DAY),
    NUMBER("daily-restart", scenario_program, restart_ns, DURATION, 0, NS_PER_DAY - NS_PER_MIN),
    END,
};
static const char *const dump_states[] = { "present", "absent", "cut", NULL };
static const struct schema_list contains_list = {
    .item_size = EXPECT_TEXT_MAX,
    .item_max = EXPECT_TEXTS_MAX,
    .count_offset = COUNT_FROM(expect_text, contains, contains_count),
    .read_text = expect_read_text,
};
static const struct schema_list lacks_list = {
    .item_size = EXPECT_TEXT_MAX,
    .item_max = EXPECT_TEXTS_MAX,
    .count_offset = COUNT_FROM(expect_text, lacks, lacks_count),
    .read_text = expect_read_text,
};
static const struct schema_key expect_text_keys[] = {
    LIST("contains", offsetof(struct expect_text, contains), &contains_list),
    LIST("lacks", offsetof(struct expect_text, lacks), &lacks_list),
    END,
};
static const struct schema_key expect_keys[] = {
    CHOICE("outcome", expect, outcome, outcomes),
    BETWEEN("uptime", expect, uptime_ns, DURATION, 0, NS_PER_YEAR),
    MAP("psod", offsetof(struct expect, psod), expect_text_keys),
    MAP("messages", offsetof(struct expect, messages), expect_text_keys),
    MAP("vmkernel-log", offsetof(struct expect, vmkernel_log), expect_text_keys),
    MAP("vmkwarning", offsetof(struct expect, vmkwarning), expect_text_keys),
    MAP("vmksummary", offsetof(struct expect, vmksummary), expect_text_keys),
    BETWEEN("vmksummary-lines", expect, vmksummary_lines, INTEGER, 0, 1000000),
    CHOICE("cos-core", expect, cos_core, dump_states),
    CHOICE("zdump", expect, zdump, dump_states),
    TEXT("alert-comm", expect, alert_comm),
    END,
};
/* What a program is that says nothing of itself: an ordinary root daemon that sleeps for ever. */
static const struct scenario_program fresh_program = {
    .boot = { .behaviour = "daemon", .stack_kb = 12, .flags = BOOT_PROG_ROOT | BOOT_PROG_RAWIO },
    .boot_to = { .stack_kb = 12 },
    .count = 1,
    .count_to = 1,
    .restart_ns = -1,
};
static const struct schema_list program_list = {
    .table = program_keys,
    .fresh = &fresh_program,
    .item_size = sizeof fresh_program,
    .item_max = SCENARIO_SPECS_MAX,
    .count_offset = COUNT_FROM(scenario, program, program_count),
};
/* An option is {file: F, weight: N}, or F alone. */
static int check_option(const void *option, char *why, size_t why_size)
{
    if (((const struct scenario_option *)option)->file[0] != '\0')
        return 0;
    (void)snprintf(why, why_size, "'file' is missing");
    return -1;
}

static int read_option(const char *text, void *items, int64_t *count, char *why, size_t why_size)
{
    struct scenario_option option = { .weight = 1 };

    if (*count >= (int64_t)SCENARIO_OPTIONS_MAX || *text == '\0' ||
        strlen(text) >= sizeof option.file) {
        (void)snprintf(why, why_size, "at most %u files, with names of 1 to %zu bytes",
                       SCENARIO_OPTIONS_MAX, sizeof option.file - 1);
        return -1;
    }
    memcpy(option.file, text, strlen(text));
    ((struct scenario_option *)items)[(*count)++] = option;
    return 0;
}

static const struct scenario_option fresh_option = { .weight = 1 };
static const struct schema_key option_keys[] = {
    TEXT("file", scenario_option, file),
    NUMBER("weight", scenario_option, weight, INTEGER, 1, 1000),
    END,
};
static const struct schema_list option_list = {
    .table = option_keys,
    .fresh = &fresh_option,
    .item_size = sizeof fresh_option,
    .item_max = SCENARIO_OPTIONS_MAX,
    .count_offset = COUNT_FROM(scenario_draw, option, count),
    .check = check_option,
    .read_text = read_option,
};
static const struct schema_key draw_inner =
    LIST("draw", offsetof(struct scenario_draw, option), &option_list);
static const struct scenario_draw fresh_draw;
static const struct schema_list draw_list = {
    .fresh = &fresh_draw,
    .item_size = sizeof fresh_draw,
    .item_max = SCENARIO_DRAWS_MAX,
    .count_offset = COUNT_FROM(scenario, draw, draw_count),
    .inner = &draw_inner,
};
static const struct schema_key keys[] = {
    TEXT("name", scenario, plan.scenario),
    TEXT("title", scenario, title),
    CHOICE("cause", scenario, plan.cause, causes),
    TEXT("teaches", scenario, teaches),
    TEXT("source", scenario, source),
    TEXT("inherits", scenario, inherits),
    LIST("draw", offsetof(struct scenario, draw), &draw_list),
    MAP("host", 0, host_keys),
    LIST("programs", offsetof(struct scenario, program), &program_list),
    LIST("faults", offsetof(struct scenario, faults), &faultspec_list),
    NUMBER("duration", scenario, plan.duration_ns, DURATION, NS_PER_S, NS_PER_YEAR),
    MAP("expect", offsetof(struct scenario, expect), expect_keys),
    END,
};

const struct schema_key *scenario_keys(void)
{
    return keys;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The path of an inherited file: beside the one that names it. */
static int beside(const char *path, const char *name, char *ret, size_t size)
{
    const char *slash = strrchr(path, '/');
    const int folder = slash == NULL || *name == '/' ? 0 : (int)(slash - path + 1);
    return (size_t)snprintf(ret, size, "%.*s%s", folder, path, name) < size ? 0 : -1;
}

static int read_with_parents(const char *path, int depth, uint64_t seed, struct scenario *s,
                             char *err);

/* Which of its options the seed gives a group. */
static const char *draw_one(const struct scenario_draw *group, uint64_t seed, int depth,
                            int64_t index)
{
    int64_t total = 0, i = 0;
    char stream[64];
    struct rng r;

    for (int64_t n = 0; n < group->count; n++)
        total += group->option[n].weight;
    (void)snprintf(stream, sizeof stream, "draw.%d.%" PRId64, depth, index);
    rng_init(&r, rng_derive(seed, "scenario"), stream);
    for (int64_t left = (int64_t)rng_below(&r, (uint64_t)total); left >= group->option[i].weight;
         i++)
        left -= group->option[i].weight;
    return group->option[i].file;
}

/* Reads one file of each group of `own`, the file at `path`, over the result so far. */
static int read_drawn(const char *path, int depth, uint64_t seed, const struct scenario *own,
                      struct scenario *s, char *err)
{
    char drawn[4096];

    for (int64_t i = 0; i < own->draw_count; i++) {
        if (own->draw[i].count == 0)
            continue;
        const char *file = draw_one(&own->draw[i], seed, depth, i);
        if (beside(path, file, drawn, sizeof drawn) != 0 ||
            read_with_parents(drawn, depth + 1, seed, s, err) != 0)
            return -1;
        if (s->drawn_count < (int64_t)SCENARIO_DRAWS_MAX)
            (void)snprintf(s->drawn[s->drawn_count++], SCENARIO_FILE_MAX, "%s", file);
    }
    return 0;
}

static int read_family(const char *path, int depth, uint64_t seed, const struct scenario *own,
                       struct scenario *s, char *err)
{
    char parent[4096];

    if (own->inherits[0] != '\0' && (beside(path, own->inherits, parent, sizeof parent) != 0 ||
                                     read_with_parents(parent, depth + 1, seed, s, err) != 0))
        return -1;
    if (schema_read(path, keys, s, err, SCENARIO_ERROR_MAX) != 0)
        return -1;
    return read_drawn(path, depth, seed, own, s, err);
}

/* Reads `path` over what it inherits, and what it draws over it. It is read twice: first to learn
 * whose heir it is. */
static int read_with_parents(const char *path, int depth, uint64_t seed, struct scenario *s,
                             char *err)
{
    struct scenario *own = calloc(1, sizeof *own);
    int status = -1;

    if (own == NULL)
        return -1;
    if (depth >= SCENARIO_INHERIT_MAX)
        (void)snprintf(err, SCENARIO_ERROR_MAX, "%s:1:1: inherits: more than %d files in a row",
                       path, SCENARIO_INHERIT_MAX);
    else if (schema_read(path, keys, own, err, SCENARIO_ERROR_MAX) == 0)
        status = read_family(path, depth, seed, own, s, err);
    free(own);
    return status;
}

static int missing(const char *path, const char *key, char *err)
{
    (void)snprintf(err, SCENARIO_ERROR_MAX, "%s:1:1: %s: missing", path, key);
    return -1;
}

static int check_complete(const char *path, const struct scenario *s, char *err)
{
    const struct {
        bool there;
        const char *key;
    } wanted[] = {
        { s->plan.scenario[0] != '\0', "name" },
        { s->title[0] != '\0', "title" },
        { s->plan.cause[0] != '\0', "cause" },
        { s->teaches[0] != '\0', "teaches" },
        { s->source[0] != '\0', "source" },
        { s->plan.host[0] != '\0', "host.name" },
        { s->plan.profile[0] != '\0', "host.profile" },
        { s->plan.boot.build[0] != '\0', "host.build" },
        { s->plan.boot.release[0] != '\0', "host.kernel" },
        { s->ram_kb != 0, "host.ram" },
        { s->plan.pcpus != 0, "host.pcpus" },
        { s->plan.cpu_khz != 0, "host.cpu" },
        { s->boot_local_s != 0, "host.boot" },
        { s->plan.boot.hbd_interval_ns != 0, "host.heartbeat-interval" },
        { s->plan.datastore_uuid[0] != '\0', "host.datastore.uuid" },
        { s->plan.datastore_kb_per_s != 0, "host.datastore.speed" },
        { s->program_count != 0, "programs" },
        { s->plan.duration_ns != 0, "duration" },
        { s->expect.outcome[0] != '\0', "expect.outcome" },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (!wanted[i].there)
            return missing(path, wanted[i].key, err);
    }
    for (int64_t i = 0; i < s->program_count; i++) {
        if (s->program[i].boot.name[0] == '\0')
            return missing(path, "programs.name", err);
    }
    return 0;
}

/* A name goes into file names, logs and host directories. */
static int check_names(const char *path, const struct scenario *s, char *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    const char *const names[] = { s->plan.scenario, s->plan.host, s->plan.datastore_uuid };
    static const char *const what[] = { "name", "host.name", "host.datastore.uuid" };

    for (int i = 0; i < 3; i++) {
        if (names[i][strspn(names[i], allowed)] != '\0' || names[i][0] == '.' ||
            names[i][0] == '-') {
            (void)snprintf(
                err, SCENARIO_ERROR_MAX,
                "%s:1:1: %s: '%.64s' has other characters than letters, digits and . - _", path,
                what[i], names[i]);
            return -1;
        }
    }
    return 0;
}

int scenario_load_seed(const char *path, uint64_t seed, struct scenario *ret,
                       char err[SCENARIO_ERROR_MAX])
{
    struct scenario *s = calloc(1, sizeof *s);

    (void)snprintf(err, SCENARIO_ERROR_MAX, "%s:1:1: no memory or a name too long", path);
    int status = s == NULL ? -1 : read_with_parents(path, 0, seed, s, err);
    if (status == 0)
        status = check_complete(path, s, err);
    if (status == 0)
        status = check_names(path, s, err);
    if (status == 0)
        *ret = *s;
    free(s);
    return status;
}

int scenario_load(const char *path, struct scenario *ret, char err[SCENARIO_ERROR_MAX])
{
    return scenario_load_seed(path, 1, ret, err);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static int plan_fail(const char *path, const char *key, const char *name, const char *what,
                     char *err)
{
    (void)snprintf(err, SCENARIO_ERROR_MAX, "%s:1:1: %s: %s: %s", path, key, name, what);
    return -1;
}

/* The i-th of `count` processes of one line: pids count up, starts are staggered, data sizes spread
 * evenly. */
static struct boot_program program_one(const struct scenario_program *p, int64_t i,
                                       int64_t start_ns)
{
    struct boot_program one = p->boot;
    const int64_t spread = (int64_t)p->boot_to.data_kb - p->boot.data_kb;

    one.pid += one.pid == 0 ? 0 : (uint32_t)i;
    one.data_kb += p->count > 1 ? (uint32_t)(spread * i / (p->count - 1) / 4 * 4) : 0;
    one.start_ns = (uint64_t)(start_ns + i * p->stagger_ns);
    one.restart = p->restart_ns < 0 ? 0 : 1 + (uint32_t)(p->restart_ns / (int64_t)NS_PER_MIN);
    return one;
}

static int plan_programs(const char *path, const struct scenario *s, struct boot_params *b,
                         char *err)
{
    for (int64_t n = 0; n < s->program_count; n++) {
        const struct scenario_program *p = &s->program[n];
        const int64_t start_ns = schema_instant_ns(&p->start, s->boot_local_s);
        if (start_ns < 0)
            return plan_fail(path, "programs", p->boot.name, "starts before the host boots", err);
        if (start_ns > (int64_t)NS_PER_YEAR)
            return plan_fail(path, "programs", p->boot.name,
                             "starts more than a year after the boot", err);
        if ((p->boot.policy != 0) != (p->boot.rt_prio != 0))
            return plan_fail(path, "programs", p->boot.name,
                             "policy fifo or rr and 'rt-prio' belong together", err);
        if (p->count > (int64_t)(BOOT_PROGRAMS_MAX - b->program_count))
            return plan_fail(path, "programs", p->boot.name, "more than 512 processes in all", err);
        for (int64_t i = 0; i < p->count; i++)
            b->program[b->program_count++] = program_one(p, i, start_ns);
    }
    for (uint32_t i = 0; i < b->program_count; i++) {
        for (uint32_t j = 0; j < i && b->program[i].pid != 0; j++) {
            if (b->program[j].pid == b->program[i].pid)
                return plan_fail(path, "programs", b->program[i].name,
                                 "its pid is another program's", err);
        }
    }
    return 0;
}

/* Who is there besides the programs of the scenario: the daemon of the heartbeat, the kernel's
 * threads, what crond starts, and the first process. */
static const char *const always_there[] = { "vmnixhbd",     "init",    "kswapd", "bdflush",
                                            "kupdated",     "kinoded", "kscand", "kjournald",
                                            "slocate.cron", NULL };
#define TARGETS_MAX (SCENARIO_SPECS_MAX + BOOT_FAULTS_MAX + 16u)

/* The names that a fault of this plan may have for a target, ended by NULL. */
static void targets(const struct scenario *s, const struct boot_params *b, const char **ret)
{
    size_t count = 0;

    for (size_t i = 0; always_there[i] != NULL; i++)
        ret[count++] = always_there[i];
    for (int64_t i = 0; i < s->program_count; i++) {
        if (s->program[i].count > 0)
            ret[count++] = s->program[i].boot.name;
    }
    for (uint32_t i = 0; i < b->fault_count; i++) {
        if (b->fault[i].name[0] != '\0')
            ret[count++] = b->fault[i].name;
    }
    ret[count] = NULL;
}

static int plan_faults(const char *path, const struct scenario *s, uint64_t seed,
                       struct boot_params *b, char *err)
{
    const char *there[TARGETS_MAX];
    char why[SCHEMA_WHY_MAX];

    const int count =
        faultspec_resolve(&s->faults, seed, s->boot_local_s, b->fault, why, sizeof why);
    if (count < 0) {
        (void)snprintf(err, SCENARIO_ERROR_MAX, "%s:1:1: faults: %s", path, why);
        return -1;
    }
    b->fault_count = (uint32_t)count;
    targets(s, b, there);
    for (int i = 0; i < count; i++) {
        const char *target = b->fault[i].target;
        if (*target == '\0' || schema_listed(target, there))
            continue;
        const char *nearest = schema_nearest(target, there);
        (void)snprintf(err, SCENARIO_ERROR_MAX, "%s:1:1: faults: %s: no program of that name%s%s%s",
                       path, target, nearest != NULL ? "; did you mean '" : "",
                       nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
        return -1;
    }
    return 0;
}

/* What follows from what the host's keys say. */
static void plan_host(const struct scenario *s, struct plan *p)
{
    struct boot_params *b = &p->boot;

    p->ram_mb = (uint32_t)(s->ram_kb / 1024);
    p->reserved_kb = s->mem_total_kb == 0 ? 0 : (uint32_t)(s->ram_kb - s->mem_total_kb);
    p->epoch_boot_s = s->boot_local_s - p->utc_offset_s;
    memcpy(b->host, p->host, sizeof b->host);
    b->epoch_boot_s = p->epoch_boot_s;
    b->utc_offset_s = p->utc_offset_s;
    b->swap_pages = p->swap_kb / 4;
    b->reserved_kb = p->reserved_kb;
    b->vms = p->vms;
    b->hbd_pid = 20; /* [KB308590/Screen] */
}

/* The plan of a scenario in which nothing is open but its faults. */
static int plan_settled(const char *path, const struct scenario *s, uint64_t seed, struct plan *p,
                        char *err)
{
    if (s->mem_total_kb > s->ram_kb)
        return plan_fail(path, "host", "mem-total", "more than ram", err);
    if (s->ram_kb % 1024 != 0)
        return plan_fail(path, "host", "ram", "not a whole number of MB", err);
    *p = s->plan;
    p->seed = seed;
    plan_host(s, p);
    if (plan_programs(path, s, &p->boot, err) != 0)
        return -1;
    return plan_faults(path, s, seed, &p->boot, err);
}

int scenario_plan(const char *path, const struct scenario *s, uint64_t seed, struct plan *ret,
                  char err[SCENARIO_ERROR_MAX])
{
    struct scenario *settled = malloc(sizeof *settled);
    struct plan *p = malloc(sizeof *p);
    int status = -1;

    if (settled == NULL || p == NULL) {
        (void)snprintf(err, SCENARIO_ERROR_MAX, "%s: no memory", path);
    } else {
        *settled = *s;
        scenario_settle(settled, seed);
        status = plan_settled(path, settled, seed, p, err);
    }
    if (status == 0)
        *ret = *p;
    free(settled);
    free(p);
    return status;
}
