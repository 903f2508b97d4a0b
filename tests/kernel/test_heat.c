/* test_heat.c - working sets: what looks find, when absent pages are missed, and what it costs. */
#include "tests/kernel/cos_harness.h"

#include "cos/kernel/mm/heat.h"
#include "cos/kernel/mm/heat_math.h"

#define HEAP 0x60000000u
#define FILE_AT 0x44000000u
#define PAGES 2048u
#define GAP SECONDS(100)

static const struct cos_machine roomy = { .ram_mb = 64, .swap_slots = 4000 };
static const struct cos_machine small = { .ram_mb = 32, .swap_slots = 4000 };

/* ---- figures --------------------------------------------------------------------------------- */
#define Q24(x) ((uint64_t)((x) * (double)(1 << 24)))
#define Q32(x) ((uint64_t)((x)*4294967296.0))
#define Q56(x) ((uint64_t)((x)*72057594037927936.0))

static void assert_near(uint64_t got, uint64_t want, uint64_t off)
{
    assert_in_range(got, want > off ? want - off : 0, want + off);
}

static void test_probability_and_exponential_are_those_of_tables(void **state)
{
    static const struct {
        double x, p;
    } used[] = { { 0, 0 },
                 { 0.0001, 0.00009999500 },
                 { 0.01, 0.00995016625 },
                 { 0.5, 0.3934693403 },
                 { 1, 0.6321205588 },
                 { 3.7, 0.9752764736 },
                 { 12, 0.9999938558 },
                 { 16, 1 },
                 { 100000, 1 } };
    static const struct {
        double u, x;
    } drawn[] = { { 0.999999, 0.0000010000 },
                  { 0.9, 0.1053605157 },
                  { 0.5, 0.6931471806 },
                  { 0.37, 0.9942522733 },
                  { 0.001, 6.9077552790 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(used); i++)
        assert_near(heat_used_probability(Q24(used[i].x)), Q32(used[i].p), 1000);
    for (size_t i = 0; i < ARRAY_SIZE(drawn); i++)
        assert_near(heat_exponential((uint64_t)(drawn[i].u * 18446744073709551615.0)),
                    Q56(drawn[i].x), Q56(0.000001));
    assert_in_range(heat_exponential(0), Q56(40), Q56(46));
}

/* ---- looks ----------------------------------------------------------------------------------- */
static struct mm_struct *my_mm(void)
{
    return PTR(struct mm_struct, current->mm);
}

static void map_heap(uint32_t pages, bool touch)
{
    assert_int_equal(
        do_mmap(my_mm(), HEAP, pages * PAGE_SIZE, VM_READ | VM_WRITE | VM_HEAP, NULL, 0), 0);
    for (uint32_t i = 0; touch && i < pages; i++)
        assert_true(user_account(HEAP + i * PAGE_SIZE, true));
}

static void use_heap(uint32_t pages, uint64_t gap_ns, bool write)
{
    const struct heat_class c = { .start = HEAP,
                                  .end = HEAP + pages * PAGE_SIZE,
                                  .gap_ns = gap_ns,
                                  .write = write,
                                  .every = true };
    assert_true(heat_set(my_mm(), &c, 1));
}

static void rest(uint64_t ns)
{
    heat_run();
    cos_sleep(ns);
    heat_stop();
}

static struct page *page_at(uint32_t address)
{
    const uint64_t *ptep = pte_lookup(my_mm(), address);
    return ptep != NULL && (*ptep & PTE_PRESENT) ? pte_page(*ptep) : NULL;
}

/* @return how many of the pages were used since the last look */
static uint32_t look(uint32_t from, uint32_t pages)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < pages; i++)
        used += heat_touched(page_at(from + i * PAGE_SIZE));
    return used;
}

static void test_as_many_are_found_used_as_an_exponential_says(void)
{
    static const struct {
        uint32_t percent, used; /* of the gap; of 2048, 1 - exp(-percent/100) */
    } table[] = { { 1, 20 }, { 10, 195 }, { 50, 806 }, { 100, 1295 }, { 300, 1946 } };
    map_heap(PAGES, true);
    use_heap(PAGES, GAP, false);
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        rest(GAP / 100 * table[i].percent);
        assert_near(look(HEAP, PAGES), table[i].used, 90); /* 4 sigma of the widest */
        assert_int_equal(look(HEAP, PAGES), 0);
    }
    rest(GAP * 30);
    assert_int_equal(look(HEAP, PAGES), PAGES);
}

