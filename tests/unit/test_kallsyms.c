/* test_kallsyms.c - names of addresses, and the traces made with them [RHEL3MM 2, 3].
 * links: cos/kernel/debug/kallsyms.c cos/kernel/arch/lib.c -no-pie -Wl,-Ttext-segment=0x60000000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cos/kernel/debug/kallsyms.h"

/* The table that the second link of a kernel brings. */
extern const uint32_t kallsyms_count, kallsyms_addresses[];
extern const char kallsyms_names[];
const uint32_t kallsyms_count = 4;
const uint32_t kallsyms_addresses[] = { 0xc0105000, 0xc0105040, 0xc0136a00, 0xc0137000 };
const char kallsyms_names[] = "_start\0schedule\0do_try_to_free_pages\0_etext";

/* ---- what kallsyms.c uses of the kernel ------------------------------------------------------ */
kptr current_task;
uint64_t last_fault_address = 0xbfffe123;
static struct boot_params params = { .release = "2.4.21-57.ELvmnix" };
const struct boot_params *boot_params = &params;
static char said[2048];

void printk(const char *format, ...)
{
    const size_t len = strlen(said);
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(said + len, sizeof said - len, format, ap);
    va_end(ap);
    assert_true(n >= 0 && len + (size_t)n < sizeof said);
}

void model_bug(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    __builtin_trap();
}

static union task_union task __attribute__((aligned(THREAD_SIZE)));
#define WORD(n) ((uint64_t *)(task.stack + THREAD_SIZE))[-(n)] /* the n-th from the end */

static int setup(void **state)
{
    (void)state;
    memset(&task, 0, sizeof task);
    memset(said, 0, sizeof said);
    current_task = kptr_of(&task);
    return 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */
static void test_an_address_belongs_to_the_function_that_starts_before_it(void **state)
{
    (void)state;
    uint32_t offset = 0, size = 0;
    assert_string_equal(lookup_symbol(0xc0105000, &offset, &size), "_start");
    assert_int_equal(offset, 0);
    assert_int_equal(size, 0x40);
    assert_string_equal(lookup_symbol(0xc010503f, &offset, NULL), "_start");
    assert_int_equal(offset, 0x3f);
    assert_string_equal(lookup_symbol(0xc0105040, &offset, NULL), "schedule");
    assert_int_equal(offset, 0);
    assert_string_equal(lookup_symbol(0xc0136fff, &offset, &size), "do_try_to_free_pages");
    assert_int_equal(offset, 0x5ff);
    assert_int_equal(size, 0x600);
}

static void test_what_lies_beside_the_text_has_no_name(void **state)
{
    (void)state;
    static const uint64_t beside[] = { 0, 0xc0104fff, 0xc0137000, 0xffffffff, 0x1c0105000u };
    uint32_t offset = 77;
    for (unsigned i = 0; i < ARRAY_SIZE(beside); i++) {
        assert_null(lookup_symbol(beside[i], &offset, NULL));
        assert_false(kernel_text_address(beside[i]));
    }
    assert_int_equal(offset, 77);
}

static void test_a_trace_names_every_word_of_text_to_the_end_of_the_stack(void **state)
{
    (void)state;
    char want[512];
    static struct cos_frame frame;
    frame.rsp = kptr_of(&WORD(6));
    task.task.frame = kptr_of(&frame);
    WORD(7) = 0xc0105001; /* below the stack pointer */
    WORD(6) = 0xc0136a11;
    WORD(5) = 0x1c0136a11u; /* only its low half looks like text */
    WORD(3) = 0xc0105050;
    WORD(1) = 0xc0105002;
    show_trace(&task.task);
    snprintf(want, sizeof want,
             "Call Trace:   [<c0136a11>] do_try_to_free_pages [kernel] 0x11 (0x%08x)\n"
             "[<c0105050>] schedule [kernel] 0x10 (0x%08x)\n"
             "[<c0105002>] _start [kernel] 0x2 (0x%08x)\n",
             kptr_of(&WORD(6)), kptr_of(&WORD(3)), kptr_of(&WORD(1)));
    assert_string_equal(said, want);
}

static void test_a_task_that_never_ran_has_no_trace(void **state)
{
    (void)state;
    show_trace(&task.task);
    assert_string_equal(said, "");
}

static void test_a_stack_shows_at_most_24_words_and_ends_with_it(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 30; i++)
        WORD(i) = i;
    show_stack_at(kptr_of(&WORD(30)));
    assert_string_equal(said,
                        "Stack: 0000001e 0000001d 0000001c 0000001b 0000001a 00000019 00000018 "
                        "00000017 \n"
                        "       00000016 00000015 00000014 00000013 00000012 00000011 00000010 "
                        "0000000f \n"
                        "       0000000e 0000000d 0000000c 0000000b 0000000a 00000009 00000008 "
                        "00000007 \n"
                        "Call Trace:   \n");
    memset(said, 0, sizeof said);
    show_stack_at(kptr_of(&WORD(2)));
    assert_string_equal(said, "Stack: 00000002 00000001 \nCall Trace:   \n");
}

static void test_registers_are_those_of_the_last_hand_over(void **state)
{
    (void)state;
    task.task.pid = task.task.tgid = 20;
    strcopy(task.task.comm, "vmnixhbd", sizeof task.task.comm);
    task.task.saved = (struct cos_frame){ .rax = 0xa,
                                          .rbx = 0xb,
                                          .rcx = 0xc,
                                          .rdx = 0xd,
                                          .rsi = 0x51,
                                          .rdi = 0xd1,
                                          .rbp = 0xb9,
                                          .rip = 0xc0136a22,
                                          .rflags = 0x246,
                                          .rsp = kptr_of(&WORD(1)),
                                          .ds = 0x68,
                                          .es = 0x68 };
    char want[1024];
    show_regs();
    snprintf(want, sizeof want,
             "\nPid/TGid: 20/20, comm:             vmnixhbd\n"
             "EIP: 0060:[<c0136a22>] CPU: 0\n"
             "EIP is at do_try_to_free_pages [kernel] 0x22 (2.4.21-57.ELvmnix)\n"
             " ESP: 0068:%08x EFLAGS: 00000246    Tainted: P \n"
             "EAX: 0000000a EBX: 0000000b ECX: 0000000c EDX: 0000000d\n"
             "ESI: 00000051 EDI: 000000d1 EBP: 000000b9 DS: 0068 ES: 0068\n"
             "CR0: 8005003b CR2: bfffe123 CR3: 00101000 CR4: 000006f0\n"
             "Call Trace:   \n",
             kptr_of(&WORD(1)));
    assert_string_equal(said, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_address_belongs_to_the_function_that_starts_before_it,
                               setup),
        cmocka_unit_test_setup(test_what_lies_beside_the_text_has_no_name, setup),
        cmocka_unit_test_setup(test_a_trace_names_every_word_of_text_to_the_end_of_the_stack,
                               setup),
        cmocka_unit_test_setup(test_a_task_that_never_ran_has_no_trace, setup),
        cmocka_unit_test_setup(test_a_stack_shows_at_most_24_words_and_ends_with_it, setup),
        cmocka_unit_test_setup(test_registers_are_those_of_the_last_hand_over, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
