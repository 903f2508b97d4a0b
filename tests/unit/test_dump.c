/* test_dump.c - the whole dump of a small COS: stun, backtraces, core, screen, zdump; and of one
 * whose memory has gone mad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/path.h"
#include "shared/zdump.h"
#include "tests/lib/dump_host.h"
#include "vmkernel/dump/coscore.h"
#include "vmkernel/dump/psod.h"
#include "vmkernel/foreign/cosmem.h"
#include "vmkernel/foreign/helper.h"

struct fixture {
    struct dump_host *h;
    struct zdump z;
    struct cosmem mem;
    char *text; /* output of a command */
};

static int setup(void **state)
{
    static struct fixture f;
    struct err err;
    memset(&f, 0, sizeof f);
    f.h = dump_host_create();
    assert_int_equal(cosmem_open(&f.mem, f.h->vmk.cos_path, f.h->vmk.machine.ram,
                                 f.h->vmk.machine.ram_bytes, NULL, &err),
                     0);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    zdump_free(&f->z);
    cosmem_close(&f->mem);
    free(f->text);
    dump_host_destroy(f->h);
    return 0;
}

/* ---- helpers --------------------------------------------------------------------------------- */

static void run(struct fixture *f, const char *command)
{
    int status;
    free(f->text);
    f->text = dump_host_run(&status, "%s", command);
}

/* Run a debugger's command on the core. */
static const char *on_core(struct fixture *f, const char *format)
{
    char command[1024];
    (void)snprintf(command, sizeof command, format, dump_host_minicos(), dump_host_core(f->h));
    run(f, command);
    return f->text;
}

static void load(struct fixture *f)
{
    struct err err;
    zdump_free(&f->z);
    assert_int_equal(zdump_load(dump_host_path(f->h, PATH_DUMP_PARTITION), 0, &f->z, &err), 0);
    assert_true(f->z.complete);
}

static const char *section(struct fixture *f, enum zdump_type type)
{
    const struct zdump_section *s = zdump_find(&f->z, type);
    assert_non_null(s);
    return s->data;
}

static uint64_t symbol(const struct fixture *f, const char *name)
{
    uint64_t address;
    assert_true(cosview_symbol(&f->mem.view, name, &address));
    return address;
}

static uint64_t offset_of(const struct fixture *f, const char *field)
{
    uint64_t value;
    assert_true(cosview_offset(&f->mem.view, field, &value));
    return value;
}

/* A word of COS memory, to be changed by the test. */
static uint32_t *word(const struct fixture *f, uint64_t address)
{
    return (uint32_t *)(void *)(f->h->vmk.machine.ram + (address - f->mem.page_offset));
}

static uint32_t current_address(const struct fixture *f)
{
    return *word(f, symbol(f, "current_task"));
}

#define assert_contains(text, part)                      \
    do {                                                 \
        if (strstr((text), (part)) == NULL)              \
            fail_msg("no '%s' in:\n%s", (part), (text)); \
    } while (0)
#define assert_lacks(text, part)                      \
    do {                                              \
        if (strstr((text), (part)) != NULL)           \
            fail_msg("'%s' in:\n%s", (part), (text)); \
    } while (0)

/* ---- a COS in order -------------------------------------------------------------------------- */

