/* test_scenario.c - scenario files: what they become, and that a mistake is told with its place and
 * the nearest valid name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/units.h"
#include "tools/scenario/scenario.h"

/* The smallest whole scenario; line numbers below count in it. */
static const char whole[] =
    "name: tiny\n"                                                                    /* 1 */
    "title: t\n"                                                                      /* 2 */
    "cause: memory-leak\n"                                                            /* 3 */
    "teaches: t\n"                                                                    /* 4 */
    "source: s\n"                                                                     /* 5 */
    "host:\n"                                                                         /* 6 */
    "  name: h\n"                                                                     /* 7 */
    "  profile: esx-3.5\n"                                                            /* 8 */
    "  build: '1'\n"                                                                  /* 9 */
    "  kernel: k\n"                                                                   /* 10 */
    "  ram: 32MB\n"                                                                   /* 11 */
    "  swap: 64MB\n"                                                                  /* 12 */
    "  pcpus: 1\n"                                                                    /* 13 */
    "  cpu: 2GHz\n"                                                                   /* 14 */
    "  boot: 2009-10-01 14:54\n"                                                      /* 15 */
    "  utc-offset: '-05:00'\n"                                                        /* 16 */
    "  heartbeat-interval: 60s\n"                                                     /* 17 */
    "  datastore: {uuid: u, speed: 1MB/s}\n"                                          /* 18 */
    "programs:\n"                                                                     /* 19 */
    "  - {name: p, count: 3, data: [8kB, 16kB], start: 10s, stagger: 5s, pid: 100}\n" /* 20 */
    "faults:\n"                                                                       /* 21 */
    "  - {type: leak, target: p, at: 2009-10-02 14:54, rate: 1MB/h}\n"                /* 22 */
    "duration: 1d\n"                                                                  /* 23 */
    "expect:\n"                                                                       /* 24 */
    "  outcome: lost-heartbeat\n"                                                     /* 25 */
    "  uptime: ['0:13:00', 15h]\n";                                                   /* 26 */

struct fixture {
    char dir[64], path[128], base[128], other[128], err[SCENARIO_ERROR_MAX];
    struct scenario s;
    struct plan plan;
};

static int setup(void **state)
{
    static struct fixture f; /* static: cmocka longjmps out of failing tests */
    memset(&f, 0, sizeof f);
    (void)snprintf(f.dir, sizeof f.dir, "/tmp/test_scenario.XXXXXX");
    if (mkdtemp(f.dir) == NULL)
        return -1;
    (void)snprintf(f.path, sizeof f.path, "%s/s.yaml", f.dir);
    (void)snprintf(f.base, sizeof f.base, "%s/base.yaml", f.dir);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)unlink(f->path);
    (void)unlink(f->base);
    if (f->other[0] != '\0')
        (void)unlink(f->other);
    return rmdir(f->dir);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The whole scenario with `from` replaced by `to`. */
static void write_changed(struct fixture *f, const char *from, const char *to)
{
    char text[4096];
    const char *at = strstr(whole, from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from));
    write_file(f->path, text);
}

