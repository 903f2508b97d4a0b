/* test_core.c - reading a cos-core: by its note alone, and however damaged it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/core_all.h"
#include "tests/lib/mini_core.h"
#include "tools/core/core_model.h"

struct fixture {
    struct mini_core mini;
    struct core *core;
    struct cos_tasks tasks;
    struct err err;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    mini_core_build(&f.mini);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    cos_tasks_free(&f->tasks);
    core_close(f->core);
    return 0;
}

static void open_it(struct fixture *f)
{
    const int status = core_from_bytes("mini", f->mini.bytes, f->mini.size, &f->core, &f->err);
    if (status != 0)
        fail_msg("%s", f->err.text);
    assert_int_equal(core_tasks_load(f->core, &f->tasks), 0);
}

static bool has_problem(const struct core *c, const char *words)
{
    for (uint32_t i = 0; i < c->problems.count; i++) {
        if (strstr(c->problems.line[i], words) != NULL)
            return true;
    }
    for (uint32_t i = 0; i < c->problems.count; i++)
        print_message("problem: %s\n", c->problems.line[i]);
    return false;
}

/* ---- what a sound core says ------------------------------------------------------------------ */

static void test_core_sound_has_no_problem(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    for (uint32_t i = 0; i < f->core->problems.count; i++)
        print_message("problem: %s\n", f->core->problems.line[i]);
    assert_int_equal(f->core->problems.count, 0);
    assert_string_equal(f->core->release, "2.4.21-mini");
    assert_true(f->core->stunned);
    assert_int_equal(core_missing(f->core), 0);
}

static void test_core_tasks_come_in_list_order_with_their_registers(void **state)
{
    struct fixture *f = *state;
    static const uint32_t pids[] = { 0, 1, 20, 7 };
    open_it(f);
    assert_int_equal(f->tasks.count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        const struct cos_task *t = &f->tasks.task[i];
        assert_int_equal(t->pid, pids[i]);
        assert_int_equal(t->has_regs, pids[i] != 7); /* kswapd never ran */
        assert_int_equal(t->regs.rip, pids[i] != 7 ? MINI_F1 + 4 : 0);
        assert_int_equal(t->current, i == 0);
    }
    assert_string_equal(f->tasks.task[2].comm, "vmnixhbd");
    assert_int_equal(f->tasks.task[2].rss, 3);
    assert_int_equal(f->tasks.task[1].state, COS_UNINTERRUPTIBLE);
}

static void test_core_page_tables_are_counted_by_kind(void **state)
{
    struct fixture *f = *state;
    struct core_mm_pages p;
    struct core_vma *vmas;
    open_it(f);
    core_mm_count(f->core, MINI_MM, &p);
    assert_int_equal(p.present, 3);
    assert_int_equal(p.swapped, 2);
    assert_int_equal(p.zero, 1);
    assert_int_equal(p.tables, 3);
    assert_int_equal(p.bad, 0);
    assert_int_equal(core_vmas_load(f->core, MINI_MM, &vmas), 2);
    assert_int_equal(vmas[1].start, 0x08058000);
    free(vmas);
}

static void test_core_zones_lists_and_counters_agree(void **state)
{
    struct fixture *f = *state;
    struct core_zones z;
    struct core_frames frames;
    struct core_frame_sum sum;
    struct core_mem m;
    open_it(f);
    core_zones_load(f->core, &z);
    assert_int_equal(z.count, 2);
    assert_string_equal(z.zone[1].name, "Normal");
    assert_int_equal(z.zone[1].anon[3], 3);
    assert_int_equal(core_zone_walk_free(f->core, &z.zone[1], 1), 1);
    assert_int_equal(core_zone_walk_list(f->core, &z.zone[1], "inactive_dirty_list"), 0);
    core_frames_init(f->core, &frames);
    core_frames_sum(&frames, &sum);
    assert_int_equal(frames.count, MINI_FRAMES);
    assert_int_equal(sum.free, 2);
    assert_int_equal(sum.anon, 3);
    core_mem_load(f->core, &m);
    assert_int_equal(m.free, sum.free);
    assert_int_equal(f->core->problems.count, 0);
}

