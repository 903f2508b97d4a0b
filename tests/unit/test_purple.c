/* test_purple.c - the reader of purple screens: the article's screen, other releases' layouts, a
 * screen typed off a photo, and texts that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/err.h"
#include "shared/rng.h"
#include "tools/parse/purple.h"
#include "tools/parse/vmksummary.h"

struct fixture {
    struct text text;
    struct purple p;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){ 0 };
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    purple_free(&f->p);
    text_free(&f->text);
    return 0;
}

static const struct purple *read_file(struct fixture *f, const char *name)
{
    char path[256];
    struct err err;
    (void)teardown((void **)&f);
    (void)snprintf(path, sizeof path, "tests/data/%s", name);
    if (text_load(path, &f->text, &err) != 0)
        fail_msg("%s", err.text);
    purple_parse(&f->text, &f->p);
    return &f->p;
}

static const struct purple *read_text(struct fixture *f, const char *text)
{
    (void)teardown((void **)&f);
    text_from("text", text, strlen(text), &f->text);
    purple_parse(&f->text, &f->p);
    return &f->p;
}

static uint64_t reg(const struct purple *p, const char *name)
{
    const struct purple_reg *r = purple_find(p, name);
    if (r == NULL)
        fail_msg("no register %s", name);
    return r->value;
}

static void check_article(const struct purple *p)
{
    static const struct {
        const char *name;
        uint64_t value;
    } want[] = { { "frame", 0x1f4fa34 }, { "ip", 0xc014b306 },  { "cr2", 0xb6bc5054 },
                 { "cr3", 0x34401000 },  { "cr4", 0x6f0 },      { "es", 0xc02a0068 },
                 { "ds", 0x690068 },     { "fs", 0 },           { "gs", 0 },
                 { "eax", 0x2dc94 },     { "ebx", 0xc1609228 }, { "ecx", 0xc1bb9938 },
                 { "edx", 0xc0396c80 },  { "ebp", 0x2e3d2 },    { "esi", 0xc160920c },
                 { "edi", 0x2dc95 },     { "err", 0 },          { "eflags", 0 } };
    assert_true(p->is_screen);
    assert_int_equal(p->layout, PURPLE_ESX35);
    assert_int_equal(p->class, PURPLE_LOST_HEARTBEAT);
    assert_int_equal(p->build, 123630);
    assert_int_equal(p->reg_count, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_int_equal(reg(p, want[i].name), want[i].value);
    assert_int_equal(p->uptime_ms, ((42 * 24 + 14) * 60 + 3) * INT64_C(60000) + 58308);
    assert_int_equal(p->tsc, 11010722567976450);
    assert_int_equal(p->frame_count, 1);
    assert_string_equal(p->frame[0].symbol, "blk_dev");
    assert_int_equal(p->frame[0].offset, 0xbd8524a5);
    assert_int_equal(p->log_count, 4);
    assert_int_equal(p->log[0].alert.pid, 20);
    assert_string_equal(p->log[0].alert.comm, "vmnixhbd");
    assert_int_equal(purple_last_alert(p)->alert.pid, 9173);
    assert_string_equal(purple_last_alert(p)->alert.comm, "VMap");
    assert_int_equal(purple_last_alert(p)->alert.t, 30);
    assert_int_equal(purple_last_alert(p)->alert.to, 30);
    assert_true(p->log[2].is_cos_error);
    assert_true(p->log[3].is_cos_dump);
    assert_string_equal(p->cos_core,
                        "/volumes/4533e089-1dfcdd21-f1d3-001a140ebdca/cos-core-esxhostname");
}

static void test_purple_reads_every_value_of_the_article(void **state)
{
    const struct purple *p = read_file(*state, "kb-308590/screen");
    check_article(p);
    assert_int_equal(p->pcpu_count, 16);
    assert_true(p->pcpu[0].panicking);
    assert_string_equal(p->pcpu[12].name, "Worker#0:");
    assert_int_equal(p->unparsed.count, 0);
    assert_int_equal(p->repair_count, 0);
}

/* The article's screen and its vmksummary come from two hosts: 42 and 136 days, two builds. */
static void test_the_texts_of_the_article_are_of_two_hosts(void **state)
{
    const struct purple *p = read_file(*state, "kb-308590/screen");
    struct vmksummary v;
    struct text t;
    struct err err;
    assert_int_equal(text_load("tests/data/kb-308590/vmksummary", &t, &err), 0);
    vmksummary_parse(&t, 1, &v);
    assert_int_equal(p->uptime_ms / 86400000, 42);
    assert_int_equal(v.record[1].vmk_ms / 86400000, 136);
    assert_int_equal(p->build, 123630);
    assert_string_equal(v.record[1].vmk_build, "153875");
    assert_string_equal(purple_release_of(p->build), "ESX 3.5 Update 3");
    assert_string_equal(purple_release_of(153875), "ESX 3.5 Update 4");
    vmksummary_free(&v);
    text_free(&t);
}