/* The same in what was written last. */
static void write_changed_again(struct fixture *f, const char *from, const char *to)
{
    char before[4096] = "", text[4096];
    FILE *file = fopen(f->path, "r");
    assert_non_null(file);
    assert_true(fread(before, 1, sizeof before - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    const char *at = strstr(before, from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - before), before, to,
                   at + strlen(from));
    write_file(f->path, text);
}

static void test_scenario_becomes_a_plan(void **state)
{
    struct fixture *f = *state;
    write_file(f->path, whole);
    assert_int_equal(scenario_load(f->path, &f->s, f->err), 0);
    assert_int_equal(scenario_plan(f->path, &f->s, 9, &f->plan, f->err), 0);

    const struct plan *p = &f->plan;
    assert_string_equal(p->scenario, "tiny");
    assert_int_equal(p->seed, 9);
    assert_int_equal(p->ram_mb, 32);
    assert_int_equal(p->swap_kb, 65536);
    assert_int_equal(p->boot.swap_pages, 16384);
    assert_int_equal(p->cpu_khz, 2000000);
    assert_int_equal(p->epoch_boot_s, 1254408840 + 18000);
    assert_int_equal(p->boot.program_count, 3);
    assert_string_equal(p->boot.program[0].behaviour, "daemon");
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(p->boot.program[i].pid, 100 + i);
        assert_int_equal(p->boot.program[i].data_kb, 8 + 4 * i);
        assert_int_equal(p->boot.program[i].start_ns,
                         UINT64_C(10000000000) + UINT64_C(5000000000) * i);
        assert_int_equal(p->boot.program[i].flags, BOOT_PROG_ROOT | BOOT_PROG_RAWIO);
    }
    assert_int_equal(p->boot.fault_count, 1);
    assert_int_equal(p->boot.fault[0].at_ns, UINT64_C(86400000000000));
    assert_int_equal(p->boot.fault[0].rate_kb_h, 1024);
    assert_int_equal(f->s.expect.uptime_ns[0], 13 * NS_PER_HOUR);
    assert_int_equal(f->s.expect.uptime_ns[1], 15 * NS_PER_HOUR);
}

static void test_scenario_mistakes_are_told_with_their_place(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } table[] = {
        { "  swap:", "  swop:", "s.yaml:12:3: swop: unknown key; did you mean 'swap'?" },
        { "duration:", "zzz:", "s.yaml:23:1: zzz: unknown key; allowed: name, title," },
        { "32MB", "32mb", "s.yaml:11:8: ram: '32mb' is not a number with a unit (kB, MB, GB)" },
        { "32MB", "16MB", "s.yaml:11:8: ram: '16MB' is out of range (32MB to 800MB)" },
        { "32MB", "[1, 2]", "s.yaml:11:8: ram: a single value is wanted here" },
        { "cause: memory-leak", "cause: memory-leek",
          "s.yaml:3:8: cause: unknown value 'memory-leek'; did you mean 'memory-leak'?" },
        { "type: leak", "type: lake", "22:12: type: unknown value 'lake'; did you mean 'leak'?" },
        { "type: leak, ", "", "s.yaml:22:5: type: missing" },
        { "type: leak", "type: kill", "22:51: rate: 'kill' has no such key; " },
        { "rate: 1MB/h", "raet: 1MB/h", "raet: 'leak' has no such key; did you mean 'rate'?" },
        { "rate: 1MB/h", "shared: true", "22:5: faults: leak: 'rate' is missing" },
        { "rate: 1MB/h", "rate: [2MB/h, 1MB/h]", "rate: [from, to] with from > to" },
        { "rate: 1MB/h", "rate: 1MB/h, times: 3", "leak: how often, but not 'every' what" },
        { "rate: 1MB/h", "rate: 1MB/h, unless: ram>90%", "unless: 'ram>90%' is none of ram>=N%" },
        { "type: leak, target: p", "type: cpu-hog, name: x, policy: fifo",
          "rate: 'cpu-hog' has no such key" },
        { "type: leak, target: p, at: 2009-10-02 14:54, rate: 1MB/h", "type: spike, size: 4kB",
          "spike: 'target' or 'name' is missing" },
        { "type: leak, target: p, at: 2009-10-02 14:54, rate: 1MB/h",
          "type: cpu-hog, name: x, policy: fifo", "cpu-hog: policy fifo or rr and 'rt-prio'" },
        { "count: 3", "policy: rr", "programs: p: policy fifo or rr and 'rt-prio'" },
        { "count: 3", "count: three", "s.yaml:20:22: count: 'three' is not a whole number" },
        { "count: 3", "root: yes", "root: 'yes' is neither true nor false" },
        { "pid: 100", "pid: 40000", "pid: '40000' is out of range (0 to 32767)" },
        { "[8kB, 16kB]", "[16kB, 8kB]", "data: [from, to] with from > to" },
        { "start: 10s", "start: soon", "start: 'soon' is neither a time since boot" },
        { "at: 2009-10-02 14:54", "at: 2009-09-30 14:54",
          "faults: leak: 'at' lies before the host boots" },
        { "target: p", "target: q", "faults: q: no program of that name" },
        { "heartbeat-interval: 60s", "heartbeat-interval: 60",
          "heartbeat-interval: '60' is not a duration" },
        { "'-05:00'", "EST", "utc-offset: 'EST' is not an offset" },
        { "  boot: 2009-10-01 14:54\n", "", "host.boot: missing" },
        { "  name: h\n", "  name: h\n  name: i\n", "s.yaml:8:3: name: stands twice" },
        { "  name: h\n", "  name: a/b\n", "host.name: 'a/b' has other characters" },
        { "programs:\n", "programs: 7\nx:\n", "s.yaml:20:1: x: unknown key" },
        { "name: tiny", "name: [", "s.yaml:" },
        { "expect:\n", "expect: 3\nteaches2:\n", "teaches2: unknown key; did you mean 'teaches'?" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        write_changed(f, table[i].from, table[i].to);
        if (scenario_load(f->path, &f->s, f->err) == 0)
            assert_int_equal(scenario_plan(f->path, &f->s, 1, &f->plan, f->err), -1);
        if (strstr(f->err, table[i].says) == NULL)
            fail_msg("\"%s\" should say \"%s\"", f->err, table[i].says);
        assert_null(strchr(f->err, '\n'));
    }
}

