/* test_screen.c - the purple screen: the article's screen to the byte, from its figures; the
 * terminal view; the host's facts on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "shared/screen.h"
#include "vmkernel/dump/psod.h"

/* [KB308590/Screen], verbatim. */
static const char article[] =
    "VMware ESX Server [Releasebuild-123630]\n"
    "Lost heartbeat\n"
    "frame=0x1f4fa34 ip=0xc014b306 cr2=0xb6bc5054 cr3=0x34401000 cr4=0x6f0\n"
    "es=0xc02a0068 ds=0x690068 fs=0x0 gs=0x0\n"
    "eax=0x2dc94 ebx=0xc1609228 ecx=0xc1bb9938 edx=0xc0396c80\n"
    "ebp=0x2e3d2 esi=0xc160920c edi=0x2dc95 err=0 eflags=0x0\n"
    "*0:1024/console 1:1367/vmware-vm 2:1125/vcpu-0:VM 3:1351/vmware-vm\n"
    "4:1384/mks:VM123 5:1029/idle5 6:1321/mks:VM456 7:1166/mks:VM789\n"
    "8:1120/vmm0:VMAB 9:1150/vmm0:VMCD 10:1215/vmware-vm 11:1035/idle11\n"
    "12:1237/Worker#0: 13:1380/vmm0:VMEF 14:1211/vmware-vm 15:1170/mks:VMGHI\n"
    "@BlueScreen: Lost heartbeat\n"
    "0x2e3d2:[0xc014b306]blk_dev+0xbd8524a5 stack: 0x0, 0x0, 0x0\n"
    "VMK uptime: 42:14:03:58.308 TSC: 11010722567976450\n"
    "42:14:02:29.347 cpu0:1024)VMNIX: ALERT: HB: 365: Lost heartbeat (comm=vmnixhbd pid=20 t=29 "
    "to=30 clt=1).\n"
    "42:14:03:29.341 cpu0:1024)VMNIX: ALERT: HB: 365: Lost heartbeat (comm=VMap pid=9173 t=30 "
    "to=30 clt=1).\n"
    "42:14:03:29.508 cpu0:1024)Host: 4781: COS Error: Lost heartbeat\n"
    "Starting coredump to disk Starting coredump to disk Dumping using slot 1 of 1... using slot 1 "
    "of 1... log\n"
    "42:14:03:29.517 cpu7:1047)Dump: 354: Dumping core to "
    "'/volumes/4533e089-1dfcdd21-f1d3-001a140ebdca/cos-core-esxhostname'\n";

static char (*log_lines(void))[LOG_LINE_MAX]
{
    static char lines[3][LOG_LINE_MAX] = {
        "42:14:02:29.347 cpu0:1024)VMNIX: ALERT: HB: 365: Lost heartbeat (comm=vmnixhbd pid=20 "
        "t=29 to=30 clt=1).",
        "42:14:03:29.341 cpu0:1024)VMNIX: ALERT: HB: 365: Lost heartbeat (comm=VMap pid=9173 t=30 "
        "to=30 clt=1).",
        "42:14:03:29.508 cpu0:1024)Host: 4781: COS Error: Lost heartbeat",
    };
    return lines;
}

static char (*after_lines(void))[LOG_LINE_MAX]
{
    static char lines[1][LOG_LINE_MAX] = {
        "42:14:03:29.517 cpu7:1047)Dump: 354: Dumping core to "
        "'/volumes/4533e089-1dfcdd21-f1d3-001a140ebdca/cos-core-esxhostname'"
    };
    return lines;
}

struct fixture {
    struct cos_task task;
    struct worlds worlds;
    struct psod_source src;
    struct screen screen;
    char text[SCREEN_TEXT_MAX], other[SCREEN_TEXT_MAX], ansi[SCREEN_ANSI_MAX];
};

