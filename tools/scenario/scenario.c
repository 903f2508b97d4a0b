/* scenario.c - see scenario.h. The tables come first: they are the language of scenario files. */
#include "tools/scenario/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/cause.h"
#include "shared/machine.h"
#include "shared/rng.h"
#include "tools/scenario/faultexpr.h"

#define DAY_NS (QUANTITY_S_PER_DAY * QUANTITY_NS_PER_S)
#define PID_MAX 32767 /* the kernel's */

/* ---- the language ---------------------------------------------------------------------------- */

/* What `diagnose` finds, and "none" for hosts that are well. */
static const char *const causes[] = { "none", CAUSE_LIST(CAUSE_NAME) NULL };
static const char *const outcomes[] = { "survived",  "lost-heartbeat", "cos-oops",
                                        "cos-panic", "vmkernel-psod",  NULL };
static const char *const profiles[] = { "esx-3.5", NULL };
/* The functions of cos/programs/ that may run a program. */
static const char *const behaviours[] = { "daemon",    "vmx",      "vmap",  "vpxa",
                                          "hostd",     "syslogd",  "klogd", "crond",
                                          "cimserver", "vmnixhbd", NULL };

static const struct schema_name policies[] = {
    { "normal", 0 }, { "fifo", 1 }, { "rr", 2 }, { NULL, 0 }
};

/* One line per key: its name, the member that it fills, and what may stand there. */
/* clang-format off */
#define PLACE(t, m) .offset = offsetof(struct t, m), .size = sizeof(((struct t *)0)->m)
#define TEXT(key, t, m) { .name = key, .kind = SCHEMA_TEXT, PLACE(t, m) }
#define NAME(key, t, m) { .name = key, .kind = SCHEMA_TEXT, PLACE(t, m), .identity = true }
#define CHOICE(key, t, m, list) { .name = key, .kind = SCHEMA_CHOICE, PLACE(t, m), .choices = list }
#define FLAG(key, t, m) { .name = key, .kind = SCHEMA_FLAG, PLACE(t, m) }
#define INTEGER(key, t, m, from, to) \
    { .name = key, .kind = SCHEMA_INTEGER, PLACE(t, m), .least = from, .most = to }
#define QUANTITY(key, t, m, from, to, in) \
    { .name = key, .kind = SCHEMA_QUANTITY, PLACE(t, m), .least = from, .most = to, .units = in }
#define SIZE(key, t, m) QUANTITY(key, t, m, 0, KB_MOST, quantity_kb)
#define SPREAD(key, t, m) \
    { .name = key, .kind = SCHEMA_QUANTITY, .spread = SCHEMA_ONE_OR_TWO, PLACE(t, m), \
      .most = KB_MOST, .units = quantity_kb }
#define DURATION(key, t, m, from, to) \
    { .name = key, .kind = SCHEMA_DURATION, PLACE(t, m), .least = from, .most = to }
#define INSTANT(key, t, m) { .name = key, .kind = SCHEMA_INSTANT, PLACE(t, m) }
#define MAP(key, place, sub) { .name = key, .kind = SCHEMA_MAP, .offset = place, .table = sub }
#define LIST(key, place, items) { .name = key, .kind = SCHEMA_LIST, .offset = place, .list = items }
#define END { .name = NULL }
/* clang-format on */

#define KB_MOST 2097152 /* 2 GB: more than RAM and swap of any COS */
#define RAM_KB_LEAST (MACHINE_RAM_MB_MIN * 1024)
#define RAM_KB_MOST (MACHINE_RAM_MB_MAX * 1024)
#define SECOND_NS QUANTITY_NS_PER_S
#define MINUTE_NS (60 * SECOND_NS)
#define HOUR_NS (3600 * SECOND_NS)
#define YEAR_NS (366 * DAY_NS)

