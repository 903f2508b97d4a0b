/* test_vmklog.c - the readers of logs and listings: vmkernel, messages, top, ps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/messages.h"
#include "tools/parse/top.h"
#include "tools/parse/vmklog.h"

static struct text text_of(const char *text)
{
    struct text t;
    text_from("text", text, strlen(text), &t);
    return t;
}

static struct vmklog_line line_of(const char *text)
{
    struct vmklog_line l;
    const char *why = vmklog_read_line(text, &l);
    if (why != NULL)
        fail_msg("%s: %s", text, why);
    return l;
}

static void test_vmklog_reads_both_forms_of_an_alert(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "42:14:03:29.341 cpu0:1024)VMNIX: ALERT: HB: 365: Lost heartbeat (comm=VMap pid=9173 t=30 "
        "to=30 clt=1).",
        "Nov 13 04:35:29 esxhost vmkernel: 42:14:03:29.341 cpu0:1024)VMNIX: ALERT: HB: 1: Lost "
        "heartbeat (comm=VMap pid=9173 t=30 to=30 clt=1).",
        "42:14:03:29.341 cpu0:4096)ALERT: VMNIX: ALERT: HB: 362: Lost heartbeat (comm=VMap "
        "pid=9173 "
        "t=30 to=30 clt=1).",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct vmklog_line l = line_of(texts[i]);
        assert_int_equal(l.class, VMKLOG_LOST_HEARTBEAT);
        assert_int_equal(l.severity, VMKLOG_ALERT);
        assert_string_equal(l.module, "HB");
        assert_string_equal(l.alert.comm, "VMap");
        assert_int_equal(l.alert.pid, 9173);
        assert_int_equal(l.alert.t, 30);
        assert_int_equal(l.alert.to, 30);
        assert_int_equal(l.alert.clt, 1);
        assert_int_equal(l.uptime_ms, ((42 * 24 + 14) * 60 + 3) * INT64_C(60000) + 29341);
        assert_int_equal(l.has_stamp, i == 1);
    }
}

static void test_vmklog_tells_classes_apart(void **state)
{
    static const struct {
        const char *text;
        enum vmklog_class class;
    } cases[] = {
        { "FS3: 4831: Reclaimed timed out heartbeat [HB state abcdef02 offset 1]",
          VMKLOG_VMFS_HEARTBEAT },
        { "Heartbeat: 618: PCPU 140 didn't have a heartbeat for 8 seconds. *may* be locked up",
          VMKLOG_PCPU_HEARTBEAT },
        { "Host: 4781: COS Error: Lost heartbeat", VMKLOG_COS_ERROR },
        { "Dump: 354: Dumping core to '/volumes/4533e089/cos-core-esxhostname'", VMKLOG_COS_DUMP },
        { "VmkDev: 3102: Can't find serial# 4294967295 from virt handle 2000", VMKLOG_SERIAL },
        { "StorageMonitor: 196: vmhba1:0:1:0 status = 2/0 0x6 0x29 0x0", VMKLOG_STORAGE },
        { "VSCSI: 2803: Reset request on handle 8196", VMKLOG_STORAGE },
        { "NMP: nmp_CompleteCommandForPath: Command 0x12 failed", VMKLOG_STORAGE },
        { "<6>qla24xx_abort_command(0): handle to abort=12", VMKLOG_STORAGE },
        { "WARNING: CpuSched: 16758: world 1120 not scheduled", VMKLOG_CPU_SCHED },
        { "ALERT: MCE: 171: Machine Check Exception: Bank 4, Status 1", VMKLOG_MACHINE_CHECK },
        { "World: vm 1064: 895: Starting world vmware-vmx with flags 4", VMKLOG_WORLD },
        { "something that nobody knows", VMKLOG_OTHER },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "0:00:01:02.345 cpu1:1033)%s", cases[i].text);
        const struct vmklog_line l = line_of(text);
        if (l.class != cases[i].class)
            fail_msg("%s: class %u", cases[i].text, (unsigned)l.class);
    }
    assert_string_equal(line_of("0:00:01:02.345 cpu1:1033)<6>qla: x").module, "qla");
}

static void test_vmklog_reports_what_it_does_not_understand(void **state)
{
    struct vmklog v;
    struct text t = text_of("Nov 13 04:35:29 esxhost vmkernel: 42:14:03:29.341 cpu0:1024)a\n"
                            "Nov 13 04:35:30 esxhost last message repeated 12 times\n"
                            "\n"
                            "nonsense\n"
                            "Nov 13 04:35:31 esxhost sshd[12]: hello\n"
                            "Nov 13 04:36:29 esxhost vmkernel: 0:00:03:29.341 cpu0:1024)b\n");
    (void)state;
    vmklog_parse(&t, 1, &v);
    assert_int_equal(v.line_count, 3);
    assert_int_equal(v.line[1].repeated, 12);
    assert_int_equal(v.line[2].line, 6);
    assert_int_equal(v.unparsed.count, 2);
    assert_int_equal(v.unparsed.line[0].line, 4);
    assert_true(vmklog_is(&t));
    vmklog_free(&v);
    text_free(&t);
}

#define K "Nov 13 04:02:54 esxhostname kernel: "

static void test_messages_reads_an_oom_kill_with_its_memory(void **state)
{
    struct messages m;
    struct text t = text_of(
        K "Mem-info:\n" K "Zone:DMA freepages:  3072 min:     0 low:     0 high:     0\n" K
          "Zone:Normal freepages:   654 min:   655 low:  3536 high:  5104\n" K
          "Zone:HighMem freepages:     0 min:     0 low:     0 high:     0\n" K
          "Free pages:        3726 (     0 HighMem)\n" K
          "( Active: 194057/5, inactive_laundry: 7, inactive_clean: 9, free: 3726 )\n" K
          "  aa:0 ac:0 id:0 il:0 ic:0 fr:3072\n" K "  aa:192146 ac:1911 id:0 il:0 ic:0 fr:654\n" K
          "  aa:0 ac:0 id:0 il:0 ic:0 fr:0\n" K
          "0*4kB 0*8kB 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 3*4096kB = "
          "12288kB)\n" K
          "0*4kB 3*8kB 2*16kB 2*32kB 1*64kB 1*128kB 1*256kB 0*512kB 0*1024kB 1*2048kB 0*4096kB = "
          "2616kB)\n" K "Swap cache: add 233119, delete 233118, find 20632/78020, race 0+0\n" K
          "188 pages of slabcache\n" K "266 pages of kernel stacks\n" K
          "1494 lowmem pagetables, 0 highmem pagetables\n" K "Free swap:            0kB\n" K
          "204800 pages of RAM\n" K "4867 reserved pages\n" K "0 pages swap cached\n" K
          "Out of Memory: Killed process 9173 (VMap).\n" K "Avoiding OOM kill due to 1 pending\n" K
          "Fixed up OOM kill of mm-less task\n" K "VM: killing process hostd\n"
          "Nov 13 04:02:55 esxhostname VMap[9173]: signal 15 received, continuing\n");
    (void)state;
    messages_parse(&t, 1, &m);
    assert_int_equal(m.unparsed.count, 0);
    assert_int_equal(m.meminfo_count, 1);
    const struct messages_meminfo *b = &m.meminfo[0];
    assert_int_equal(b->free_pages, 3726);
    assert_int_equal(b->clean, 9);
    assert_int_equal(b->free_swap_kb, 0);
    assert_int_equal(b->ram_pages, 204800);
    assert_int_equal(b->reserved_pages, 4867);
    assert_int_equal(m.class_count[MESSAGES_MEMINFO], 19);
    assert_int_equal(m.line[19].class, MESSAGES_OOM_KILL);
    assert_int_equal(m.line[19].pid, 9173);
    assert_string_equal(m.line[19].name, "VMap");
    assert_int_equal(m.line[20].class, MESSAGES_OOM_PENDING);
    assert_int_equal(m.line[20].number, 1);
    assert_int_equal(m.line[21].class, MESSAGES_OOM_FIXED);
    assert_string_equal(m.line[22].name, "hostd");
    assert_string_equal(m.line[23].tag, "VMap");
    messages_free(&m);
    text_free(&t);
}

/* What stands where a figure is asked must be one; outside of a block such lines are nothing. */
static void test_messages_takes_no_damaged_figure(void **state)
{
    struct messages m;
    struct text t = text_of("188 pages of RAM\n"
                            "Mem-info:\n"
                            "pages of RAM\n"
                            "Free pages:  none\n"
                            "  188 pages of RAM\n"
                            "204 pages of sand\n");
    (void)state;
    messages_parse(&t, 1, &m);
    assert_int_equal(m.unparsed.count, 4);
    assert_int_equal(m.unparsed.line[1].line, 3);
    assert_int_equal(m.unparsed.line[2].line, 4);
    assert_int_equal(m.unparsed.line[3].line, 6);
    assert_int_equal(m.meminfo[0].free_pages, -1);
    assert_int_equal(m.meminfo[0].ram_pages, 188);
    messages_free(&m);
    text_free(&t);
}