static void test_dump_leaves_core_screen_and_zdump(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    size_t len;
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    assert_int_equal(f->h->vmk.cos, VMK_COS_STUNNED);
    assert_string_equal(f->h->vmk.headline, "Lost heartbeat");
    assert_string_equal(f->h->vmk.note, "");
    assert_int_equal(stat(dump_host_core(f->h), &st), 0);
    assert_true(st.st_size > DUMP_HOST_RAM_MB * 1048576);
    assert_true(st.st_blocks * 512 < st.st_size / 8); /* holes stay holes */

    load(f);
    char *psod = dump_host_read(dump_host_path(f->h, "console/psod.txt"), &len);
    assert_string_equal(psod, section(f, ZDUMP_SCREEN));
    free(psod);
    assert_string_equal(section(f, ZDUMP_NOTES), "");
    assert_contains(section(f, ZDUMP_STATE), "\ncos_stunned=1\n");
    assert_contains(section(f, ZDUMP_LOG), "42:14:03:29.508 cpu0:1024)Host: 4781: COS Error: Lost "
                                           "heartbeat\n42:14:03:29.517 cpu7:1047)Dump: 354: ");
    assert_contains(section(f, ZDUMP_HEARTBEATS),
                    "beat seq=2 ns=3677609336000000 latency_ns=4600 gap=0 at=42:13:33:29.336\n");
    assert_contains(section(f, ZDUMP_PCPUS), "pcpu=0 world=1024 name=console\n");
    assert_contains(section(f, ZDUMP_RING), "count kind=torn n=0\n");
    assert_contains(section(f, ZDUMP_WORLDS), "world=1047 kind=helper ");
}

static void test_dump_takes_the_time_of_the_datastore(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    assert_int_equal(stat(dump_host_core(f->h), &st), 0);
    const uint64_t copying =
        (uint64_t)st.st_size * 1000000000u / 1024 / f->h->vmk.plan.datastore_kb_per_s;
    assert_true(f->h->vmk.now_ns ==
                DUMP_HOST_NOW_NS + DUMP_ERROR_DELAY_NS + DUMP_CORE_DELAY_NS + copying);
}

static void test_dump_backtraces_every_task(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    load(f);
    const char *tasks = section(f, ZDUMP_COS_TASKS);
    assert_contains(tasks, "tasks=6\n");
    const char *vmap = strstr(tasks, "task pid=9173 ");
    assert_non_null(vmap);
    assert_contains(vmap, " current=1 ");
    static const char *const chain[] = {
        " #0  ", " refill_inactive_zone+0x", " #1  ", " rebalance_inactive+0x",
        " #2  ", " try_to_free_pages+0x",    " #3  ", " __alloc_pages+0x",
        " #4  ", " vmnixhbd_main+0x",        " #5  ", " enter_task+0x"
    };
    for (unsigned i = 0; i < sizeof chain / sizeof chain[0]; i++) {
        vmap = strstr(vmap, chain[i]);
        assert_non_null(vmap);
    }
    assert_null(strstr(vmap, " #6  ")); /* the bottom says that it is the bottom */
    const char *deep = strstr(tasks, "task pid=3000 ");
    assert_contains(deep, " #63 ");
    assert_contains(deep, "\n (cut)\n");
    assert_lacks(tasks, " #64 ");
}

static void test_dump_names_the_caller_of_a_call_that_never_returns(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    load(f);
    const char *init = strstr(section(f, ZDUMP_COS_TASKS), "task pid=1 ");
    assert_non_null(init);
    const char *caller = strstr(init, " #1  ");
    assert_non_null(caller);
    assert_contains(caller, " init_main+0x");
    assert_memory_equal(strchr(caller + 5, ' ') + 1, "sp=", 3);
    assert_lacks(section(f, ZDUMP_COS_TASKS), " ?\n");
}

static void test_dump_prints_the_trace_as_the_cos_would(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    load(f);
    const char *log = section(f, ZDUMP_COS_LOG);
    assert_memory_equal(
        log, "<4>Linux version 2.4.21-57.ELvmnix\n<6>minicos: boot\n<4>EIP:    0060:[<c01", 73);
    assert_contains(log, "]    Tainted: P \n<4>EFLAGS: 00000246\n<4>\n<4>EIP is at "
                         "refill_inactive_zone [kernel] 0x");
    assert_contains(log, " (2.4.21-57.ELvmnix/i686)\n<4>eax: 0002dc94   ebx: 00000017   ecx: "
                         "c1bb9938   edx: c0396c80\n");
    assert_contains(log, "<4>ds: 0068   cs: 0060   es: 0068   ss: 0068\n<4>Process VMap (pid: "
                         "9173, stackpage=c0809000)\n<4>Stack: ");
    assert_contains(log, "\n<4>Call Trace:   [<c01");
    assert_contains(log, "] rebalance_inactive [kernel] 0x");
    assert_contains(log, "\n<4>[<c01");
}

