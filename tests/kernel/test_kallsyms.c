/* test_kallsyms.c - names of addresses, and the traces made with them [RHEL3MM 2, 3]. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/debug/kallsyms.h"

static const struct cos_machine machine = { .ram_mb = 32, .swap_slots = 1000 };

/* The table that the second link of a kernel brings. */
extern const uint32_t kallsyms_count, kallsyms_addresses[];
extern const char kallsyms_names[];
const uint32_t kallsyms_count = 4;
const uint32_t kallsyms_addresses[] = { 0xc0105000, 0xc0105040, 0xc0136a00, 0xc0137000 };
const char kallsyms_names[] = "_start\0schedule\0do_try_to_free_pages\0_etext";

extern uint64_t last_fault_address;

static union task_union task __attribute__((aligned(THREAD_SIZE)));
#define WORD(n) ((uint64_t *)(task.stack + THREAD_SIZE))[-(n)] /* the n-th from the end */

/* ---- tests ----------------------------------------------------------------------------------- */
static void test_an_address_belongs_to_the_function_that_starts_before_it(void)
{
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

static void test_what_lies_beside_the_text_has_no_name(void)
{
    static const uint64_t beside[] = { 0, 0xc0104fff, 0xc0137000, 0xffffffff, 0x1c0105000u };
    uint32_t offset = 77;
    for (unsigned i = 0; i < ARRAY_SIZE(beside); i++) {
        assert_null(lookup_symbol(beside[i], &offset, NULL));
        assert_false(kernel_text_address(beside[i]));
    }
    assert_int_equal(offset, 77);
}

static void test_a_trace_names_every_word_of_text_to_the_end_of_the_stack(void)
{
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
             "<4>Call Trace:   [<c0136a11>] do_try_to_free_pages [kernel] 0x11 (0x%08x)\n"
             "<4>[<c0105050>] schedule [kernel] 0x10 (0x%08x)\n"
             "<4>[<c0105002>] _start [kernel] 0x2 (0x%08x)\n",
             kptr_of(&WORD(6)), kptr_of(&WORD(3)), kptr_of(&WORD(1)));
    assert_string_equal(cos_log(), want);
}

static void test_a_task_that_never_ran_has_no_trace(void)
{
    show_trace(&task.task);
    assert_string_equal(cos_log(), "");
}

static void test_a_stack_shows_at_most_24_words_and_ends_with_it(void)
{
    for (uint64_t i = 1; i <= 30; i++)
        WORD(i) = i;
    show_stack_at(kptr_of(&WORD(30)));
    assert_string_equal(cos_log(),
                        "<4>Stack: 0000001e 0000001d 0000001c 0000001b 0000001a 00000019 00000018 "
                        "00000017 \n"
                        "<4>       00000016 00000015 00000014 00000013 00000012 00000011 00000010 "
                        "0000000f \n"
                        "<4>       0000000e 0000000d 0000000c 0000000b 0000000a 00000009 00000008 "
                        "00000007 \n"
                        "<4>Call Trace:   \n");
    show_stack_at(kptr_of(&WORD(2)));
    assert_string_equal(cos_log(), "<4>Stack: 00000002 00000001 \n<4>Call Trace:   \n");
}

static void test_registers_are_those_of_the_last_hand_over(void)
{
    char want[1024];
    struct task_struct *t = current;
    const kptr last_word = kptr_of(t) + THREAD_SIZE - 8;
    *PTR(uint64_t, last_word) = 0;
    t->pid = t->tgid = 20;
    t->mm = 0;
    strcopy(t->comm, "vmnixhbd", sizeof t->comm);
    strcopy(cos_params.release, "2.4.21-57.ELvmnix", sizeof cos_params.release);
    last_fault_address = 0xbfffe123;
    t->saved = (struct cos_frame){ .rax = 0xa,
                                   .rbx = 0xb,
                                   .rcx = 0xc,
                                   .rdx = 0xd,
                                   .rsi = 0x51,
                                   .rdi = 0xd1,
                                   .rbp = 0xb9,
                                   .rip = 0xc0136a22,
                                   .rflags = 0x246,
                                   .rsp = last_word,
                                   .ds = 0x68,
                                   .cs = 0x60,
                                   .ss = 0x68,
                                   .es = 0x68 };
    show_regs();
    snprintf(want, sizeof want,
             "<4>\n<4>Pid/TGid: 20/20, comm:             vmnixhbd\n"
             "<4>EIP: 0060:[<c0136a22>] CPU: 0\n"
             "<4>EIP is at do_try_to_free_pages [kernel] 0x22 (2.4.21-57.ELvmnix)\n"
             "<4> ESP: 0068:%08x EFLAGS: 00000246    Tainted: P \n"
             "<4>EAX: 0000000a EBX: 0000000b ECX: 0000000c EDX: 0000000d\n"
             "<4>ESI: 00000051 EDI: 000000d1 EBP: 000000b9 DS: 0068 ES: 0068\n"
             "<4>CR0: 8005003b CR2: bfffe123 CR3: 00101000 CR4: 000006f0\n"
             "<4>Call Trace:   \n",
             last_word);
    assert_string_equal(cos_log(), want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cos_unit_test(&machine, test_an_address_belongs_to_the_function_that_starts_before_it),
        cos_unit_test(&machine, test_what_lies_beside_the_text_has_no_name),
        cos_unit_test(&machine, test_a_trace_names_every_word_of_text_to_the_end_of_the_stack),
        cos_unit_test(&machine, test_a_task_that_never_ran_has_no_trace),
        cos_unit_test(&machine, test_a_stack_shows_at_most_24_words_and_ends_with_it),
        cos_unit_test(&machine, test_registers_are_those_of_the_last_hand_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