static void test_messages_reads_a_task_list_with_and_without_syslog(void **state)
{
    struct messages m;
    struct text t =
        text_of("SysRq : Show State\n"
                "\n"
                "                         free                        sibling\n"
                "  task             PC    stack   pid father child younger older\n"
                "init          R C0401E14  5100     1      0     2               (NOTLB)\n"
                "Call Trace:   [<c01169b7>] sys_sched_yield [kernel] 0x73 (0xc1435e14)\n"
                "[<c0134b3e>] __alloc_pages [kernel] 0x2ae (0xc1435e30))\n" K
                "kswapd        R current      0     5      1             6     4 (L-TLB)\n" K
                "Call Trace:   [<c0136a11>] rebalance_inactive_zone [kernel] 0x96 (0xc151df64)\n");
    (void)state;
    messages_parse(&t, 1, &m);
    assert_int_equal(m.unparsed.count, 0);
    assert_int_equal(m.task_count, 2);
    assert_string_equal(m.task[0].comm, "init");
    assert_int_equal(m.task[0].state, 'R');
    assert_int_equal(m.task[0].pid, 1);
    assert_int_equal(m.task[0].frame_count, 2);
    assert_string_equal(m.frame[m.task[0].first_frame + 1].function, "__alloc_pages");
    assert_int_equal(m.task[1].father, 1);
    assert_int_equal(m.task[1].frame_count, 1);
    assert_int_equal(m.class_count[MESSAGES_SYSRQ], 1);
    messages_free(&m);
    text_free(&t);
}

