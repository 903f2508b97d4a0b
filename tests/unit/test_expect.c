/* test_expect.c - what a scenario expects of a host: each thing that is not so is told, and nothing
 * else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/units.h"
#include "shared/zdump.h"
#include "tools/scenario/expect.h"

struct fixture {
    char dir[64];
    struct expect e;
    struct expect_seen seen;
    struct expect_verdict verdict;
};

static void path_of(const struct fixture *f, const char *name, char ret[128])
{
    (void)snprintf(ret, 128, "%s/%s", f->dir, name);
}

static void write_bytes(const struct fixture *f, const char *name, const void *bytes, size_t size)
{
    char path[128];
    path_of(f, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const struct fixture *f, const char *name, const char *text)
{
    write_bytes(f, name, text, strlen(text));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static int setup(void **state)
{
    static const char *const folders[] = { "console", "var", "var/log", "dev" };
    static struct fixture f; /* static: cmocka longjmps out of failing tests */
    char path[128];

    memset(&f, 0, sizeof f);
    (void)snprintf(f.dir, sizeof f.dir, "/tmp/test_expect.XXXXXX");
    if (mkdtemp(f.dir) == NULL)
        return -1;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        path_of(&f, folders[i], path);
        if (mkdir(path, 0700) != 0)
            return -1;
    }
    (void)snprintf(f.e.outcome, sizeof f.e.outcome, "lost-heartbeat");
    f.seen = (struct expect_seen){ f.dir, "core", "lost-heartbeat", 42 * NS_PER_HOUR };
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    return nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void expect_reasons(struct fixture *f, size_t count, const char *first)
{
    expect_judge(&f->e, &f->seen, &f->verdict);
    assert_int_equal(f->verdict.count, count);
    if (count > 0)
        assert_string_equal(f->verdict.reason[0], first);
}

static void test_expect_nothing_said_is_nothing_wrong(void **state)
{
    expect_reasons(*state, 0, NULL);
}

static void test_expect_outcome_and_uptime(void **state)
{
    struct fixture *f = *state;
    f->e.uptime_ns[0] = 42 * NS_PER_HOUR;
    f->e.uptime_ns[1] = 43 * NS_PER_HOUR;
    expect_reasons(f, 0, NULL);
    f->seen.uptime_ns = 43 * NS_PER_HOUR;
    expect_reasons(f, 0, NULL);
    f->seen.uptime_ns++;
    expect_reasons(f, 1, "uptime: 1:19:00:00.000, not between 1:18:00:00.000 and 1:19:00:00.000");
    f->seen.uptime_ns = 42 * NS_PER_HOUR - 1;
    expect_judge(&f->e, &f->seen, &f->verdict);
    assert_int_equal(f->verdict.count, 1);
    f->seen.outcome = "survived";
    expect_reasons(f, 2, "outcome: survived, not lost-heartbeat");
}

static void test_expect_texts_that_logs_contain_and_lack(void **state)
{
    struct fixture *f = *state;
    write_text(f, "var/log/messages", "a\nOut of Memory: Killed process 9173 (VMap).\nb\n");
    f->e.messages.contains_count = 1;
    (void)snprintf(f->e.messages.contains[0], EXPECT_TEXT_MAX, "Killed process 9173");
    f->e.messages.lacks_count = 1;
    (void)snprintf(f->e.messages.lacks[0], EXPECT_TEXT_MAX, "panic");
    expect_reasons(f, 0, NULL);
    (void)snprintf(f->e.messages.lacks[0], EXPECT_TEXT_MAX, "(VMap)");
    expect_reasons(f, 1, "messages: '(VMap)' stands there");
    write_text(f, "var/log/messages", "quiet\n");
    expect_reasons(f, 1, "messages: 'Killed process 9173' does not stand there");
    f->e.psod.contains_count = 1;
    (void)snprintf(f->e.psod.contains[0], EXPECT_TEXT_MAX, "Oops");
    expect_reasons(f, 2, "psod: 'Oops' does not stand there (no such file)");
}

static void test_expect_lines_of_vmksummary(void **state)
{
    struct fixture *f = *state;
    write_text(f, "var/log/vmksummary", "1\n2\n3\n");
    f->e.vmksummary_lines[0] = 3;
    f->e.vmksummary_lines[1] = 3;
    expect_reasons(f, 0, NULL);
    write_text(f, "var/log/vmksummary", "1\n2\n3\n4\n");
    expect_reasons(f, 1, "vmksummary-lines: 4 lines, not 3 to 3");
}

