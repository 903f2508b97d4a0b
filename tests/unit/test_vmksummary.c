/* test_vmksummary.c - the reader of vmksummary and meminfo: the article's lines, 4.x, events, pages
 * put together, rotated files, clocks that were set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/err.h"
#include "tools/parse/meminfo.h"
#include "tools/parse/vmksummary.h"

#define FILES_MAX 4u

struct fixture {
    struct text text[FILES_MAX];
    uint32_t texts;
    struct vmksummary v;
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
    vmksummary_free(&f->v);
    for (uint32_t i = 0; i < f->texts; i++)
        text_free(&f->text[i]);
    f->texts = 0;
    return 0;
}

static void add_file(struct fixture *f, const char *name)
{
    char path[256];
    struct err err;
    (void)snprintf(path, sizeof path, "tests/data/%s", name);
    if (text_load(path, &f->text[f->texts], &err) != 0)
        fail_msg("%s", err.text);
    f->texts++;
}

static void add_text(struct fixture *f, const char *text)
{
    text_from("text", text, strlen(text), &f->text[f->texts++]);
}

static const struct vmksummary *parse(struct fixture *f)
{
    vmksummary_free(&f->v);
    vmksummary_parse(f->text, f->texts, &f->v);
    return &f->v;
}

static const struct vmksummary_finding *found(const struct vmksummary *v,
                                              enum vmksummary_finding_kind kind)
{
    for (uint32_t i = 0; i < v->finding_count; i++) {
        if (v->finding[i].kind == kind)
            return &v->finding[i];
    }
    return NULL;
}

static void test_vmksummary_reads_the_article(void **state)
{
    struct fixture *f = *state;
    add_file(f, "kb-308590/vmksummary");
    const struct vmksummary *v = parse(f);
    assert_int_equal(v->unparsed.count, 0);
    assert_int_equal(v->record_count, 3);
    assert_int_equal(v->hourly_count, 2);
    assert_int_equal(v->boot_count, 2);
    assert_int_equal(v->zone_s, -5 * 3600);
    assert_int_equal(v->unit, VMKSUMMARY_BYTES);
    assert_int_equal(v->record[1].swap_kb, 554168); /* all of SwapTotal */
    assert_int_equal(v->record[1].vms, 73);
    assert_int_equal(v->record[1].cos_ms, 11798915640);
    assert_int_equal(v->record[1].vmk_ms, 11798902253);
    assert_string_equal(v->record[1].vmk_build, "153875");
    assert_string_equal(v->record[1].top[1].name, "vmware-h");
    assert_int_equal(v->record[1].top[1].kb, 83180);
    assert_int_equal(
        vmksummary_kb_of(&v->record[1], "VMap") - vmksummary_kb_of(&v->record[0], "VMap"), 2672);
    assert_int_equal(v->record[0].late_s, 34);
    assert_int_equal(v->record[1].late_s, 44);
    assert_int_equal(v->record[0].stamp_gap_s, 4);
    assert_int_equal(v->record[1].stamp_gap_s, 0);
    assert_int_equal(v->record[2].kind, VMKSUMMARY_STARTING);
    assert_int_equal(v->record[2].stamp_gap_s, -1);
    assert_non_null(found(v, VMKSUMMARY_RESTART));
    assert_null(found(v, VMKSUMMARY_SPLICED));
}

/* 2672 kB came in 3614 s: per exact hour that is 2662 kB. */
static void test_vmksummary_growth_is_by_epoch_and_not_by_line(void **state)
{
    struct fixture *f = *state;
    add_file(f, "kb-308590/vmksummary");
    const struct vmksummary *v = parse(f);
    const int64_t s = v->record[1].epoch_s - v->record[0].epoch_s;
    assert_int_equal(s, 3614);
    assert_int_equal((2672 * 3600 + s / 2) / s, 2662);
}

static void test_vmksummary_of_4x_has_swap_in_kb(void **state)
{
    struct fixture *f = *state;
    add_text(f,
             "Jan  9 10:01:01 web7 logger: (1294585261) hb: vmk loaded, 813421.31, 813419.501, 9, "
             "348481, 348481, 356, vmware-h-79976, vpxa-54148, sfcbd-12600\n"
             "Jan 9 11:01:01 web7 logger: (1294588861) hb: vmk loaded, 817021.31, 817019.501, 9, "
             "348481, 348481, 356, vmware-h-79976, sfcbd-7660, sfcbd-3524\n");
    const struct vmksummary *v = parse(f);
    assert_int_equal(v->unparsed.count, 0);
    assert_int_equal(v->unit, VMKSUMMARY_KB);
    assert_int_equal(v->record[0].swap_kb, 356);
    assert_int_equal(v->record[1].top_count, 3);
    assert_int_equal(vmksummary_kb_of(&v->record[1], "sfcbd"), 7660);
    assert_int_equal(v->record[1].top[2].kb, 3524);
    assert_int_equal(v->zone_s, -5 * 3600);
    assert_int_equal(v->finding_count, 0);
}