static void test_scenario_inherits_and_changes_only_what_it_names(void **state)
{
    struct fixture *f = *state;
    write_file(f->base, whole);
    write_file(f->path, "inherits: base.yaml\nname: child\nhost: {swap: 8MB}\n"
                        "programs:\n  - {name: p, data: 4kB}\n  - {name: q}\n  - {name: q}\n"
                        "faults:\n  - {type: leak, target: p, rate: 7kB/h}\n");
    assert_int_equal(scenario_load(f->path, &f->s, f->err), 0);
    assert_int_equal(scenario_plan(f->path, &f->s, 1, &f->plan, f->err), 0);

    const struct plan *p = &f->plan;
    assert_string_equal(p->scenario, "child");
    assert_int_equal(p->swap_kb, 8192);
    assert_int_equal(p->ram_mb, 32);
    assert_int_equal(p->boot.program_count, 5); /* 3 x p, and two new ones of one name */
    assert_int_equal(p->boot.program[2].data_kb, 4);
    assert_int_equal(p->boot.program[2].pid, 102);
    assert_int_equal(p->boot.fault_count, 1);
    assert_int_equal(p->boot.fault[0].rate_kb_h, 7);
    assert_int_equal(p->boot.fault[0].at_ns, UINT64_C(86400000000000));
}

static void test_scenario_faults_fill_the_record(void **state)
{
    struct fixture *f = *state;
    write_changed(
        f, "  - {type: leak, target: p, at: 2009-10-02 14:54, rate: 1MB/h}\n",
        "  - {type: pressure, level: 95.5%, within: 1h, hold: 1d, resource: swap, shape: step,\n"
        "     oom-first: true, at: 2h, every: 2d, times: 3, unless: swap>=40%}\n"
        "  - {type: fail-page-alloc, target: p, probability: 50, interval: 2, space: 7,\n"
        "     min-order: 1, verbose: true, ignore-gfp-wait: true, every: 1h, repeats: 4}\n"
        "  - {type: kill, target: vmnixhbd, signal: TERM, unless: 'running:p'}\n"
        "  - {type: cpu-hog, name: spin, policy: fifo, rt-prio: 50}\n");
    assert_int_equal(scenario_load(f->path, &f->s, f->err), 0);
    assert_int_equal(scenario_plan(f->path, &f->s, 1, &f->plan, f->err), 0);

    const struct fault *fault = f->plan.boot.fault;
    assert_int_equal(f->plan.boot.fault_count, 4);
    assert_int_equal(fault[0].type, FAULT_PRESSURE);
    assert_int_equal(fault[0].level_ppm, 955000);
    assert_int_equal(fault[0].within_ns, UINT64_C(3600000000000));
    assert_int_equal(fault[0].hold_ns, UINT64_C(86400000000000));
    assert_int_equal(fault[0].resource, FAULT_RESOURCE_SWAP);
    assert_int_equal(fault[0].shape, FAULT_SHAPE_STEP);
    assert_int_equal(fault[0].flags, FAULT_FLAG_OOM_FIRST);
    assert_int_equal(fault[0].times, 3);
    assert_int_equal(fault[0].unless, FAULT_UNLESS_SWAP_USED);
    assert_int_equal(fault[0].unless_pct, 40);
    assert_int_equal(fault[1].times, 4);
    assert_int_equal(fault[1].fail_times, -1);
    assert_int_equal(fault[1].interval, 2);
    assert_int_equal(fault[1].space, 7);
    assert_int_equal(fault[1].flags, FAULT_FLAG_VERBOSE | FAULT_FLAG_IGNORE_GFP_WAIT);
    assert_int_equal(fault[2].signal, 15);
    assert_int_equal(fault[2].unless, FAULT_UNLESS_RUNNING);
    assert_string_equal(fault[2].unless_name, "p");
    assert_int_equal(fault[3].count, 1);
    assert_int_equal(fault[3].policy, 1);
    assert_int_equal(fault[3].rt_prio, 50);
}