static void test_core_swap_map_is_counted(void **state)
{
    struct fixture *f = *state;
    struct core_swap s;
    open_it(f);
    core_swap_count(f->core, &s);
    assert_true(s.counted);
    assert_int_equal(s.slots, 10);
    assert_int_equal(s.used, 2);
}

static void test_core_run_queue_names_the_runnable_task(void **state)
{
    struct fixture *f = *state;
    struct core_queued *q;
    open_it(f);
    assert_int_equal(core_runq_load(f->core, &q), 1);
    assert_int_equal(q[0].task, MINI_TASK(2));
    assert_int_equal(q[0].prio, 117);
    assert_false(q[0].expired);
    free(q);
}

static void test_core_wait_queue_gets_the_name_of_its_symbol(void **state)
{
    struct fixture *f = *state;
    struct core_wait w;
    open_it(f);
    core_wait_of(f->core, &f->tasks.task[1], &w);
    assert_int_equal(w.kind, CORE_WAIT_QUEUE);
    assert_string_equal(w.name, "request_wait+8");
}

static void test_core_log_is_put_in_order_when_it_wrapped(void **state)
{
    struct fixture *f = *state;
    for (uint32_t i = 0; i < MINI_LOG_LEN; i += 4)
        mini_put32(&f->mini, MINI_LOG + i, 0x64636261);       /* "abcd" */
    mini_put32(&f->mini, MINI_VARS + 0x24, MINI_LOG_LEN + 2); /* start: "cdab..." */
    mini_put32(&f->mini, MINI_VARS + 0x28, MINI_LOG_LEN + 10);
    open_it(f);
    char *log = cosview_log(&f->core->view);
    assert_string_equal(log, "cdabcdab");
    free(log);
}

static void test_core_stack_is_unwound_by_the_tables_in_the_core(void **state)
{
    struct fixture *f = *state;
    struct cos_trace t;
    open_it(f);
    struct cosview_unwinder *u =
        cosview_unwinder_create(&f->core->view, f->core->phdr_va, f->core->phdr_count);
    cosview_unwind(u, &f->tasks.task[2], &t);
    assert_int_equal(t.end, COS_TRACE_WHOLE);
    assert_int_equal(t.count, 2);
    uint64_t offset = 0;
    assert_string_equal(cos_trace_function(&f->core->view, &t, 0, NULL), "schedule");
    assert_string_equal(cos_trace_function(&f->core->view, &t, 1, &offset), "task_start");
    assert_int_equal(offset, 8);
    cosview_unwind(u, &f->tasks.task[3], &t);
    assert_int_equal(t.end, COS_TRACE_NONE);
    cosview_unwinder_destroy(u);
}

static void test_core_symbol_of_two_places_is_no_symbol(void **state)
{
    struct fixture *f = *state;
    uint64_t at = 77;
    open_it(f);
    assert_false(cosview_symbol(&f->core->view, "twice", &at));
    assert_int_equal(at, 77);
    assert_true(cosview_symbol(&f->core->view, "mem_map", &at));
    assert_int_equal(at, MINI_VARS);
}

/* ---- gzip ------------------------------------------------------------------------------------ */

static uint32_t compress_it(unsigned char *from, size_t size, unsigned char *to, uint32_t room)
{
    struct isal_zstream z;
    isal_deflate_init(&z);
    z.gzip_flag = IGZIP_GZIP;
    z.end_of_stream = 1;
    z.next_in = from;
    z.avail_in = (uint32_t)size;
    z.next_out = to;
    z.avail_out = room;
    assert_int_equal(isal_deflate(&z), COMP_OK);
    assert_int_equal(z.avail_in, 0);
    return room - z.avail_out;
}

static void test_core_gzip_reads_like_the_plain_one(void **state)
{
    struct fixture *f = *state;
    static unsigned char gz[MINI_ROOM];
    const uint32_t len = compress_it(f->mini.bytes, f->mini.size, gz, sizeof gz);
    assert_int_equal(core_from_bytes("mini.gz", gz, len, &f->core, &f->err), 0);
    assert_int_equal(f->core->size, f->mini.size);
    assert_memory_equal(f->core->bytes, f->mini.bytes, f->mini.size);
    assert_int_equal(f->core->problems.count, 0);
}