static void test_dump_registers_of_screen_core_and_frame_agree(void **state)
{
    struct fixture *f = *state;
    size_t len;
    char want[512];
    struct cos_frame r;
    const uint32_t at = *word(f, current_address(f) + offset_of(f, "task_struct.frame"));
    assert_true(cosview_read(&f->mem.view, at, &r, sizeof r));
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);

    char *psod = dump_host_read(dump_host_path(f->h, "console/psod.txt"), &len);
    (void)snprintf(want, sizeof want,
                   "frame=0x%x ip=0x%x cr2=0xb6bc5054 cr3=0x%x cr4=0x6f0\nes=0xc02a0068 "
                   "ds=0x690068 fs=0x0 gs=0x0\n"
                   "eax=0x2dc94 ebx=0x%x ecx=0xc1bb9938 edx=0xc0396c80\nebp=0x%x esi=0xc160920c "
                   "edi=0x2dc95 err=0 eflags=0x0\n",
                   psod_save_area(f->h->vmk.profile, f->h->vmk.worlds.root), (unsigned)r.rip,
                   0x2401000u + DUMP_HOST_RAM_MB * 1048576u, (unsigned)r.rbx, (unsigned)r.rbp);
    assert_contains(psod, want);
    free(psod);

    (void)on_core(
        f, "gdb -nx -batch -ex 'p/x $rip' -ex 'p/x $rax' -ex 'p/x $rsp' -ex 'p/x $es' %s %s");
    (void)snprintf(want, sizeof want, "$1 = 0x%llx\n$2 = 0x2dc94\n$3 = 0x%llx\n$4 = 0xc02a0068\n",
                   (unsigned long long)r.rip, (unsigned long long)r.rsp);
    assert_contains(f->text, want);
}

static void test_dump_names_the_current_task(void **state)
{
    struct fixture *f = *state;
    char comm[16];
    uint32_t pid;
    assert_int_equal(dump_current_task(&f->h->vmk, comm, &pid), 0);
    assert_string_equal(comm, "VMap");
    assert_int_equal(pid, 9173);
}

/* ---- the core in other people's hands -------------------------------------------------------- */

static void test_core_is_opened_by_gdb_with_every_task(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    (void)on_core(f, "gdb -nx -batch -ex 'info threads' %s %s");
    assert_lacks(f->text, "arning");
    assert_contains(f->text, "Core was generated by `cos'.");
    assert_contains(f->text, "* 1    LWP 9173 ");
    assert_contains(f->text, "LWP 32768 "); /* pid 0 */
    assert_contains(f->text, "LWP 20 ");
    (void)on_core(f,
                  "gdb -nx -batch -ex 'thread find LWP 20' -ex 'thread apply all -q bt 10' %s %s");
    assert_lacks(f->text, "arning");
    assert_lacks(f->text, "??");
    assert_lacks(f->text, "Cannot access");
    assert_contains(f->text, " in __alloc_pages (");
    assert_contains(f->text, " in enter_task ()");
    (void)on_core(f, "gdb -nx -batch -ex 'p/x last_fault_address' -ex 'x/s log_buf' %s %s");
    assert_contains(f->text, "$1 = 0xb6bc5054\n");
    assert_contains(f->text, "\"<4>Linux version 2.4.21-57.ELvmnix\\n<6>minicos: boot\\n\"");
}