static void test_scenario_ranges_are_drawn_from_the_seed(void **state)
{
    struct fixture *f = *state;
    unsigned with_kill = 0, distinct = 0;
    uint64_t last_kb_h = 0;

    write_changed(f, "at: 2009-10-02 14:54, rate: 1MB/h}\n",
                  "at: [1h, 3h], rate: [1MB/h, 4MB/h]}\n"
                  "  - {type: kill, target: p, at: 5h, chance: 30%}\n");
    assert_int_equal(scenario_load(f->path, &f->s, f->err), 0);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        assert_int_equal(scenario_plan(f->path, &f->s, seed, &f->plan, f->err), 0);
        const struct fault *leak = &f->plan.boot.fault[0];
        assert_in_range(leak->at_ns, UINT64_C(3600000000000), UINT64_C(10800000000000));
        assert_int_equal(leak->at_ns % 1000000000, 0); /* whole seconds, as both ends are */
        assert_in_range(leak->rate_kb_h, 1024, 4096);
        distinct += leak->rate_kb_h != last_kb_h;
        last_kb_h = leak->rate_kb_h;
        with_kill += f->plan.boot.fault_count == 2;
    }
    assert_in_range(distinct, 190, 200);
    assert_in_range(with_kill, 40, 80); /* 60 of 200 +- 3 sigma */
}

/* The plan of a seed, of what was written last. */
static const struct plan *drawn(struct fixture *f, uint64_t seed)
{
    assert_int_equal(scenario_load_seed(f->path, seed, &f->s, f->err), 0);
    assert_int_equal(scenario_plan(f->path, &f->s, seed, &f->plan, f->err), 0);
    return &f->plan;
}

#define THREE "  - {name: p, count: 3, data: [8kB, 16kB], start: 10s, stagger: 5s, pid: 100}\n"
#define OPEN_PROGRAM \
    "  - {name: p, per-vm: true, data: [8kB, 16kB], text: [400kB, 800kB], period: [1m, 2m]}\n"

static void test_scenario_a_seed_is_a_host(void **state)
{
    struct fixture *f = *state;
    uint32_t vms = 0, text = 0, seconds = 0, period = 0;
    write_changed(f, "  boot: 2009-10-01 14:54\n",
                  "  boot: [2009-10-01 14:54:00, 2009-10-01 14:54:59]\n  vms: [2, 5]\n");
    write_changed_again(f, THREE, OPEN_PROGRAM);
    for (uint64_t seed = 1; seed <= 64; seed++) {
        const struct plan *p = drawn(f, seed);
        const struct boot_program *first = &p->boot.program[0];
        assert_in_range(p->vms, 2, 5);
        assert_int_equal(p->boot.vms, p->vms);
        assert_int_equal(p->boot.program_count, p->vms);
        assert_in_range(first->text_kb, 400, 800);
        assert_int_equal(first->text_kb % 4, 0);
        assert_in_range(first->period_ns / NS_PER_S, 60, 120);
        assert_int_equal(first->period_ns % NS_PER_S, 0);
        /* Still spread over all. */
        assert_int_equal(first->data_kb, 8);
        assert_int_equal(p->boot.program[p->vms - 1].data_kb, 16);
        /* A date of a fault is a date of this boot. */
        const uint64_t second = (uint64_t)(p->epoch_boot_s - (1254408840 + 18000));
        assert_in_range(second, 0, 59);
        assert_int_equal(p->boot.fault[0].at_ns, NS_PER_DAY - second * NS_PER_S);
        vms |= 1u << p->vms;
        text |= 1u << first->text_kb % 32;
        seconds |= 1u << second % 32;
        period |= 1u << (first->period_ns / NS_PER_S) % 32;
    }
    assert_int_equal(vms, 0x3c);
    assert_int_equal(text, 0x11111111);
    assert_true(__builtin_popcount(seconds) > 16 && __builtin_popcount(period) > 16);
}