static void test_core_gzip_that_is_cut_gives_what_came_before(void **state)
{
    struct fixture *f = *state;
    static unsigned char gz[MINI_ROOM];
    const uint32_t len = compress_it(f->mini.bytes, f->mini.size, gz, sizeof gz);
    uint32_t opened = 0;
    for (uint32_t cut = 2; cut < len; cut += len / 16) {
        struct core *c = NULL;
        if (core_from_bytes("mini.gz", gz, cut, &c, &f->err) != 0)
            continue;
        opened++;
        assert_true(has_problem(c, "gzip"));
        assert_memory_equal(c->bytes, f->mini.bytes, c->size);
        core_close(c);
    }
    assert_in_range(opened, 4, 16);
}

/* A small file that inflates to more than a core can have: the mini core, then zeros. */
static void test_core_gzip_that_inflates_without_end_is_cut(void **state)
{
    struct fixture *f = *state;
    enum { ZEROS = 64 << 20, MEMBERS = CORE_FILE_MAX / ZEROS };
    unsigned char *zeros = calloc(1, ZEROS), *gz = malloc(MINI_ROOM + MEMBERS * (ZEROS / 64));
    assert_true(zeros != NULL && gz != NULL);
    uint32_t len = compress_it(f->mini.bytes, f->mini.size, gz, MINI_ROOM);
    const uint32_t member = compress_it(zeros, ZEROS, gz + len, ZEROS / 64);
    for (uint32_t i = 1; i < MEMBERS; i++)
        memcpy(gz + len + i * member, gz + len, member);
    len += MEMBERS * member;
    assert_int_equal(core_from_bytes("mini.gz", gz, len, &f->core, &f->err), 0);
    assert_true(has_problem(f->core, "inflates to more than"));
    assert_in_range(f->core->size, CORE_FILE_MAX - ZEROS, CORE_FILE_MAX);
    free(zeros);
    free(gz);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void test_core_headers_that_make_no_sense_are_refused_in_one_line(void **state)
{
    struct fixture *f = *state;
    static const struct {
        size_t at;
        unsigned char byte;
        const char *words;
    } bad[] = {
        { 0, 'X', "neither an ELF file nor a gzip one" },
        { EI_CLASS, ELFCLASS32, "not of a 64-bit x86 machine" },
        { EI_DATA, ELFDATA2MSB, "not of a 64-bit x86 machine" },
        { offsetof(Elf64_Ehdr, e_machine), EM_386, "not of a 64-bit x86 machine" },
        { offsetof(Elf64_Ehdr, e_type), ET_EXEC, "is no core" },
        { offsetof(Elf64_Ehdr, e_phentsize), 55, "program headers of 55 bytes" },
        { offsetof(Elf64_Ehdr, e_phnum), 0, "no LOSTBEAT note" },
        { offsetof(Elf64_Ehdr, e_phoff) + 4, 1, "no LOSTBEAT note" },
        { sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_type), PT_NULL, "no LOSTBEAT note" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct core *c = NULL;
        mini_core_build(&f->mini);
        f->mini.bytes[bad[i].at] = bad[i].byte;
        const int status = core_from_bytes("mini", f->mini.bytes, f->mini.size, &c, &f->err);
        assert_int_equal(status, ERR_SYNTAX);
        assert_null(c);
        if (strstr(f->err.text, bad[i].words) == NULL || strncmp(f->err.text, "mini: ", 6) != 0 ||
            strchr(f->err.text, '\n') != NULL)
            fail_msg("byte %zu: \"%s\"", bad[i].at, f->err.text);
    }
}

static void test_core_that_is_cut_says_what_is_missing(void **state)
{
    struct fixture *f = *state;
    f->mini.size = f->mini.ram_at + 0x21600; /* mem_map's middle */
    open_it(f);
    assert_true(has_problem(f->core, "the file is cut"));
    assert_int_equal(core_missing(f->core), MINI_RAM - 0x21600);
    assert_int_equal(f->tasks.count, 4);
    struct core_mm_pages p;
    core_mm_count(f->core, MINI_MM, &p); /* mm, tables and frames lie behind the cut */
    assert_int_equal(p.present, 0);
    struct core_frames frames;
    core_frames_init(f->core, &frames);
    assert_int_equal(frames.count, 0x1600 / MINI_PAGE_BYTES);
}

static void test_core_task_list_in_a_circle_ends_and_is_told(void **state)
{
    struct fixture *f = *state;
    mini_put32(&f->mini, MINI_TASK(3) + MINI_NEXT_TASK, MINI_TASK(1));
    open_it(f);
    assert_true(has_problem(f->core, "runs in a circle"));
    assert_false(f->tasks.whole);
    assert_int_equal(f->tasks.count, 4); /* each once, though the circle was walked more often */
    for (uint32_t pid = 0; pid < 2; pid++)
        assert_non_null(cos_task_by_pid(&f->tasks, pid));
    assert_non_null(cos_task_by_pid(&f->tasks, 20));
}

static void test_core_tasks_behind_a_broken_link_are_found_by_their_stacks(void **state)
{
    struct fixture *f = *state;
    mini_put32(&f->mini, MINI_TASK(0) + MINI_NEXT_TASK, 0x1234);
    open_it(f);
    assert_true(has_problem(f->core, "found by their stacks"));
    const struct cos_task *t = cos_task_by_pid(&f->tasks, 20);
    assert_non_null(t);
    assert_string_equal(t->comm, "vmnixhbd");
    assert_null(cos_task_by_pid(&f->tasks, 7)); /* it never ran: no stack pointer leads to it */
}

static void test_core_counters_against_lists_are_told(void **state)
{
    struct fixture *f = *state;
    struct core_queued *q;
    struct core_mem m;
    mini_put32(&f->mini, MINI_ARRAY(0), 9);
    mini_put32(&f->mini, MINI_VARS + 16, 11); /* free swap slots */
    open_it(f);
    assert_int_equal(core_runq_load(f->core, &q), 1);
    assert_true(has_problem(f->core, "the active array counts 9 tasks, but 1 are queued"));
    free(q);
    core_mem_load(f->core, &m);
    assert_true(has_problem(f->core, "swap slots free cannot be"));
}

static void test_core_registers_that_differ_from_the_saved_frame_are_told(void **state)
{
    struct fixture *f = *state;
    mini_put32(&f->mini, MINI_TASK(1) + 36, MINI_TASK(1) + 4096);
    open_it(f);
    assert_true(has_problem(f->core, "task 1 (init): registers"));
}

static void test_core_number_beyond_reason_is_not_used(void **state)
{
    struct fixture *f = *state;
    struct core_zones z;
    mini_edit_note(&f->mini, "NUMBER(zones)=2", "NUMBER(zones)=9");
    open_it(f);
    core_zones_load(f->core, &z);
    assert_int_equal(z.count, 2);
    assert_true(has_problem(f->core, "NUMBER(zones) is 9"));
}

/* Every byte of headers and notes, and words all over the structures, take values that hurt. */
static void test_core_survives_any_byte_of_its_headers_and_note(void **state)
{
    struct fixture *f = *state;
    static const unsigned char values[] = { 0x00, 0xff };
    for (size_t at = 0; at < f->mini.text_at; at += at < 256 ? 1 : 13) {
        const unsigned char was = f->mini.bytes[at];
        for (size_t i = 0; i < sizeof values; i++) {
            f->mini.bytes[at] = values[i];
            f->err.text[0] = '\0';
            if (core_all(f->mini.bytes, f->mini.size, &f->err) != 0)
                assert_true(strncmp(f->err.text, "core: ", 6) == 0 &&
                            strchr(f->err.text, '\n') == NULL);
        }
        f->mini.bytes[at] = was;
    }
}

static void test_core_survives_any_word_of_its_structures(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint32_t from, to, step;
    } parts[] = { { MINI_TASK(0), MINI_TASK(0) + 96, 4 },
                  { MINI_TASK(2), MINI_TASK(2) + 96, 4 },
                  { MINI_RUNQ, MINI_RUNQ + 64, 4 },
                  { MINI_ZONES + MINI_ZONE_BYTES, MINI_ZONES + MINI_ZONE_BYTES + 540, 8 },
                  { MINI_VARS, MINI_VARS + 0xa0, 4 },
                  { MINI_MM, MINI_MM + 0x160, 4 },
                  { MINI_BASE + MINI_PGD, MINI_BASE + MINI_PGD + 32, 4 },
                  { MINI_CACHES, MINI_CACHES + 128, 4 } };
    static const uint32_t values[] = { 0, UINT32_MAX, MINI_BASE + MINI_RAM - 2, MINI_TASK(1) };
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        for (uint32_t at = parts[p].from; at < parts[p].to; at += parts[p].step) {
            uint32_t was;
            memcpy(&was, f->mini.bytes + f->mini.ram_at + (at - MINI_BASE), sizeof was);
            for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
                mini_put32(&f->mini, at, values[i]);
                assert_int_equal(core_all(f->mini.bytes, f->mini.size, &f->err), 0);
            }
            mini_put32(&f->mini, at, was);
        }
    }
}