static void test_core_is_accepted_by_readelf_and_elfutils(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    (void)on_core(f, ": %s; readelf -aW %s 2>&1 >/dev/null");
    assert_string_equal(f->text, "");
    (void)on_core(f, ": %s; eu-readelf -a %s 2>&1 >/dev/null");
    assert_string_equal(f->text, "");
    (void)on_core(f, "eu-stack -n 128 -e %s --core=%s 2>&1 >/dev/null");
    assert_string_equal(f->text, "");
    (void)on_core(f, "eu-stack -e %s --core=%s | grep -c TID");
    assert_string_equal(f->text, "6\n");
    (void)on_core(f, ": %s; strings -a %s | grep -x 'OFFSET(task_struct.pid)=4'");
    assert_string_equal(f->text, "OFFSET(task_struct.pid)=4\n");
}

static void test_core_holds_the_ram_to_the_byte(void **state)
{
    struct fixture *f = *state;
    char command[512];
    const uint64_t ram = f->h->vmk.machine.ram_bytes;
    unsigned char *at = f->h->vmk.machine.ram + ram;
    /* Pages with one byte at either end, and between them holes of every length around the writer's
     * limit. */
    for (unsigned gap = 1; gap < 20; gap++) {
        at -= 4096u * gap;
        at[gap % 2 == 0 ? 0 : 4095] = (unsigned char)gap;
    }
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    /* RAM from here to its end is the core's end. */
    const uint64_t data = symbol(f, "_sdata") - f->mem.page_offset;
    (void)snprintf(command, sizeof command, "tail -c %llu %s | cmp - /proc/%d/fd/%d %llu %llu",
                   (unsigned long long)(ram - data), dump_host_core(f->h), (int)getpid(),
                   f->h->vmk.machine.memory_fd, 0ull,
                   (unsigned long long)(MACHINE_RAM_OFFSET + data));
    /* cmp FILE1 FILE2 SKIP1 SKIP2 */
    run(f, command);
    assert_string_equal(f->text, "");
}

/* The real effects, with a look at the writes. */
struct counted {
    size_t largest;
};

static ssize_t counted_pwrite(const struct dumpio *io, int fd, const void *bytes, size_t len,
                              off_t offset)
{
    struct counted *c = io->ctx;
    if (len > c->largest)
        c->largest = len;
    return dumpio_real.pwrite(io, fd, bytes, len, offset);
}

static uint64_t core_written(struct fixture *f, const struct dumpio *io)
{
    struct core_result done;
    const struct cos_tasks none = { 0 };
    const struct core_source src = {
        .mem = &f->mem, .tasks = &none, .memory_fd = -1, .release = ""
    };
    assert_int_equal(coscore_write(io, dump_host_core(f->h), &src, &done), 0);
    return done.written;
}

static void test_core_writes_large_pieces_and_leaves_holes(void **state)
{
    struct fixture *f = *state;
    struct counted counted = { 0 };
    struct dumpio io = dumpio_real;
    io.ctx = &counted;
    io.pwrite = counted_pwrite;
    unsigned char *end = f->h->vmk.machine.ram + f->h->vmk.machine.ram_bytes;
    const uint64_t before = core_written(f, &io);
    end[-1] = 1;
    end[-(int)(4096u * (CORE_HOLE_PAGES + 1)) - 1] = 1; /* 8 zero pages between: a hole */
    assert_true(core_written(f, &io) == before + 2 * 4096);
    end[-(int)(4096u * (CORE_HOLE_PAGES - 1)) - 1] = 1; /* 6 and 1 between: written along */
    assert_true(core_written(f, &io) == before + 4096 * (CORE_HOLE_PAGES + 2));
    memset(end - 3 * CORE_WRITE_BYTES, 1, 3 * CORE_WRITE_BYTES);
    assert_true(core_written(f, &io) == before + 3 * CORE_WRITE_BYTES);
    assert_int_equal(counted.largest, CORE_WRITE_BYTES);
}

static void digest(struct fixture *f, char *ret, size_t size)
{
    char command[512];
    (void)snprintf(command, sizeof command,
                   "cd %s && find . -type f | LC_ALL=C sort | xargs sha256sum", f->h->dir);
    run(f, command);
    (void)snprintf(ret, size, "%s", f->text);
}