static void test_scenario_another_program_changes_no_draw(void **state)
{
    struct fixture *f = *state;
    const char *const programs[] = { OPEN_PROGRAM,
                                     "  - {name: q, data: [4kB, 64kB]}\n" OPEN_PROGRAM };
    uint32_t text[2];
    for (int i = 0; i < 2; i++) {
        write_changed(f, "  swap: 64MB\n", "  swap: 64MB\n  vms: 1\n");
        write_changed_again(f, THREE, programs[i]);
        const struct plan *p = drawn(f, 4);
        text[i] = p->boot.program[p->boot.program_count - 1].text_kb;
    }
    assert_int_equal(text[0], text[1]);
}

static void test_scenario_vary_moves_sizes_and_times(void **state)
{
    struct fixture *f = *state;
    uint32_t moved = 0;
    write_changed(
        f, THREE,
        "  - {name: p, vary: 10%, text: 400kB, libs: 0kB, data: 40MB, period: 100s, cpu: 2ms,\n"
        "     touch: 8}\n");
    for (uint64_t seed = 1; seed <= 16; seed++) {
        const struct boot_program *p = &drawn(f, seed)->boot.program[0];
        assert_in_range(p->text_kb, 360, 440);
        assert_in_range(p->data_kb, 36864, 45056);
        assert_int_equal(p->data_kb % 4, 0);
        assert_in_range(p->period_ns / NS_PER_S, 90, 110);
        assert_in_range(p->cpu_ns, 1800000, 2200000);
        assert_int_equal(p->lib_kb, 0);
        assert_int_equal(p->touch_pages, 8);
        moved += p->text_kb != 400;
        moved += p->data_kb != 40960;
        moved += p->period_ns != 100 * NS_PER_S;
    }
    assert_true(moved > 32);
}

static void test_scenario_faults_may_be_lines(void **state)
{
    struct fixture *f = *state;
    write_changed(f, "{type: leak, target: p, at: 2009-10-02 14:54, rate: 1MB/h}",
                  "stop target=p at=2009-10-02T14:54 for=1h then kill target=vmnixhbd at=5m");
    assert_int_equal(scenario_load(f->path, &f->s, f->err), 0);
    assert_int_equal(scenario_plan(f->path, &f->s, 1, &f->plan, f->err), 0);
    assert_int_equal(f->plan.boot.fault_count, 2);
    assert_int_equal(f->plan.boot.fault[0].at_ns, UINT64_C(86400000000000));
    assert_int_equal(f->plan.boot.fault[1].at_ns, UINT64_C(90300000000000));

    write_changed(f, "{type: leak, target: p, at: 2009-10-02 14:54, rate: 1MB/h}",
                  "'stop target=p fro=1h'");
    assert_int_equal(scenario_load(f->path, &f->s, f->err), -1);
    assert_non_null(
        strstr(f->err, "s.yaml:22:20: fro: 'stop' has no such key; did you mean 'for'?"));
}