static void test_vmksummary_of_an_unlisted_build_tells_bytes_by_whole_pages(void **state)
{
    struct fixture *f = *state;
    add_text(f, "Jan  9 10:01:01 h logger: (1294585261) hb: vmk loaded, 1.31, 1.5, 9, "
                "99999, 99999, 265330688, vmware-h-61456, vpxa-16504, webAcces-14548\n");
    assert_int_equal(parse(f)->unit, VMKSUMMARY_BYTES);
    assert_int_equal(f->v.record[0].swap_kb, 259112);
}

#define HOURLY(stamp, epoch, up)                                  \
    stamp " h logger: (" epoch ") hb: vmk loaded, " up ".20, " up \
          ".002, 9, 123630, 123630, 4096, "                       \
          "VMap-583524\n"

static void test_vmksummary_tells_how_a_restart_came(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *between, *text;
    } cases[] = {
        { "Nov 13 04:10:00 h vmkhalt: (1258103400) Rebooting system...\n"
          "Nov 13 04:11:32 h vmkhalt: (1258103492) Starting system...\n"
          "Nov 13 04:12:05 h logger: (1258103525) loaded VMkernel\n",
          "reboot" },
        { "Nov 13 04:10:00 h vmkhalt: (1258103400) Halting system...\n"
          "Nov 13 04:12:12 h vmkhalt: (1258103532) Starting system...\n",
          "shutdown" },
        { "Nov 13 04:12:12 h vmkhalt: (1258103532) Starting system\xe2\x80\xa6\n"
          "Nov 13 04:12:23 h logger: (1258103543) VMkernel error\n"
          "Nov 13 04:13:07 h logger: (1258103587) loaded VMkernel\n",
          "purple screen" },
        { "Nov 13 04:12:12 h vmkhalt: (1258103532) Starting system\x85\n"
          "Nov 13 04:13:07 h logger: (1258103587) loaded VMkernel\n",
          "power loss" },
        { "", "no line mentions" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048];
        (void)teardown(state);
        (void)snprintf(text, sizeof text, "%s%s%s",
                       HOURLY("Nov 13 04:01:01", "1258102861", "3676033"), cases[i].between,
                       HOURLY("Nov 13 05:01:01", "1258106461", "2900"));
        add_text(f, text);
        const struct vmksummary *v = parse(f);
        assert_int_equal(v->unparsed.count, 0);
        assert_int_equal(v->boot_count, 2);
        assert_non_null(found(v, VMKSUMMARY_RESTART));
        assert_non_null(strstr(found(v, VMKSUMMARY_RESTART)->text, cases[i].text));
        assert_int_equal(found(v, VMKSUMMARY_RESTART)->value, 3676033);
        assert_null(found(v, VMKSUMMARY_GAP));
        assert_null(found(v, VMKSUMMARY_CLOCK_STEP));
    }
}

static void test_vmksummary_finds_gaps_and_clock_steps(void **state)
{
    struct fixture *f = *state;
    add_text(f, HOURLY("Nov 13 04:01:01", "1258102861", "3676033")
                    HOURLY("Nov 13 07:01:01", "1258113661", "3686833") /* two lines missing */
             HOURLY("Nov 13 10:01:01", "1258124461", "3690433"));      /* clock + 2 h */
    const struct vmksummary *v = parse(f);
    assert_int_equal(found(v, VMKSUMMARY_GAP)->value, 3 * 3600);
    assert_int_equal(found(v, VMKSUMMARY_CLOCK_STEP)->value, 2 * 3600);
    assert_int_equal(v->boot_count, 1);
}

static void test_vmksummary_takes_rotated_files_in_any_order(void **state)
{
    struct fixture *f = *state;
    add_text(f, HOURLY("Nov 13 06:01:01", "1258110061", "3683233"));
    add_text(f, HOURLY("Nov 13 04:01:01", "1258102861", "3676033")
                    HOURLY("Nov 13 05:01:01", "1258106461", "3679633"));
    add_text(f, HOURLY("Nov 13 05:01:01", "1258106461", "3679633")); /* copied twice */
    const struct vmksummary *v = parse(f);
    assert_int_equal(v->record_count, 3);
    assert_int_equal(v->record[2].file, 0);
    assert_int_equal(v->record[0].file, 1);
    assert_int_equal(v->record[0].line, 1);
    assert_non_null(found(v, VMKSUMMARY_DUPLICATE));
    assert_null(found(v, VMKSUMMARY_GAP));
    assert_null(found(v, VMKSUMMARY_ORDER));
    assert_int_equal(v->boot_count, 1);
}