static void test_dump_of_equal_hosts_is_equal(void **state)
{
    struct fixture *f = *state;
    char first[2048], second[2048];
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    digest(f, first, sizeof first);
    struct dump_host *old = f->h;
    f->h = dump_host_create();
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    digest(f, second, sizeof second);
    dump_host_destroy(old);
    assert_contains(first, "cos-core");
    assert_contains(first, "vmkcore");
    assert_string_equal(first, second);
}

/* ---- stun ------------------------------------------------------------------------------------ */

static void test_dump_of_a_dead_cos_says_not_stunned(void **state)
{
    struct fixture *f = *state;
    int status;
    assert_int_equal(kill(f->h->vmk.cos_pid, SIGKILL), 0);
    assert_int_equal(waitpid(f->h->vmk.cos_pid, &status, 0), f->h->vmk.cos_pid);
    f->h->vmk.cos_pid = 0;
    f->h->vmk.cos = VMK_COS_NOT_STUNNED;
    assert_int_equal(dump_cos_error(&f->h->vmk, "Terminated"), 0);
    assert_int_equal(f->h->vmk.cos, VMK_COS_NOT_STUNNED);
    load(f);
    assert_contains(section(f, ZDUMP_NOTES), "not stunned: the COS had died");
    assert_contains(section(f, ZDUMP_STATE), "cos_stunned=0\n");
    assert_contains(section(f, ZDUMP_COS_TASKS), " enter_task+0x");
    (void)on_core(f, ": %s; strings -a %s | grep -x 'STUNNED=0'");
    assert_string_equal(f->text, "STUNNED=0\n");
    (void)on_core(f, "gdb -nx -batch -ex bt %s %s");
    assert_contains(f->text, " in __alloc_pages (");
}