/* A stunned host with the article's registers and log. */
static int setup(void **state)
{
    static struct fixture f;
    uint64_t vm_start_ns[WORLDS_VMS_MAX] = { 0 };
    memset(&f, 0, sizeof f);
    f.task = (struct cos_task){
        .address = 0xc1f4e000,
        .pid = 9173,
        .comm = "VMap",
        .frame = 0xc1f4fa34,
        .has_regs = true,
        .regs = { .rax = 0x2dc94,
                  .rbx = 0xc1609228,
                  .rcx = 0xc1bb9938,
                  .rdx = 0xc0396c80,
                  .rbp = 0x2e3d2,
                  .rsi = 0xc160920c,
                  .rdi = 0x2dc95,
                  .rip = 0xc014b306,
                  .rflags = 0x246,
                  .ds = 0x690068,
                  .es = 0x1c02a0068 },
    };
    f.src = (struct psod_source){
        .profile = profile_find("esx-3.5"),
        .worlds = &f.worlds,
        .headline = "Lost heartbeat",
        .current = &f.task,
        .last_fault_address = 0xb6bc5054,
        .save_area = 0x1f4fa34,
        .ram_bytes = 800u << 20,
        .cpu_khz = 2992500,
        .stun_ns = 3679409341000000,
        .paint_ns = 3679438308000000,
        .log = log_lines(),
        .log_count = 3,
        .after = after_lines(),
        .after_count = 1,
        .slot_count = 1,
    };
    assert_int_equal(worlds_init(&f.worlds, f.src.profile, 1, 16, 73, vm_start_ns), 0);
    *state = &f;
    return 0;
}

static const char *render(struct fixture *f)
{
    psod_compose(&f->src, &f->screen);
    assert_true(screen_text(&f->screen, f->text, sizeof f->text) > 0);
    return f->text;
}

/* The worlds of the article's host, whose virtual machines had other names than ours. */
static void set_article_worlds(struct screen *s)
{
    static const struct screen_world worlds[16] = {
        { 0, 1024, true, "console" },      { 1, 1367, false, "vmware-vmx" },
        { 2, 1125, false, "vcpu-0:VM" },   { 3, 1351, false, "vmware-vmx" },
        { 4, 1384, false, "mks:VM123" },   { 5, 1029, false, "idle5" },
        { 6, 1321, false, "mks:VM456" },   { 7, 1166, false, "mks:VM789" },
        { 8, 1120, false, "vmm0:VMAB" },   { 9, 1150, false, "vmm0:VMCD" },
        { 10, 1215, false, "vmware-vmx" }, { 11, 1035, false, "idle11" },
        { 12, 1237, false, "Worker#0:X" }, { 13, 1380, false, "vmm0:VMEF" },
        { 14, 1211, false, "vmware-vmx" }, { 15, 1170, false, "mks:VMGHI" },
    };
    memcpy(s->worlds, worlds, sizeof worlds);
    s->world_count = 16;
}

static void test_screen_is_the_articles_to_the_byte(void **state)
{
    struct fixture *f = *state;
    psod_compose(&f->src, &f->screen);
    set_article_worlds(&f->screen);
    /* The article's TSC is of a CPU that was not exactly 2992.5 MHz: ours is the product of its own
     * two figures. */
    assert_in_range(f->screen.tsc, 11010722567976450 / 1000000 * 999999,
                    11010722567976450 / 1000000 * 1000001 + 1000000);
    f->screen.tsc = 11010722567976450;
    assert_true(screen_text(&f->screen, f->text, sizeof f->text) > 0);
    assert_string_equal(f->text, article);
}

/* Compare two screens line by line. @return how many lines differ; *ret_line is the last of them,
 * from 1 */
static unsigned lines_that_differ(const char *a, const char *b, unsigned *ret_line)
{
    unsigned differ = 0;
    for (unsigned line = 1; *a != '\0' || *b != '\0'; line++) {
        const size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");
        if (na != nb || memcmp(a, b, na) != 0) {
            differ++;
            *ret_line = line;
        }
        a += na + (a[na] == '\n');
        b += nb + (b[nb] == '\n');
    }
    return differ;
}