static const struct schema_key datastore_keys[] = {
    TEXT("uuid", scenario_host, datastore.uuid),
    QUANTITY("speed", scenario_host, datastore.kb_per_s, 1024, 1048576, quantity_kb_per_s),
    END,
};
static const struct schema_key nightly_keys[] = {
    DURATION("length", scenario_host, nightly.length_ns, 0, DAY_NS),
    INTEGER("files", scenario_host, nightly.files, 0, 1000000),
    QUANTITY("memory", scenario_host, nightly.memory_kb, 0, RAM_KB_MOST, quantity_kb),
    END,
};
static const struct schema_key sysrq_keys[] = {
    DURATION("m", scenario_host, sysrq_ns[BOOT_SYSRQ_M], 0, YEAR_NS),
    DURATION("t", scenario_host, sysrq_ns[BOOT_SYSRQ_T], 0, YEAR_NS),
    DURATION("p", scenario_host, sysrq_ns[BOOT_SYSRQ_P], 0, YEAR_NS),
    END,
};
/* The offsets of the tables above count from the host, so they are read over it (offset 0). */
static const struct schema_key host_keys[] = {
    TEXT("name", scenario_host, name),
    CHOICE("profile", scenario_host, profile, profiles),
    TEXT("build", scenario_host, build),
    TEXT("kernel", scenario_host, release),
    QUANTITY("ram", scenario_host, ram_kb, RAM_KB_LEAST, RAM_KB_MOST, quantity_kb),
    QUANTITY("mem-total", scenario_host, mem_total_kb, 0, RAM_KB_MOST, quantity_kb),
    SIZE("swap", scenario_host, swap_kb),
    INTEGER("pcpus", scenario_host, pcpus, 1, 64),
    QUANTITY("cpu", scenario_host, cpu_khz, 500000, 10000000, quantity_khz),
    INTEGER("vms", scenario_host, vms, 0, 256),
    { .name = "boot", .kind = SCHEMA_DATE, PLACE(scenario_host, boot_local_s) },
    { .name = "utc-offset", .kind = SCHEMA_OFFSET, PLACE(scenario_host, utc_offset_s) },
    DURATION("cos-start", scenario_host, cos_start_ns, 0, HOUR_NS),
    DURATION("heartbeat-interval", scenario_host, heartbeat_ns, SECOND_NS, HOUR_NS),
    MAP("datastore", 0, datastore_keys),
    MAP("nightly", 0, nightly_keys),
    DURATION("top", scenario_host, top_ns, 60 * SECOND_NS, DAY_NS),
    MAP("sysrq", 0, sysrq_keys),
    END,
};
static const struct schema_key program_keys[] = {
    NAME("name", scenario_program, name),
    CHOICE("behaviour", scenario_program, behaviour, behaviours),
    INTEGER("pid", scenario_program, pid, 0, PID_MAX),
    INTEGER("count", scenario_program, count, 0, BOOT_PROGRAMS_MAX),
    INTEGER("nice", scenario_program, nice, -20, 19),
    SIZE("text", scenario_program, text_kb),
    SIZE("libs", scenario_program, libs_kb),
    SPREAD("data", scenario_program, data_kb),
    SIZE("stack", scenario_program, stack_kb),
    INTEGER("touch", scenario_program, touch, 0, KB_MOST / 4),
    INTEGER("content-every", scenario_program, content_every, 0, KB_MOST / 4),
    FLAG("root", scenario_program, root),
    FLAG("rawio", scenario_program, rawio),
    FLAG("catches-sigterm", scenario_program, catches_sigterm),
    FLAG("mlock", scenario_program, mlock),
    { .name = "policy", .kind = SCHEMA_NAMED, PLACE(scenario_program, policy), .names = policies },
    INTEGER("rt-prio", scenario_program, rt_prio, 0, 99),
    DURATION("period", scenario_program, period_ns, 0, YEAR_NS),
    DURATION("cpu", scenario_program, cpu_ns, 0, DAY_NS),
    INSTANT("start", scenario_program, start),
    DURATION("stagger", scenario_program, stagger_ns, 0, DAY_NS),
    DURATION("daily-restart", scenario_program, restart_ns, 0, DAY_NS - MINUTE_NS),
    END,
};
static const char *const dump_states[] = { "present", "absent", "cut", NULL };
static const struct schema_list contains_list = {
    .item_size = EXPECT_TEXT_MAX,
    .item_max = EXPECT_TEXTS_MAX,
    .count_offset = offsetof(struct expect_text, contains_count),
    .read_text = expect_read_text,
};
static const struct schema_list lacks_list = {
    .item_size = EXPECT_TEXT_MAX,
    .item_max = EXPECT_TEXTS_MAX,
    .count_offset = offsetof(struct expect_text, lacks_count),
    .read_text = expect_read_text,
};
static const struct schema_key expect_text_keys[] = {
    LIST("contains", offsetof(struct expect_text, contains), &contains_list),
    LIST("lacks", offsetof(struct expect_text, lacks), &lacks_list),
    END,
};
static const struct schema_key expect_keys[] = {
    CHOICE("outcome", expect, outcome, outcomes),
    { .name = "uptime",
      .kind = SCHEMA_DURATION,
      .spread = SCHEMA_TWO,
      PLACE(expect, uptime_ns),
      .least = 0,
      .most = YEAR_NS },
    MAP("psod", offsetof(struct expect, psod), expect_text_keys),
    MAP("messages", offsetof(struct expect, messages), expect_text_keys),
    MAP("vmkernel-log", offsetof(struct expect, vmkernel_log), expect_text_keys),
    MAP("vmkwarning", offsetof(struct expect, vmkwarning), expect_text_keys),
    MAP("vmksummary", offsetof(struct expect, vmksummary), expect_text_keys),
    { .name = "vmksummary-lines",
      .kind = SCHEMA_INTEGER,
      .spread = SCHEMA_TWO,
      PLACE(expect, vmksummary_lines),
      .least = 0,
      .most = 1000000 },
    CHOICE("cos-core", expect, cos_core, dump_states),
    CHOICE("zdump", expect, zdump, dump_states),
    TEXT("alert-comm", expect, alert_comm),
    END,
};
/* What a program is that says nothing of itself: an ordinary root daemon that sleeps for ever. */
static const struct scenario_program fresh_program = {
    .behaviour = "daemon", .count = 1, .stack_kb = 12, .root = 1, .rawio = 1, .restart_ns = -1
};
static const struct schema_list program_list = {
    .table = program_keys,
    .fresh = &fresh_program,
    .item_size = sizeof fresh_program,
    .item_max = SCENARIO_SPECS_MAX,
    .count_offset = offsetof(struct scenario, program_count),
};
static const struct schema_list fault_list = {
    .fresh = &faultspec_fresh,
    .item_size = sizeof faultspec_fresh,
    .item_max = BOOT_FAULTS_MAX,
    .count_offset = offsetof(struct scenario, fault_count),
    .sort_key = "type",
    .table_of = faultspec_table,
    .sorts = faultspec_types,
    .sort_help = faultspec_help_of,
    .check = faultspec_check,
    .read_text = faultexpr_read,
};
/* An option is {file: F, weight: N}, or F alone. */
static int check_option(const void *option, char *why, size_t why_size)
{
    if (((const struct scenario_option *)option)->file[0] != '\0')
        return 0;
    (void)snprintf(why, why_size, "'file' is missing");
    return -1;
}