static void test_core_survives_any_unwind_table(void **state)
{
    struct fixture *f = *state;
    for (size_t at = f->mini.text_at; at < f->mini.text_at + 0x360; at++) {
        const unsigned char was = f->mini.bytes[at];
        for (unsigned i = 0; i < 256; i += 15) {
            struct cos_trace t;
            f->mini.bytes[at] = (unsigned char)i;
            open_it(f);
            struct cosview_unwinder *u =
                cosview_unwinder_create(&f->core->view, f->core->phdr_va, f->core->phdr_count);
            cosview_unwind(u, &f->tasks.task[2], &t);
            assert_in_range(t.count, 1, COS_FRAMES_MAX);
            cosview_unwinder_destroy(u);
            cos_tasks_free(&f->tasks);
            core_close(f->core);
            f->core = NULL;
        }
        f->mini.bytes[at] = was;
    }
}

static void test_core_survives_a_cut_anywhere(void **state)
{
    struct fixture *f = *state;
    uint32_t opened = 0;
    for (size_t size = 0; size < f->mini.size; size += size < f->mini.ram_at ? 97 : 4096 * 5) {
        unsigned char *exact = malloc(size + 1); /* so that a sanitizer sees each byte too far */
        memcpy(exact, f->mini.bytes, size);
        opened += core_all(exact, size, &f->err) == 0;
        free(exact);
    }
    assert_true(opened > 40);
}