static void test_screen_changes_exactly_where_the_host_does(void **state)
{
    struct fixture *f = *state;
    unsigned line = 0;
    (void)strcpy(f->other, render(f));

    f->task.regs.rcx = 0x1234; /* one register */
    assert_int_equal(lines_that_differ(f->other, render(f), &line), 1);
    assert_int_equal(line, 5);
    assert_non_null(strstr(f->text, "eax=0x2dc94 ebx=0xc1609228 ecx=0x1234 edx=0xc0396c80\n"));
    f->task.regs.rcx = 0xffffffffc1bb9938; /* the upper half is not on a 32-bit screen */
    assert_string_equal(f->other, render(f));

    struct world *on_15 = /* one world */
        (struct world *)(uintptr_t)worlds_on_pcpu(&f->worlds, 15, f->src.stun_ns);
    const struct world was = *on_15;
    (void)strcpy(on_15->name, "changed-name");
    assert_int_equal(lines_that_differ(f->other, render(f), &line), 1);
    assert_int_equal(line, 10);
    assert_non_null(strstr(f->text, "/changed-n\n"));
    *on_15 = was;

    char *log_line = f->src.log[1]; /* one log line */
    log_line[0] = '9';
    assert_int_equal(lines_that_differ(f->other, render(f), &line), 1);
    assert_int_equal(line, 15);
    log_line[0] = '4';
    assert_string_equal(f->other, render(f));
}

static void test_screen_without_a_known_task_has_empty_registers(void **state)
{
    struct fixture *f = *state;
    f->src.current = NULL;
    assert_non_null(
        strstr(render(f), "frame=0x0 ip=0x0 cr2=0xb6bc5054 cr3=0x34401000 cr4=0x6f0\n"));
}

static void test_screen_stars_the_console_alone(void **state)
{
    struct fixture *f = *state;
    const char *star = strchr(render(f), '*');
    assert_non_null(star);
    assert_memory_equal(star, "*0:1024/console ", 16);
    assert_null(strchr(star + 1, '*'));
}

static void test_screen_lets_no_control_byte_through(void **state)
{
    struct fixture *f = *state;
    char line[1][LOG_LINE_MAX] = { "a\x1b[2Jb\x07" };
    f->src.after = line;
    assert_non_null(strstr(render(f), "a?[2Jb?\n"));
    assert_true(screen_ansi("x\x1b[2Jy\n", f->ansi, sizeof f->ansi) > 0);
    assert_non_null(strstr(f->ansi, "x?[2Jy "));
}

static void test_screen_for_a_terminal_is_80_by_25_or_more(void **state)
{
    struct fixture *f = *state;
    assert_true(screen_ansi(article, f->ansi, sizeof f->ansi) > 0);
    unsigned rows = 0;
    for (const char *at = f->ansi; *at != '\0'; rows++) {
        unsigned cells = 0;
        for (; *at != '\n'; at++) {
            if (*at == '\x1b')
                at = strchr(at, 'm');
            else
                cells++;
        }
        assert_int_equal(cells, 80);
        at++;
    }
    assert_int_equal(rows, 25); /* 20 lines, of which five need two rows: 25 */
    /* yellow on purple */
    assert_memory_equal(f->ansi, "\x1b[48;2;167;0;168m\x1b[38;2;255;255;85mVMware", 41);
}

static void test_screen_interim_is_the_articles(void **state)
{
    struct fixture *f = *state;
    assert_true(screen_interim_text(f->src.profile->product, f->text, sizeof f->text) > 0);
    assert_string_equal(f->text, "VMware ESX Server [Releasebuild-123630]\n"
                                 "Dumping console os core. This may take up to an hour.\n");
}

static void test_screen_that_does_not_fit_is_empty(void **state)
{
    struct fixture *f = *state;
    psod_compose(&f->src, &f->screen);
    const int len = screen_text(&f->screen, f->text, sizeof f->text);
    assert_int_equal(screen_text(&f->screen, f->other, (size_t)len), -1);
    assert_string_equal(f->other, "");
    assert_int_equal(screen_text(&f->screen, f->other, (size_t)len + 1), len);
    assert_int_equal(screen_ansi(article, f->ansi, 100), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_screen_is_the_articles_to_the_byte, setup),
        cmocka_unit_test_setup(test_screen_changes_exactly_where_the_host_does, setup),
        cmocka_unit_test_setup(test_screen_without_a_known_task_has_empty_registers, setup),
        cmocka_unit_test_setup(test_screen_stars_the_console_alone, setup),
        cmocka_unit_test_setup(test_screen_lets_no_control_byte_through, setup),
        cmocka_unit_test_setup(test_screen_for_a_terminal_is_80_by_25_or_more, setup),
        cmocka_unit_test_setup(test_screen_interim_is_the_articles, setup),
        cmocka_unit_test_setup(test_screen_that_does_not_fit_is_empty, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