static void test_purple_reads_the_article_typed_off_a_photo(void **state)
{
    struct fixture *f = *state;
    const struct purple *p = read_file(f, "screens/esx35-typed");
    check_article(p);
    assert_true(p->repair_count > 5);
    assert_int_equal(p->unparsed.count, 1); /* the remark of the night shift, and nothing else */
    assert_int_equal(p->unparsed.line[0].line, 20);
}

static void test_purple_reads_the_article_when_it_stands_on_one_line(void **state)
{
    struct fixture *f = *state;
    static char flat[4096];
    const struct purple *p = read_file(f, "kb-308590/screen");
    size_t used = 0;
    for (uint32_t i = 0; i < f->text.count; i++)
        used += (size_t)snprintf(flat + used, sizeof flat - used, "%s ", f->text.lines[i].at);
    p = read_text(f, flat);
    check_article(p);
}

/* Wrapped by a screen of 80 columns and by an editor of 60: nothing may get lost. */
static void test_purple_reads_the_article_wrapped_at_any_width(void **state)
{
    struct fixture *f = *state;
    static char wrapped[8192];
    static const unsigned widths[] = { 80, 80, 100, 120 };
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
        size_t used = 0;
        (void)read_file(f, "kb-308590/screen");
        for (uint32_t i = 0; i < f->text.count; i++) {
            const char *at = f->text.lines[i].at;
            do {
                used += (size_t)snprintf(wrapped + used, sizeof wrapped - used, "%.*s\n",
                                         (int)widths[w], at);
                at += strlen(at) < widths[w] ? strlen(at) : widths[w];
            } while (*at != '\0');
        }
        check_article(read_text(f, wrapped));
        assert_int_equal(f->p.unparsed.count, 0);
    }
}

/* Whatever line is missing, the others are read as before. */
static void test_purple_misses_one_line_and_reads_the_rest(void **state)
{
    struct fixture *f = *state;
    static char all[20][256];
    static char text[4096];
    (void)read_file(f, "kb-308590/screen");
    const uint32_t lines = f->text.count;
    assert_int_equal(lines, 18);
    for (uint32_t i = 0; i < lines; i++)
        (void)snprintf(all[i], sizeof all[i], "%s", f->text.lines[i].at);
    for (uint32_t gone = 0; gone < lines; gone++) {
        size_t used = 0;
        for (uint32_t i = 0; i < lines; i++) {
            if (i != gone)
                used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", all[i]);
        }
        const struct purple *p = read_text(f, text);
        assert_true(p->is_screen);
        assert_int_equal(p->layout, PURPLE_ESX35);
        assert_int_equal(p->class, PURPLE_LOST_HEARTBEAT);
        assert_int_equal(p->unparsed.count, 0);
    }
}

static void test_purple_takes_no_other_screen_for_a_lost_heartbeat(void **state)
{
    static const struct {
        const char *file;
        enum purple_layout layout;
        enum purple_class class;
        uint32_t regs, pcpus, frames, unparsed;
    } want[] = {
        { "screens/esx30-gate", PURPLE_ESX30, PURPLE_TLB_ACK, 19, 4, 1, 0 },
        { "screens/esx35-tlb", PURPLE_ESX35, PURPLE_TLB_ACK, 18, 4, 3, 0 },
        { "screens/esx35-oops-64607", PURPLE_ESX35, PURPLE_COS_OOPS, 18, 4, 1, 0 },
        { "screens/esx35-pf-1024", PURPLE_ESX35, PURPLE_VMK_EXCEPTION, 18, 2, 1, 0 },
        { "screens/esx35-mce", PURPLE_ESX35, PURPLE_MACHINE_CHECK, 5, 4, 0, 0 },
        { "screens/esx40-gp", PURPLE_ESX4, PURPLE_VMK_EXCEPTION, 22, 4, 2, 0 },
        { "screens/esx41-spin", PURPLE_ESX4, PURPLE_SPIN, 4, 2, 1, 0 },
        { "screens/esxi51-pf", PURPLE_ESXI5, PURPLE_VMK_EXCEPTION, 23, 1, 2, 0 },
        { "screens/esxi5-pcpu", PURPLE_ESXI5, PURPLE_PCPU_NO_HEARTBEAT, 4, 0, 1, 0 },
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        const struct purple *p = read_file(*state, want[i].file);
        assert_true(p->is_screen);
        assert_string_equal(purple_layout_name(p->layout), purple_layout_name(want[i].layout));
        assert_string_equal(purple_class_name(p->class), purple_class_name(want[i].class));
        assert_int_equal(p->reg_count, want[i].regs);
        assert_int_equal(p->pcpu_count, want[i].pcpus);
        assert_int_equal(p->frame_count, want[i].frames);
        assert_int_equal(p->unparsed.count, want[i].unparsed);
    }
}

static void test_purple_knows_a_lost_heartbeat_of_4x(void **state)
{
    const struct purple *p = read_file(*state, "screens/esx41-cos-panic");
    assert_int_equal(p->layout, PURPLE_ESX4);
    assert_int_equal(p->class, PURPLE_LOST_HEARTBEAT);
    assert_string_equal(purple_last_alert(p)->alert.comm, "sfcbd");
    assert_int_equal(p->pcpu[0].world, 4096);
}