static int read_option(const char *text, void *items, int64_t *count, size_t *ret_at, char *why,
                       size_t why_size)
{
    struct scenario_option option = { .weight = 1 };

    *ret_at = 0;
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
    INTEGER("weight", scenario_option, weight, 1, 1000),
    END,
};
static const struct schema_list option_list = {
    .table = option_keys,
    .fresh = &fresh_option,
    .item_size = sizeof fresh_option,
    .item_max = SCENARIO_OPTIONS_MAX,
    .count_offset = offsetof(struct scenario_draw, count),
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
    .count_offset = offsetof(struct scenario, draw_count),
    .inner = &draw_inner,
};
static const struct schema_key keys[] = {
    TEXT("name", scenario, name),
    TEXT("title", scenario, title),
    CHOICE("cause", scenario, cause, causes),
    TEXT("teaches", scenario, teaches),
    TEXT("source", scenario, source),
    TEXT("inherits", scenario, inherits),
    LIST("draw", offsetof(struct scenario, draw), &draw_list),
    MAP("host", offsetof(struct scenario, host), host_keys),
    LIST("programs", offsetof(struct scenario, program), &program_list),
    LIST("faults", offsetof(struct scenario, fault), &fault_list),
    DURATION("duration", scenario, duration_ns, SECOND_NS, YEAR_NS),
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
        { s->name[0] != '\0', "name" },
        { s->title[0] != '\0', "title" },
        { s->cause[0] != '\0', "cause" },
        { s->teaches[0] != '\0', "teaches" },
        { s->source[0] != '\0', "source" },
        { s->host.name[0] != '\0', "host.name" },
        { s->host.profile[0] != '\0', "host.profile" },
        { s->host.build[0] != '\0', "host.build" },
        { s->host.release[0] != '\0', "host.kernel" },
        { s->host.ram_kb != 0, "host.ram" },
        { s->host.pcpus != 0, "host.pcpus" },
        { s->host.cpu_khz != 0, "host.cpu" },
        { s->host.boot_local_s != 0, "host.boot" },
        { s->host.heartbeat_ns != 0, "host.heartbeat-interval" },
        { s->host.datastore.uuid[0] != '\0', "host.datastore.uuid" },
        { s->host.datastore.kb_per_s != 0, "host.datastore.speed" },
        { s->program_count != 0, "programs" },
        { s->duration_ns != 0, "duration" },
        { s->expect.outcome[0] != '\0', "expect.outcome" },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (!wanted[i].there)
            return missing(path, wanted[i].key, err);
    }
    for (int64_t i = 0; i < s->program_count; i++) {
        if (s->program[i].name[0] == '\0')
            return missing(path, "programs.name", err);
    }
    return 0;
}