/* [KB1019238]: a page whose first line has an epoch of February and a stamp of March. */
static void test_vmksummary_tells_a_spliced_page(void **state)
{
    struct fixture *f = *state;
    add_text(f, HOURLY("Mar  9 04:01:01", "1265799661", "360")
                    HOURLY("Mar  9 05:01:01", "1268128861", "3960")
                        HOURLY("Mar  9 06:01:01", "1268132461", "7560"));
    const struct vmksummary *v = parse(f);
    assert_non_null(found(v, VMKSUMMARY_SPLICED));
    assert_int_equal(v->record[found(v, VMKSUMMARY_SPLICED)->record].line, 1);
    assert_int_equal(v->zone_s, -5 * 3600);
}

static void test_vmksummary_reports_every_line_that_it_does_not_understand(void **state)
{
    struct fixture *f = *state;
    add_text(
        f, "Nov 13 04:01:01 h logger: (1258102861) hb: vmk loaded, 3676033.20\n"
           "\n"
           "garbage\n"
           "Nov 13 04:01:01 h logger: (1258102861) hb: vmk loaded, 1.2, 1.2, 9, 1, 1, 4096, VMap\n"
           "Nov 13 04:01:01 h logger: (x) hb:\n"
           "Nov 13 04:01:01 h logger: (1258102861) something else\n"
           "Nov 13 04:01:01 h logger: (99999999999999999999) hb: vmk loaded\n"
           "Feb 30 04:01:01 h logger: (1258102861) VMkernel error\n");
    const struct vmksummary *v = parse(f);
    assert_int_equal(v->unparsed.count, 6);
    assert_int_equal(v->record_count, 1);
    assert_int_equal(v->unparsed.line[1].line, 3);
}

static void test_vmksummary_recognises_esxi_5(void **state)
{
    struct fixture *f = *state;
    add_text(f, "2012-01-05T10:00:01Z heartbeat: up 0d17h24m17s, 0 VMs; [[2610 vpxa 9516kB] [2365 "
                "hostd-worker 54852kB]] []\n");
    const struct vmksummary *v = parse(f);
    assert_true(v->is_esxi5);
    assert_int_equal(v->hourly_count, 0);
    assert_int_equal(v->record[0].kind, VMKSUMMARY_ESXI5);
    assert_int_equal(v->record[0].vmk_ms, ((17 * 60 + 24) * 60 + 17) * 1000);
    assert_int_equal(v->unparsed.count, 0);
}

static void test_meminfo_reads_the_article_and_both_kernels(void **state)
{
    struct meminfo m;
    struct text t;
    struct err err;
    (void)state;
    assert_int_equal(text_load("tests/data/kb-308590/meminfo", &t, &err), 0);
    meminfo_parse(&t, &m);
    assert_int_equal(meminfo_kb(&m, "MemTotal"), 799732);
    assert_int_equal(meminfo_kb(&m, "SwapTotal"), 554168);
    assert_int_equal(meminfo_kb(&m, "MemFree"), -1);
    assert_int_equal(m.unparsed.count, 0);
    meminfo_free(&m);
    text_free(&t);

    static const char kernel24[] =
        "        total:    used:    free:  shared: buffers:  cached:\n"
        "Mem:  818925568 725487616 93437952        0 17473536 219148288\n"
        "Swap: 567468032        0 567468032\n"
        "MemTotal:       799732 kB\n"
        "MemTotal:       799732 kB\n"
        "HugePages_Total:     0\n"
        "what: is this\n";
    text_from("meminfo", kernel24, strlen(kernel24), &t);
    meminfo_parse(&t, &m);
    assert_int_equal(meminfo_kb(&m, "HugePages_Total"), -1); /* it is no kB */
    assert_int_equal(m.unparsed.count, 2);
    assert_int_equal(m.unparsed.line[0].line, 5);
    assert_int_equal(m.unparsed.line[1].line, 7);
    meminfo_free(&m);
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_vmksummary_reads_the_article),
        TEST(test_vmksummary_growth_is_by_epoch_and_not_by_line),
        TEST(test_vmksummary_of_4x_has_swap_in_kb),
        TEST(test_vmksummary_of_an_unlisted_build_tells_bytes_by_whole_pages),
        TEST(test_vmksummary_tells_how_a_restart_came),
        TEST(test_vmksummary_finds_gaps_and_clock_steps),
        TEST(test_vmksummary_takes_rotated_files_in_any_order),
        TEST(test_vmksummary_tells_a_spliced_page),
        TEST(test_vmksummary_reports_every_line_that_it_does_not_understand),
        TEST(test_vmksummary_recognises_esxi_5),
        TEST(test_meminfo_reads_the_article_and_both_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