static void test_scenario_programs_have_real_time_and_locked_memory(void **state)
{
    struct fixture *f = *state;
    write_changed(f, "count: 3", "policy: rr, rt-prio: 7, mlock: true");
    assert_int_equal(scenario_load(f->path, &f->s, f->err), 0);
    assert_int_equal(scenario_plan(f->path, &f->s, 1, &f->plan, f->err), 0);
    assert_int_equal(f->plan.boot.program[0].policy, 2);
    assert_int_equal(f->plan.boot.program[0].rt_prio, 7);
    assert_true((f->plan.boot.program[0].flags & BOOT_PROG_MLOCK) != 0);
}

static void test_scenario_draws_one_of_each_group(void **state)
{
    struct fixture *f = *state;
    unsigned own = 0, light = 0;

    write_changed(f, "faults:\n", "draw: [[s.yaml.a, {file: base.yaml, weight: 3}]]\nfaults:\n");
    write_file(f->base, "cause: rpc-hang\nfaults: [kill target=p at=9h]\n");
    (void)snprintf(f->other, sizeof f->other, "%s/s.yaml.a", f->dir);
    write_file(f->other, "cause: none\nduration: 7d\n");
    for (uint64_t seed = 1; seed <= 400; seed++) {
        assert_int_equal(scenario_load_seed(f->path, seed, &f->s, f->err), 0);
        assert_int_equal(f->s.drawn_count, 1);
        if (strcmp(f->s.drawn[0], "s.yaml.a") == 0) {
            assert_string_equal(f->s.plan.cause, "none");
            assert_int_equal(f->s.faults.count, 1);
            light++;
        } else {
            assert_string_equal(f->s.plan.cause, "rpc-hang");
            assert_int_equal(f->s.faults.count, 2);
            own++;
        }
        assert_string_equal(f->s.plan.scenario, "tiny");
    }
    assert_in_range(light, 74, 126); /* a quarter of 400 +- 3 sigma */
    assert_int_equal(own + light, 400);
}

static void test_scenario_draws_are_checked(void **state)
{
    static const struct {
        const char *draw, *says;
    } table[] = {
        { "draw: [base.yaml]\n", "draw: a list is wanted here" },
        { "draw: [[{weight: 3}]]\n", "draw: 'file' is missing" },
        { "draw: [[{fiel: 3}]]\n", "fiel: unknown key; did you mean 'file'?" },
        { "draw: [[none.yaml]]\n", "none.yaml: No such file" },
        { "draw: [[s.yaml]]\n", "more than 4 files in a row" },
        { "draw: [[]]\nzzz: 1\n", "zzz: unknown key" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char changed[256];
        (void)snprintf(changed, sizeof changed, "%sduration: 1d\n", table[i].draw);
        write_changed(f, "duration: 1d\n", changed);
        assert_int_equal(scenario_load(f->path, &f->s, f->err), -1);
        if (strstr(f->err, table[i].says) == NULL)
            fail_msg("\"%s\" should say \"%s\"", f->err, table[i].says);
    }
}

static void test_scenario_that_inherits_itself_is_refused(void **state)
{
    struct fixture *f = *state;
    write_file(f->path, "inherits: s.yaml\n");
    assert_int_equal(scenario_load(f->path, &f->s, f->err), -1);
    assert_non_null(strstr(f->err, "in a row"));
}

static void test_scenario_errors_of_a_base_name_the_base(void **state)
{
    struct fixture *f = *state;
    write_file(f->base, "nmae: x\n");
    write_file(f->path, "inherits: base.yaml\n");
    assert_int_equal(scenario_load(f->path, &f->s, f->err), -1);
    assert_non_null(strstr(f->err, "base.yaml:1:1: nmae: unknown key; did you mean 'name'?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scenario_becomes_a_plan, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenario_mistakes_are_told_with_their_place, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_scenario_inherits_and_changes_only_what_it_names,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenario_faults_fill_the_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenario_ranges_are_drawn_from_the_seed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_scenario_a_seed_is_a_host, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenario_another_program_changes_no_draw, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_scenario_vary_moves_sizes_and_times, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenario_faults_may_be_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenario_programs_have_real_time_and_locked_memory,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenario_draws_one_of_each_group, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenario_draws_are_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenario_that_inherits_itself_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_scenario_errors_of_a_base_name_the_base, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