static void test_core_does_without_any_one_line_of_its_note(void **state)
{
    struct fixture *f = *state;
    char *note = (char *)f->mini.bytes + f->mini.note_at;
    for (size_t at = 0; at < f->mini.note_len;) {
        const size_t n = (size_t)((char *)memchr(note + at, '\n', f->mini.note_len - at) - note);
        const char was = note[at];
        note[at] = '='; /* a line without a key */
        assert_int_equal(core_all(f->mini.bytes, f->mini.size, &f->err), 0);
        note[at] = was;
        at = n + 1;
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_core_sound_has_no_problem),
        T(test_core_tasks_come_in_list_order_with_their_registers),
        T(test_core_page_tables_are_counted_by_kind),
        T(test_core_zones_lists_and_counters_agree),
        T(test_core_swap_map_is_counted),
        T(test_core_run_queue_names_the_runnable_task),
        T(test_core_wait_queue_gets_the_name_of_its_symbol),
        T(test_core_log_is_put_in_order_when_it_wrapped),
        T(test_core_stack_is_unwound_by_the_tables_in_the_core),
        T(test_core_symbol_of_two_places_is_no_symbol),
        T(test_core_gzip_reads_like_the_plain_one),
        T(test_core_gzip_that_is_cut_gives_what_came_before),
        T(test_core_gzip_that_inflates_without_end_is_cut),
        T(test_core_headers_that_make_no_sense_are_refused_in_one_line),
        T(test_core_that_is_cut_says_what_is_missing),
        T(test_core_task_list_in_a_circle_ends_and_is_told),
        T(test_core_tasks_behind_a_broken_link_are_found_by_their_stacks),
        T(test_core_counters_against_lists_are_told),
        T(test_core_registers_that_differ_from_the_saved_frame_are_told),
        T(test_core_number_beyond_reason_is_not_used),
        T(test_core_survives_any_byte_of_its_headers_and_note),
        T(test_core_survives_any_word_of_its_structures),
        T(test_core_survives_any_unwind_table),
        T(test_core_survives_a_cut_anywhere),
        T(test_core_does_without_any_one_line_of_its_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