static void test_who_does_not_rest_uses_nothing(void)
{
    map_heap(PAGES, true);
    cos_sleep(GAP);
    use_heap(PAGES, GAP, false);
    cos_sleep(GAP * 10);
    assert_int_equal(look(HEAP, PAGES), 0);
    rest(GAP);
    assert_true(look(HEAP, PAGES) > 1000);
    cos_sleep(GAP * 10);
    assert_int_equal(look(HEAP, PAGES), 0);
}

static void test_a_class_has_runs_of_its_range(void)
{
    const struct heat_class c = { .start = HEAP, .end = HEAP + 64 * PAGE_SIZE, .gap_ns = GAP };
    map_heap(PAGES, true);
    assert_true(heat_set(my_mm(), &c, 1));
    rest(GAP * 30);
    for (uint32_t i = 0; i < 80; i++)
        assert_int_equal(heat_touched(page_at(HEAP + i * PAGE_SIZE)), i < 64 && i % 8 < 4);
}

static void test_reclaim_sees_a_use_as_a_reference_and_a_write_as_dirt(void)
{
    uint32_t dirty = 0;
    map_heap(PAGES, true);
    use_heap(PAGES, GAP, true);
    for (uint32_t i = 0; i < PAGES; i++) {
        (void)page_referenced(page_at(HEAP + i * PAGE_SIZE));
        *pte_lookup(my_mm(), HEAP + i * PAGE_SIZE) &= ~(uint64_t)PTE_DIRTY;
    }
    rest(GAP * 30);
    for (uint32_t i = 0; i < PAGES; i++) {
        assert_true(page_referenced(page_at(HEAP + i * PAGE_SIZE)));
        dirty += (*pte_lookup(my_mm(), HEAP + i * PAGE_SIZE) & PTE_DIRTY) != 0;
    }
    assert_near(dirty, PAGES / 2, 90);
}

static void test_who_shares_pages_since_a_fork_uses_them_by_hand_only(void)
{
    map_heap(16, true);
    use_heap(16, GAP, false);
    struct mm_struct *child = dup_mm();
    rest(GAP * 30);
    assert_int_equal(look(HEAP, 16), 0);
    child->owner = 0;
    exit_mmap(child);
    assert_int_equal(look(HEAP, 16), 0);
    rest(GAP * 30);
    assert_int_equal(look(HEAP, 16), 16);
}

/* ---- a file that two use --------------------------------------------------------------------- */
static void map_file(bool touch)
{
    struct address_space *f = file_mapping("/usr/lib/libtest.so", PAGES);
    assert_int_equal(do_mmap(my_mm(), FILE_AT, PAGES * PAGE_SIZE, VM_READ, f, 0), 0);
    for (uint32_t i = 0; touch && i < PAGES; i++)
        assert_true(user_account(FILE_AT + i * PAGE_SIZE, false));
}

static void use_file(void)
{
    const struct heat_class c = {
        .start = FILE_AT, .end = FILE_AT + PAGES * PAGE_SIZE, .gap_ns = GAP, .every = true
    };
    assert_true(heat_set(my_mm(), &c, 1));
}

static int other_user(struct program *p)
{
    (void)p;
    map_file(true);
    use_file();
    rest(GAP);
    return 0;
}

static void test_uses_of_a_file_are_those_of_all_who_rest(void)
{
    map_file(true);
    use_file();
    rest(GAP / 2);
    assert_near(look(FILE_AT, PAGES), 806, 90);
    (void)cos_child("other", 0, other_user);
    cos_sleep(GAP / 20); /* it has started by then, and rests */
    (void)look(FILE_AT, PAGES);
    rest(GAP / 4);
    assert_near(look(FILE_AT, PAGES), 806, 90); /* half a gap of uses, by two */
    cos_wait_all();
}

/* ---- absent pages ---------------------------------------------------------------------------- */
/* Rest for `ns`; what is missed stays missed unless it is brought in. @return uses of absent
 * pages */
static uint32_t missed(uint64_t ns, bool bring)
{
    const uint64_t end = cos_clock.now_ns + ns;
    uint32_t n = 0, address;
    bool write;
    while (cos_clock.now_ns < end) {
        heat_run();
        (void)heat_sleep_until(end);
        while (heat_fault_due(&address, &write)) {
            assert_null(page_at(address & ~(PAGE_SIZE - 1)));
            assert_int_equal(address % 4, 0);
            if (bring)
                assert_true(user_account(address, write));
            n++;
        }
    }
    heat_stop();
    return n;
}