/* A name goes into file names, logs and host directories. */
static int check_names(const char *path, const struct scenario *s, char *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    const char *const names[] = { s->name, s->host.name, s->host.datastore.uuid };
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

/* ns since boot of an instant; negative when it lies before the boot, and never more than ten years
 * away. */
static int64_t instant_ns(const struct scenario *s, const struct schema_instant *i)
{
    const int64_t far_s = 10 * (YEAR_NS / SECOND_NS);
    int64_t since_boot_s = i->value - s->host.boot_local_s;

    if (i->local == 0)
        return i->value;
    if (since_boot_s > far_s)
        since_boot_s = far_s;
    return (since_boot_s < -far_s ? -far_s : since_boot_s) * SECOND_NS;
}

static int plan_fail(const char *path, const char *key, const char *name, const char *what,
                     char *err)
{
    (void)snprintf(err, SCENARIO_ERROR_MAX, "%s:1:1: %s: %s: %s", path, key, name, what);
    return -1;
}

static uint32_t program_flags(const struct scenario_program *p)
{
    return (p->root != 0 ? BOOT_PROG_ROOT : 0) | (p->rawio != 0 ? BOOT_PROG_RAWIO : 0) |
           (p->catches_sigterm != 0 ? BOOT_PROG_SIGTERM : 0) |
           (p->mlock != 0 ? BOOT_PROG_MLOCK : 0);
}

/* The i-th of `count` processes of one line: pids count up, starts are staggered, data sizes spread
 * evenly. */
static void program_one(const struct scenario_program *p, int64_t i, int64_t start_ns,
                        struct boot_program *to)
{
    const int64_t spread = p->data_kb[1] - p->data_kb[0];

    memcpy(to->name, p->name, sizeof to->name);
    memcpy(to->behaviour, p->behaviour, sizeof to->behaviour);
    to->pid = p->pid == 0 ? 0 : (uint32_t)(p->pid + i);
    to->flags = program_flags(p);
    to->nice = (int32_t)p->nice;
    to->policy = (uint32_t)p->policy;
    to->rt_prio = (uint32_t)p->rt_prio;
    to->text_kb = (uint32_t)p->text_kb;
    to->lib_kb = (uint32_t)p->libs_kb;
    to->data_kb =
        (uint32_t)(p->data_kb[0] + (p->count > 1 ? spread * i / (p->count - 1) / 4 * 4 : 0));
    to->stack_kb = (uint32_t)p->stack_kb;
    to->touch_pages = (uint32_t)p->touch;
    to->content_every = (uint32_t)p->content_every;
    to->start_ns = (uint64_t)(start_ns + i * p->stagger_ns);
    to->period_ns = (uint64_t)p->period_ns;
    to->cpu_ns = (uint64_t)p->cpu_ns;
    to->restart = p->restart_ns < 0 ? 0 : 1 + (uint32_t)(p->restart_ns / MINUTE_NS);
}

static int plan_programs(const char *path, const struct scenario *s, struct boot_params *b,
                         char *err)
{
    for (int64_t n = 0; n < s->program_count; n++) {
        const struct scenario_program *p = &s->program[n];
        const int64_t start_ns = instant_ns(s, &p->start);
        if (start_ns < 0)
            return plan_fail(path, "programs", p->name, "starts before the host boots", err);
        if (start_ns > YEAR_NS)
            return plan_fail(path, "programs", p->name, "starts more than a year after the boot",
                             err);
        if ((p->policy != 0) != (p->rt_prio != 0))
            return plan_fail(path, "programs", p->name,
                             "policy fifo or rr and 'rt-prio' belong together", err);
        if (p->count > (int64_t)(BOOT_PROGRAMS_MAX - b->program_count))
            return plan_fail(path, "programs", p->name, "more than 512 processes in all", err);
        for (int64_t i = 0; i < p->count; i++)
            program_one(p, i, start_ns, &b->program[b->program_count++]);
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
            ret[count++] = s->program[i].name;
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

    const int count = faultspec_resolve(s->fault, (size_t)s->fault_count, seed,
                                        s->host.boot_local_s, b->fault, why, sizeof why);
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

/* What the COS gets of the host. */
static void plan_boot(const struct plan *p, const struct scenario_host *h, struct boot_params *b)
{
    memcpy(b->host, h->name, sizeof b->host);
    memcpy(b->build, h->build, sizeof b->build);
    memcpy(b->release, h->release, sizeof b->release);
    b->epoch_boot_s = p->epoch_boot_s;
    b->utc_offset_s = p->utc_offset_s;
    b->swap_pages = p->swap_kb / 4;
    b->reserved_kb = p->reserved_kb;
    b->vms = p->vms;
    b->cos_start_ns = (uint64_t)h->cos_start_ns;
    b->hbd_interval_ns = (uint64_t)h->heartbeat_ns;
    b->hbd_pid = 20; /* [KB308590/Screen] */
    b->cron_daily_ns = (uint64_t)h->nightly.length_ns;
    b->cron_daily_files = (uint32_t)h->nightly.files;
    b->cron_daily_kb = (uint32_t)h->nightly.memory_kb;
    b->top_ns = (uint64_t)h->top_ns;
    for (uint32_t key = 0; key < BOOT_SYSRQ_KEYS; key++)
        b->sysrq_ns[key] = (uint64_t)h->sysrq_ns[key];
}

static void plan_host(const struct scenario *s, struct plan *p)
{
    const struct scenario_host *h = &s->host;

    memcpy(p->scenario, s->name, sizeof p->scenario);
    memcpy(p->cause, s->cause, sizeof p->cause);
    memcpy(p->profile, h->profile, sizeof p->profile);
    memcpy(p->host, h->name, sizeof p->host);
    memcpy(p->datastore_uuid, h->datastore.uuid, sizeof p->datastore_uuid);
    p->datastore_kb_per_s = (uint32_t)h->datastore.kb_per_s;
    p->ram_mb = (uint32_t)(h->ram_kb / 1024);
    p->reserved_kb = h->mem_total_kb == 0 ? 0 : (uint32_t)(h->ram_kb - h->mem_total_kb);
    p->swap_kb = (uint32_t)h->swap_kb;
    p->pcpus = (uint32_t)h->pcpus;
    p->cpu_khz = (uint32_t)h->cpu_khz;
    p->vms = (uint32_t)h->vms;
    p->utc_offset_s = (int32_t)h->utc_offset_s;
    p->epoch_boot_s = h->boot_local_s - h->utc_offset_s;
    p->duration_ns = (uint64_t)s->duration_ns;
}

int scenario_plan(const char *path, const struct scenario *s, uint64_t seed, struct plan *ret,
                  char err[SCENARIO_ERROR_MAX])
{
    struct plan *p = calloc(1, sizeof *p);
    int status = -1;

    if (p == NULL) {
        (void)snprintf(err, SCENARIO_ERROR_MAX, "%s: no memory", path);
    } else if (s->host.mem_total_kb > s->host.ram_kb) {
        (void)plan_fail(path, "host", "mem-total", "more than ram", err);
    } else if (s->host.ram_kb % 1024 != 0) {
        (void)plan_fail(path, "host", "ram", "not a whole number of MB", err);
    } else {
        plan_host(s, p);
        p->seed = seed;
        plan_boot(p, &s->host, &p->boot);
        status = plan_programs(path, s, &p->boot, err);
        if (status == 0)
            status = plan_faults(path, s, seed, &p->boot, err);
    }
    if (status == 0)
        *ret = *p;
    free(p);
    return status;
}