static void test_messages_reads_the_oops_of_the_article(void **state)
{
    struct messages m;
    struct text t = text_of(
        K "Unable to handle kernel NULL pointer dereference at virtual address 00000010\n" K
          " printing eip:\n" K "c022e995\n" K "*pde = 00000000\n" K "Oops: 0000\n" K "CPU:    0\n" K
          "EIP:    0060:[<c022e995>]    Tainted: P \n" K "EFLAGS: 00010246\n" K
          "EIP is at sr_finish [kernel] 0xa5 (2.4.21-47.0.1.ELvmnix/i686)\n" K
          "eax: 00000000   ebx: 00000000   ecx: 00000001   edx: 00000800\n" K
          "Process esxcfg-rescan (pid: 2997, stackpage=c204f000)\n" K
          "Call Trace:   [<c0136a11>] do_try_to_free_pages [kernel] 0x11 (0xcb00de68)\n" K
          "Kernel panic: Fatal exception\n" K "sd 0:0:0:0: still retrying 1 after 360s\n");
    (void)state;
    messages_parse(&t, 1, &m);
    assert_int_equal(m.oops_count, 1);
    assert_string_equal(m.oops[0].function, "sr_finish");
    assert_int_equal(m.class_count[MESSAGES_PANIC], 1);
    assert_int_equal(m.class_count[MESSAGES_SD_RETRY], 1);
    assert_int_equal(m.line[m.line_count - 1].number, 360);
    messages_free(&m);
    text_free(&t);
}

static void test_messages_takes_no_other_text(void **state)
{
    struct messages m;
    struct text t = text_of("MemTotal:       799732 kB\nhello\n");
    (void)state;
    messages_parse(&t, 1, &m);
    assert_int_equal(m.unparsed.count, 2);
    assert_false(messages_is(&t));
    messages_free(&m);
    text_free(&t);
}

static const char top_2[] =
    " 12:34:56  up 2 days, 18:44,  4 users,  load average: 0.95, 0.44, 0.17\n"
    "76 processes: 73 sleeping, 3 running, 0 zombie, 0 stopped\n"
    "CPU states:  cpu    user    nice  system    irq  softirq  iowait    idle\n"
    "           total   51.5%    0.0%    3.9%   0.0%     0.0%    0.0%   44.6%\n"
    "Mem:  1026912k av, 1010476k used,   16436k free,       0k shrd,   52128k buff\n"
    "                    766724k actv,  143128k in_d,   14264k in_c\n"
    "Swap: 2041192k av,   83160k used, 1958032k free                  799432k cached\n"
    "\n"
    "  PID USER     PRI  NI  SIZE  RSS SHARE STAT %CPU %MEM   TIME CPU COMMAND\n"
    " 9173 root      15   0  572M 310M  1200 S    12.5 40.1 123:45   0 VMap\n"
    "   20 root      15   0   520  200   120 D N   0.0  0.0   0:01   0 vmnixhbd\n"
    "    5 root      15   0     0    0     0 SW    0.1  0.0   1:02   0 kswapd\n";