static void test_absent_pages_are_missed_at_their_number_times_their_rate(void)
{
    map_heap(PAGES, false);
    use_heap(PAGES, GAP, false);
    assert_near(missed(GAP, false), PAGES, 190);
    for (uint32_t i = 0; i < PAGES; i += 2)
        assert_true(user_account(HEAP + i * PAGE_SIZE, true));
    assert_near(missed(GAP, false), PAGES / 2, 130);
    cos_sleep(GAP);
    assert_near(missed(GAP, true), 647, 80); /* each once, 1 - 1/e of 1024 */
    assert_near(missed(GAP * 30, true), 1024 - 647, 80);
    assert_int_equal(missed(GAP * 30, true), 0);
}

static void test_classes_are_missed_by_their_rates(void)
{
    const uint32_t middle = HEAP + PAGES / 2 * PAGE_SIZE, end = HEAP + PAGES * PAGE_SIZE;
    const struct heat_class c[] = {
        { .start = HEAP, .end = middle, .gap_ns = GAP, .every = true },
        { .start = HEAP, .end = end, .gap_ns = GAP * 4, .every = true, .write = true }
    };
    uint32_t of[2] = { 0 }, writes = 0, address;
    bool write;
    map_heap(PAGES, false);
    assert_true(heat_set(my_mm(), c, 2));
    for (uint32_t i = 0; i < 2000; i++) {
        heat_run();
        while (!heat_sleep_until(UINT64_MAX))
            ;
        assert_true(heat_fault_due(&address, &write));
        of[address >= middle]++;
        writes += write;
    }
    assert_near(of[1], 400, 75);
    assert_near(writes, of[1] / 2, 45);
}

static void test_too_many_classes_are_refused(void)
{
    struct heat_class c[HEAT_CLASSES + 1];
    map_heap(16, false);
    for (uint32_t i = 0; i < ARRAY_SIZE(c); i++)
        c[i] = (struct heat_class){ .start = HEAP, .end = HEAP + PAGE_SIZE, .gap_ns = GAP };
    assert_false(heat_set(my_mm(), c, ARRAY_SIZE(c)));
    assert_true(heat_set(my_mm(), c, HEAT_CLASSES));
}

/* A working set of text and heap that does not fit beside what somebody else takes: pages go and
 * come, and the tables of absent pages agree with the page tables at the end. */
static int squeezer(struct program *p)
{
    (void)p;
    map_heap(5000, true);
    return 0;
}

static void test_counts_hold_while_pages_go_and_come(void)
{
    const struct heat_class c[] = {
        { .start = HEAP, .end = HEAP + PAGES * PAGE_SIZE, .gap_ns = SECONDS(20), .write = true },
        { .start = FILE_AT, .end = FILE_AT + PAGES * PAGE_SIZE, .gap_ns = SECONDS(20) }
    };
    map_heap(PAGES, true);
    map_file(true);
    assert_true(heat_set(my_mm(), c, 2));
    for (uint32_t i = 0; i < 5; i++) {
        (void)cos_child("squeezer", 0, squeezer);
        (void)missed(SECONDS(30), true);
        mm_check();
    }
    assert_true(current->maj_flt > 100);
    assert_int_equal(do_munmap(my_mm(), HEAP), 0);
    cos_wait_all();
}

/* ---- kscand ---------------------------------------------------------------------------------- */
static uint32_t ages_of(uint32_t first, uint32_t n)
{
    uint32_t sum = 0;
    for (uint32_t i = first; i < first + n; i++)
        sum +=
            heat_age(page_at(HEAP + i * PAGE_SIZE), page_age(page_at(HEAP + i * PAGE_SIZE)), false);
    return sum;
}

/* As kscand would make them; its own are far away. */
static void rounds_of_kscand(uint32_t rounds, uint64_t each_ns)
{
    struct age_lists *lists = &zone_table[ZONE_NORMAL].anon;
    zone_table[ZONE_NORMAL].next_scan = jiffies_now() + INT32_MAX / 2;
    for (uint32_t i = 0; i < rounds; i++) {
        rest(each_ns);
        heat_round(lists);
    }
}