static void test_purple_reads_the_oops_of_the_console(void **state)
{
    const struct purple *p = read_file(*state, "screens/esx35-oops-64607");
    assert_string_equal(p->cos_function, "sr_finish");
    assert_string_equal(p->cos_process, "esxcfg-rescan");
    assert_int_equal(p->cos_pid, 2997);
    assert_string_equal(p->cos_release, "2.4.21-47.0.1.ELvmnix");
}

static void test_purple_is_told_by_the_log_when_the_headline_is_missing(void **state)
{
    const struct purple *p = read_text(
        *state, "VMware ESX Server [Releasebuild-123630]\n"
                "frame=0x1f4fa34 ip=0xc014b306 cr2=0xb6bc5054 cr3=0x34401000 cr4=0x6f0\n"
                "42:14:03:29.341 cpu0:1024)VMNIX: ALERT: HB: 911: Lost heartbeat (comm=a b pid=7 "
                "t=30 to=30 clt=1).\n");
    assert_int_equal(p->class, PURPLE_LOST_HEARTBEAT);
    assert_true(p->class_from_log);
    assert_string_equal(p->log[0].alert.comm, "a b");
    /* one at t=29 decides nothing */
    p = read_text(*state,
                  "VMware ESX Server [Releasebuild-123630]\n"
                  "frame=0x1 ip=0xc014b306 cr2=0x0\n"
                  "42:14:02:29.341 cpu0:1024)VMNIX: ALERT: HB: 911: Lost heartbeat (comm=a pid=7 "
                  "t=29 to=30 clt=1).\n");
    assert_int_equal(p->class, PURPLE_UNKNOWN);
}

static void test_purple_is_not_every_text_with_a_heartbeat(void **state)
{
    static const char *const texts[] = {
        "",
        "\n\n\n",
        "Lost heartbeat\n",
        "0:00:01:02.345 cpu0:1024)FS3: 4831: Reclaimed timed out heartbeat [HB state abcdef02]\n",
        "42:14:02:29.347 cpu0:1024)VMNIX: ALERT: HB: 365: Lost heartbeat (comm=a pid=1 t=29 to=30 "
        "clt=1).\n",
        "Nov 13 03:01:35 esxhostname logger: (1258099291) hb: vmk loaded, 1.25, 1.970, 73, 153875, "
        "153875, 567468032, VMap-583524\n",
        "MemTotal:799732 kB\n",
        "int main(void) { return 0; }\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(read_text(*state, texts[i])->is_screen);
}

static void test_purple_reads_one_of_two_screens_and_says_so(void **state)
{
    struct fixture *f = *state;
    static char two[8192];
    size_t used = 0;
    (void)read_file(f, "kb-308590/screen");
    for (unsigned n = 0; n < 2; n++) {
        for (uint32_t i = 0; i < f->text.count; i++)
            used += (size_t)snprintf(two + used, sizeof two - used, "%s\n", f->text.lines[i].at);
    }
    check_article(read_text(f, two));
    assert_int_equal(f->p.unparsed.count, 1);
    assert_int_equal(f->p.unparsed.line[0].line, 20);
}

/* A changed byte may spoil what it stands in; it may not crash the reader, and every line keeps a
 * kind or is told to be odd. */
static void test_purple_survives_any_changed_byte(void **state)
{
    struct fixture *f = *state;
    static char text[4096];
    struct rng rng;
    size_t used = 0;
    (void)read_file(f, "kb-308590/screen");
    for (uint32_t i = 0; i < f->text.count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", f->text.lines[i].at);
    rng_init(&rng, 1, "purple");
    for (unsigned n = 0; n < 3000; n++) {
        const size_t at = (size_t)rng_below(&rng, used);
        const char was = text[at];
        text[at] = (char)rng_below(&rng, 256);
        const struct purple *p = read_text(f, text);
        for (uint32_t line = 0; line < p->line_count; line++) {
            bool told = p->kind[line] != PURPLE_LINE_UNPARSED;
            for (uint32_t i = 0; i < p->unparsed.count; i++)
                told = told || p->unparsed.line[i].line == line + 1;
            assert_true(told);
        }
        text[at] = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_purple_reads_every_value_of_the_article),
        TEST(test_the_texts_of_the_article_are_of_two_hosts),
        TEST(test_purple_reads_the_article_typed_off_a_photo),
        TEST(test_purple_reads_the_article_when_it_stands_on_one_line),
        TEST(test_purple_reads_the_article_wrapped_at_any_width),
        TEST(test_purple_misses_one_line_and_reads_the_rest),
        TEST(test_purple_takes_no_other_screen_for_a_lost_heartbeat),
        TEST(test_purple_knows_a_lost_heartbeat_of_4x),
        TEST(test_purple_reads_the_oops_of_the_console),
        TEST(test_purple_is_told_by_the_log_when_the_headline_is_missing),
        TEST(test_purple_is_not_every_text_with_a_heartbeat),
        TEST(test_purple_reads_one_of_two_screens_and_says_so),
        TEST(test_purple_survives_any_changed_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