static void test_dump_of_a_traced_cos_is_taken_all_the_same(void **state)
{
    struct fixture *f = *state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    const pid_t debugger = fork();
    if (debugger == 0) {
        const char ok = ptrace(PTRACE_SEIZE, f->h->vmk.cos_pid, NULL, NULL) == 0;
        (void)!write(ready[1], &ok, 1);
        for (;;)
            (void)pause();
    }
    char ok = 0;
    assert_int_equal(read(ready[0], &ok, 1), 1);
    assert_int_equal(ok, 1);
    const int result = dump_cos_error(&f->h->vmk, "Lost heartbeat");
    (void)kill(debugger, SIGKILL);
    (void)waitpid(debugger, NULL, 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
    assert_int_equal(result, 0);
    load(f);
    assert_contains(section(f, ZDUMP_NOTES), "cos: could not be stunned (somebody traces it)");
    assert_contains(section(f, ZDUMP_NOTES), "not stunned\n");
}

static void test_stun_freezes_until_death(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    const pid_t pid = f->h->vmk.cos_pid;
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(kill(pid, SIGTERM), 0);
    char path[64];
    size_t len;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    char *stat_text = dump_host_read(path, &len);
    if (stat_text == NULL || len == 0) { /* procfs files have no size */
        free(stat_text);
        (void)snprintf(path, sizeof path, "cat /proc/%d/stat", (int)pid);
        run(f, path);
        stat_text = strdup(f->text);
    }
    assert_contains(stat_text, ") t "); /* tracing stop */
    free(stat_text);
}

/* ---- a COS that has gone mad ----------------------------------------------------------------- */

/* Dump what is there; whatever it is, the dump succeeds and its notes hold `note`. */
static void dump_and_expect(struct fixture *f, const char *note)
{
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    load(f);
    assert_contains(section(f, ZDUMP_NOTES), note);
    (void)on_core(f, ": %s; readelf -hlnW %s 2>&1 >/dev/null");
    assert_string_equal(f->text, "");
}

static void test_mad_task_list_that_leaves_ram(void **state)
{
    struct fixture *f = *state;
    *word(f, symbol(f, "init_task_union") + offset_of(f, "task_struct.next_task")) = 0xfffffffcu;
    dump_and_expect(f, "task list: no task at fffffffc; 1 tasks before it\n");
    assert_contains(section(f, ZDUMP_NOTES), "(pid 9173) is not in the task list\n");
    assert_contains(section(f, ZDUMP_COS_TASKS), "task pid=9173 ");
}

static void test_mad_task_list_that_circles(void **state)
{
    struct fixture *f = *state;
    const uint64_t next = offset_of(f, "task_struct.next_task");
    const uint32_t second = *word(f, symbol(f, "init_task_union") + next);
    *word(f, second + next) = second;
    dump_and_expect(f, "task list: runs in a circle through ");
    assert_contains(section(f, ZDUMP_COS_TASKS), "tasks=3\n"); /* two of it, and the current one */
}

static void test_mad_task_list_with_odd_address(void **state)
{
    struct fixture *f = *state;
    *word(f, symbol(f, "init_task_union") + offset_of(f, "task_struct.next_task")) = 0xc0900001u;
    dump_and_expect(f, "task list: no task at c0900001; 1 tasks before it\n");
}

static void test_mad_current_task(void **state)
{
    struct fixture *f = *state;
    char comm[16] = "untouched";
    uint32_t pid = 77;
    *word(f, symbol(f, "current_task")) = 0x12345678;
    assert_int_equal(dump_current_task(&f->h->vmk, comm, &pid), -1);
    assert_string_equal(comm, "untouched");
    assert_int_equal(pid, 77);
    dump_and_expect(f, "current_task 0x12345678 is no task\n");
    assert_contains(section(f, ZDUMP_SCREEN), "frame=0x0 ip=0x0 ");
}

static void test_mad_frame_and_name(void **state)
{
    struct fixture *f = *state;
    const uint32_t t = current_address(f);
    *word(f, t + offset_of(f, "task_struct.frame")) = 0xfffffff0u;
    memcpy(word(f, t + offset_of(f, "task_struct.comm")), "\x1b[2J\nEvil-no-zero", 16);
    dump_and_expect(
        f, "pid 9173 (?[2J?Evil-no-ze): its register frame at 0xfffffff0 is out of reach\n");
    assert_contains(section(f, ZDUMP_COS_TASKS), "comm=?[2J?Evil-no-ze\n (no registers)\n");
    assert_contains(section(f, ZDUMP_COS_LOG),
                    "<4>Process ?[2J?Evil-no-ze (pid: 9173): no registers\n");
}

static void test_mad_stacks_of_every_kind(void **state)
{
    struct fixture *f = *state;
    const uint64_t frame_offset = offset_of(f, "task_struct.frame");
    uint32_t x = 99;
    /* Noise over the stack of every task but the first, and noise in each register frame. */
    for (uint32_t t = 0xc0800000u; t < 0xc0800000u + 5 * 8192u; t += 8192u) {
        const uint32_t frame = *word(f, t + (uint32_t)frame_offset);
        for (uint32_t at = t + 64; at < t + 8192; at += 4) {
            x = x * 1664525u + 1013904223u;
            *word(f, at) = x % 3 == 0           ? 0xc0105000u + (x >> 8) % 1500
                           : x % 3 == 1         ? t + (x >> 8) % 8192
                           : (x >> 24) % 3 == 0 ? x
                                                : 0;
        }
        *word(f, t + (uint32_t)frame_offset) = frame;
    }
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    load(f);
    assert_contains(section(f, ZDUMP_COS_TASKS), "task pid=9173 ");
    assert_contains(section(f, ZDUMP_COS_TASKS), " enter_task+0x"); /* pid 0 was spared */
}

static void test_mad_log_pointers(void **state)
{
    struct fixture *f = *state;
    *word(f, symbol(f, "log_start")) = 5;
    *word(f, symbol(f, "log_end")) = 0x80000000u;
    dump_and_expect(f, "kernel log: 2147483643 bytes between start and end, more than it has\n");
}

static void test_noise_in_all_of_ram(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(kill(f->h->vmk.cos_pid, SIGSTOP), 0);
    uint32_t *ram = (uint32_t *)(void *)f->h->vmk.machine.ram, x = 7;
    for (uint64_t i = 0; i < f->h->vmk.machine.ram_bytes / 4; i++) {
        x = x * 1664525u + 1013904223u;
        ram[i] = x;
    }
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), 0);
    load(f);
    assert_contains(section(f, ZDUMP_SCREEN), "@BlueScreen: Lost heartbeat\n");
}