static void test_top_reads_procps_2(void **state)
{
    struct top top;
    struct text t = text_of(top_2);
    (void)state;
    top_parse(&t, &top);
    assert_int_equal(top.unparsed.count, 0);
    assert_int_equal(top.snapshot_count, 1);
    const struct top_snapshot *s = &top.snapshot[0];
    assert_string_equal(s->up, "2 days, 18:44");
    assert_int_equal(s->processes, 76);
    assert_int_equal(s->mem_kb, 1026912);
    assert_int_equal(s->swap_kb, 2041192);
    assert_int_equal(s->swap_used_kb, 83160);
    assert_int_equal(s->row_count, 3);
    assert_int_equal(top.row[0].size_kb, 572 * 1024);
    assert_string_equal(top.row[1].stat, "DN");
    assert_string_equal(top.row[1].command, "vmnixhbd");
    assert_int_equal(top.row[1].line, 11);
    top_free(&top);
    text_free(&t);
}

static void test_top_reads_procps_3_and_many_snapshots(void **state)
{
    struct top top;
    static const char one[] =
        "top - 03:10:01 up 1 day,  2:03,  1 user,  load average: 12.30, 4.00, 1.01\n"
        "Tasks: 101 total,   2 running,  99 sleeping,   0 stopped,   0 zombie\n"
        "Cpu(s):  1.3%us,  0.7%sy,  0.0%ni, 97.0%id,  1.0%wa,  0.0%hi,  0.0%si,  0.0%st\n"
        "Mem:    512000k total,   500000k used,    12000k free,     3000k buffers\n"
        "Swap:   614392k total,      356k used,   614036k free,   100000k cached\n"
        "\n"
        "  PID USER      PR  NI  VIRT  RES  SHR S %CPU %MEM    TIME+  COMMAND\n"
        " 2533 root      16   0 79976  40m 8000 S  0.3  8.1   3:20.15 vmware-hostd\n"
        "    1 root      RT  -5  2064  600  500 S  0.0  0.1   0:01.10 init\n"
        "\n";
    char two[4096];
    (void)state;
    (void)snprintf(two, sizeof two, "%s%sgarbage row\n", one, one);
    struct text t = text_of(two);
    top_parse(&t, &top);
    assert_int_equal(top.snapshot_count, 2);
    assert_int_equal(top.snapshot[1].row_count, 2);
    assert_int_equal(top.snapshot[1].swap_used_kb, 356);
    assert_int_equal(top.snapshot[1].mem_kb, 512000);
    assert_int_equal(top.snapshot[1].processes, 101);
    assert_int_equal(top.row[0].size_kb, 79976);
    assert_int_equal(top.unparsed.count, 1);
    assert_int_equal(top.unparsed.line[0].line, 21);
    top_free(&top);
    text_free(&t);
}

static void test_ps_reads_by_its_heads(void **state)
{
    struct top ps;
    struct text t = text_of(
        "USER       PID %CPU %MEM   VSZ  RSS TTY      STAT START   TIME COMMAND\n"
        "root         1  0.0  0.0  1500  200 ?        S    Oct01   0:04 init [3]  \n"
        "root         5  0.1  0.0     0    0 ?        SW   Oct01  12:00 [kswapd]\n"
        "root      9173  2.5 40.0 586196 312000 ?     D<   Oct01 1-02:03:04 /opt/aam/VMap -d\n"
        "root      oops  2.5 40.0 586196 312000 ?     D    Oct01   0:00 x\n"
        "  PID TTY          TIME CMD\n"
        "    7 ?        00:00:01 bdflush\n");
    (void)state;
    top_parse(&t, &ps);
    assert_true(top_is(&t));
    assert_int_equal(ps.snapshot_count, 2);
    assert_string_equal(ps.snapshot[0].up, "");
    assert_int_equal(ps.snapshot[0].processes, -1);
    assert_int_equal(ps.snapshot[0].row_count, 3);
    assert_int_equal(ps.snapshot[1].first_row, 3);
    assert_string_equal(ps.row[3].command, "bdflush");
    assert_string_equal(ps.row[0].command, "init [3]");
    assert_int_equal(ps.row[2].size_kb, 586196);
    assert_string_equal(ps.row[2].stat, "D<");
    assert_int_equal(ps.unparsed.count, 1);
    assert_int_equal(ps.unparsed.line[0].line, 5);
    top_free(&ps);
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vmklog_reads_both_forms_of_an_alert),
        cmocka_unit_test(test_vmklog_tells_classes_apart),
        cmocka_unit_test(test_vmklog_reports_what_it_does_not_understand),
        cmocka_unit_test(test_messages_reads_an_oom_kill_with_its_memory),
        cmocka_unit_test(test_messages_takes_no_damaged_figure),
        cmocka_unit_test(test_messages_reads_a_task_list_with_and_without_syslog),
        cmocka_unit_test(test_messages_reads_the_oops_of_the_article),
        cmocka_unit_test(test_messages_takes_no_other_text),
        cmocka_unit_test(test_top_reads_procps_2),
        cmocka_unit_test(test_top_reads_procps_3_and_many_snapshots),
        cmocka_unit_test(test_ps_reads_by_its_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