/* Half of the pages are used 20 times a round, the others never. */
static void test_kscand_makes_old_what_is_used_and_leaves_the_rest(void)
{
    map_heap(PAGES, true);
    use_heap(PAGES / 2, GAP, false);
    rounds_of_kscand(1, GAP * 20);
    assert_int_equal(ages_of(0, PAGES / 2), PAGES / 2 * (INITIAL_AGE + AGE_UP));
    assert_int_equal(ages_of(PAGES / 2, PAGES / 2), PAGES / 2 * INITIAL_AGE);
    assert_int_equal(ages_of(0, PAGES / 2), PAGES / 2 * INITIAL_AGE); /* that look was taken */
    rounds_of_kscand(2, GAP * 20);
    assert_int_equal(ages_of(0, PAGES / 2), PAGES / 2 * (INITIAL_AGE + 2 * AGE_UP));
    rounds_of_kscand(20, GAP * 20);
    assert_int_equal(ages_of(0, PAGES / 2), PAGES / 2 * MAX_AGE);
}

/* Two rounds, each of which sees a page used with a probability of 1 - 1/e. */
static void test_each_round_draws_by_the_heat_since_the_one_before(void)
{
    map_heap(PAGES, true);
    use_heap(PAGES, GAP, false);
    rounds_of_kscand(2, GAP);
    assert_near(ages_of(0, PAGES), PAGES * INITIAL_AGE + 2589 * AGE_UP, 130 * AGE_UP);
}

/* Nobody rests any more: what kscand saw counts when reclaim comes, and once. */
static void test_refill_sends_back_what_kscand_saw_used(void)
{
    struct zone *z = &zone_table[ZONE_NORMAL];
    map_heap(PAGES, true);
    use_heap(PAGES / 2, GAP, false);
    rounds_of_kscand(2, GAP * 20);
    while (z->inactive_dirty < PAGES / 2)
        (void)rebalance_inactive(99);
    for (uint32_t i = 0; i < PAGES / 2; i++)
        assert_true(page_at(HEAP + i * PAGE_SIZE)->flags & PG_active_anon);
    while (z->inactive_dirty < PAGES)
        (void)rebalance_inactive(99);
}

/* ---- cost ------------------------------------------------------------------------------------ */
static uint64_t gap_of_run;

static void rest_for_an_hour(struct cos_result *r)
{
    map_heap(PAGES, true);
    use_heap(PAGES, gap_of_run, true);
    const uint64_t before = r->interrupts;
    for (uint32_t i = 0; i < 60; i++)
        assert_int_equal(missed(MINUTES(1), true), 0);
    r->number[0] = r->interrupts - before;
}

static void test_uses_of_what_is_there_are_no_events(void **state)
{
    (void)state;
    gap_of_run = SECONDS(1);
    const uint64_t slow = cos_run_done(&roomy, rest_for_an_hour)->number[0];
    gap_of_run = SECONDS(1) / 1000;
    assert_int_equal(cos_run_done(&roomy, rest_for_an_hour)->number[0], slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probability_and_exponential_are_those_of_tables),
        cos_unit_test(&roomy, test_as_many_are_found_used_as_an_exponential_says),
        cos_unit_test(&roomy, test_who_does_not_rest_uses_nothing),
        cos_unit_test(&roomy, test_a_class_has_runs_of_its_range),
        cos_unit_test(&roomy, test_reclaim_sees_a_use_as_a_reference_and_a_write_as_dirt),
        cos_unit_test(&roomy, test_who_shares_pages_since_a_fork_uses_them_by_hand_only),
        cos_unit_test(&roomy, test_uses_of_a_file_are_those_of_all_who_rest),
        cos_unit_test(&roomy, test_absent_pages_are_missed_at_their_number_times_their_rate),
        cos_unit_test(&roomy, test_classes_are_missed_by_their_rates),
        cos_unit_test(&roomy, test_too_many_classes_are_refused),
        cos_unit_test(&small, test_counts_hold_while_pages_go_and_come),
        cos_unit_test(&roomy, test_kscand_makes_old_what_is_used_and_leaves_the_rest),
        cos_unit_test(&roomy, test_each_round_draws_by_the_heat_since_the_one_before),
        cos_unit_test(&roomy, test_refill_sends_back_what_kscand_saw_used),
        cmocka_unit_test(test_uses_of_what_is_there_are_no_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