static void test_expect_comm_of_the_last_alert(void **state)
{
    struct fixture *f = *state;
    (void)snprintf(f->e.alert_comm, sizeof f->e.alert_comm, "kswapd");
    expect_reasons(f, 1, "alert-comm: '(no alert)', not 'kswapd'");
    write_text(f, "var/log/vmkernel",
               "x HB: 365: Lost heartbeat (comm=swapper pid=0 t=29 to=30 clt=1).\n"
               "x HB: 365: Lost heartbeat (comm=kswapd pid=5 t=30 to=30 clt=1).\n");
    expect_reasons(f, 0, NULL);
    (void)snprintf(f->e.alert_comm, sizeof f->e.alert_comm, "swapper");
    expect_reasons(f, 1, "alert-comm: 'kswapd', not 'swapper'");
}

static void test_expect_a_core_whole_cut_or_absent(void **state)
{
    struct fixture *f = *state;
    struct {
        Elf64_Ehdr e;
        Elf64_Phdr p;
        char bytes[100];
    } core = { 0 };

    memcpy(core.e.e_ident, ELFMAG, SELFMAG);
    core.e.e_phoff = sizeof core.e;
    core.e.e_phnum = 1;
    core.e.e_phentsize = sizeof core.p;
    core.p.p_offset = sizeof core.e + sizeof core.p;
    core.p.p_filesz = sizeof core.bytes;

    (void)snprintf(f->e.cos_core, sizeof f->e.cos_core, "present");
    expect_reasons(f, 1, "cos-core: absent, not present");
    const size_t whole = core.p.p_offset + core.p.p_filesz;
    write_bytes(f, "core", &core, whole);
    expect_reasons(f, 0, NULL);
    for (size_t length = 0; length < whole; length++) {
        write_bytes(f, "core", &core, length);
        expect_reasons(f, 1, "cos-core: cut, not present");
    }
    core.p.p_offset = UINT64_MAX - 10;
    write_bytes(f, "core", &core, sizeof core);
    expect_reasons(f, 1, "cos-core: cut, not present");
}

static void write_zdump(struct fixture *f, uint32_t state, bool with_end)
{
    static unsigned char bytes[65536];
    const struct zdump_slot slot = { .version = ZDUMP_VERSION,
                                     .slot_count = 1,
                                     .state = state,
                                     .slot_bytes = sizeof bytes,
                                     .dump_id = 7,
                                     .uptime_ns = 1 };
    size_t length, at = ZDUMP_SLOT_HEADER;

    memset(bytes, 0, sizeof bytes);
    zdump_slot_encode(&slot, bytes);
    for (uint32_t i = 0; i < 1 + (uint32_t)with_end && state != ZDUMP_EMPTY; i++) {
        unsigned char *section = zdump_section_pack(7, i, i == 0 ? ZDUMP_LOG : ZDUMP_END, "log",
                                                    "log", i == 0 ? 3 : 0, &length);
        assert_non_null(section);
        memcpy(bytes + at, section, length);
        at += length;
        free(section);
    }
    write_bytes(f, "dev/vmkcore", bytes, sizeof bytes);
}

static void test_expect_a_zdump_whole_cut_or_absent(void **state)
{
    struct fixture *f = *state;
    (void)snprintf(f->e.zdump, sizeof f->e.zdump, "present");
    expect_reasons(f, 1, "zdump: absent, not present");
    write_zdump(f, ZDUMP_EMPTY, false);
    expect_reasons(f, 1, "zdump: absent, not present");
    write_zdump(f, ZDUMP_WRITING, false);
    expect_reasons(f, 1, "zdump: cut, not present");
    write_zdump(f, ZDUMP_COMPLETE, true);
    expect_reasons(f, 0, NULL);
}

static void test_expect_many_reasons_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct expect_text *const texts[] = { &f->e.psod, &f->e.messages, &f->e.vmkernel_log };
    for (size_t i = 0; i < 3; i++) {
        texts[i]->contains_count = EXPECT_TEXTS_MAX;
        for (size_t n = 0; n < EXPECT_TEXTS_MAX; n++)
            memset(texts[i]->contains[n], 'x', EXPECT_TEXT_MAX - 1);
    }
    expect_judge(&f->e, &f->seen, &f->verdict);
    assert_int_equal(f->verdict.count, EXPECT_REASONS_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_expect_nothing_said_is_nothing_wrong),
        TEST(test_expect_outcome_and_uptime),
        TEST(test_expect_texts_that_logs_contain_and_lack),
        TEST(test_expect_lines_of_vmksummary),
        TEST(test_expect_comm_of_the_last_alert),
        TEST(test_expect_a_core_whole_cut_or_absent),
        TEST(test_expect_a_zdump_whole_cut_or_absent),
        TEST(test_expect_many_reasons_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