static void test_dump_without_an_image_still_paints_the_screen(void **state)
{
    struct fixture *f = *state;
    (void)strcpy(f->h->vmk.cos_path, "/dev/null");
    assert_int_equal(dump_cos_error(&f->h->vmk, "Lost heartbeat"), -1);
    assert_string_equal(f->h->vmk.note, "no cos-core: the COS's image cannot be read");
    load(f);
    assert_contains(section(f, ZDUMP_SCREEN), "@BlueScreen: Lost heartbeat\n");
    assert_contains(section(f, ZDUMP_NOTES), "the COS cannot be read: /dev/null: ");
}

/* A helper whose stack was hostile may send anything, and may die in the middle of it. */
static void test_mad_helper_is_not_believed(void **state)
{
    static struct cos_trace sent[4], got[5];
    int ends[2];
    (void)state;
    memset(got, 0xff, sizeof got);
    sent[0] = (struct cos_trace){ .end = COS_TRACE_CUT, .count = COS_FRAMES_MAX };
    sent[1] = (struct cos_trace){ .end = COS_TRACE_WHOLE, .count = COS_FRAMES_MAX + 1 };
    sent[2] = (struct cos_trace){ .end = COS_TRACE_NO_HELPER + 1, .count = 1 };
    sent[3] = (struct cos_trace){ .end = COS_TRACE_WHOLE, .count = 2 };
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], sent, sizeof sent - 1), sizeof sent - 1);
    (void)close(ends[1]);
    assert_int_equal(helper_collect(ends[0], got, 5), 3);
    (void)close(ends[0]);
    assert_int_equal(got[0].end, COS_TRACE_CUT);
    assert_int_equal(got[0].count, COS_FRAMES_MAX);
    for (uint32_t i = 1; i < 5; i++) {
        assert_int_equal(got[i].end, COS_TRACE_NO_HELPER);
        assert_int_equal(got[i].count, 0);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_dump_leaves_core_screen_and_zdump),
        T(test_dump_takes_the_time_of_the_datastore),
        T(test_dump_backtraces_every_task),
        T(test_dump_names_the_caller_of_a_call_that_never_returns),
        T(test_dump_prints_the_trace_as_the_cos_would),
        T(test_dump_registers_of_screen_core_and_frame_agree),
        T(test_dump_names_the_current_task),
        T(test_core_is_opened_by_gdb_with_every_task),
        T(test_core_is_accepted_by_readelf_and_elfutils),
        T(test_core_holds_the_ram_to_the_byte),
        T(test_core_writes_large_pieces_and_leaves_holes),
        T(test_dump_of_equal_hosts_is_equal),
        T(test_dump_of_a_dead_cos_says_not_stunned),
        T(test_dump_of_a_traced_cos_is_taken_all_the_same),
        T(test_stun_freezes_until_death),
        T(test_mad_task_list_that_leaves_ram),
        T(test_mad_task_list_that_circles),
        T(test_mad_task_list_with_odd_address),
        T(test_mad_current_task),
        T(test_mad_frame_and_name),
        T(test_mad_stacks_of_every_kind),
        T(test_mad_log_pointers),
        T(test_mad_helper_is_not_believed),
        T(test_noise_in_all_of_ram),
        T(test_dump_without_an_image_still_paints_the_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
