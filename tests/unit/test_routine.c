/* test_routine.c - the VMkernel's lines of a host that is well: they agree with the host, come in
 * order, are the same however one asks, and name no trouble of the console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "shared/calendar.h"
#include "shared/units.h"
#include "vmkernel/model/routine.h"

#define DAYS 42u
#define LINES_MAX 8192u

static struct routine_line line[LINES_MAX];
static uint32_t count;

static struct routine_host host_of(uint64_t seed)
{
    return (struct routine_host){ .seed = seed,
                                  .epoch_boot_s = 1254405600, /* a Thursday, 14:00 UTC */
                                  .pcpus = 16,
                                  .ram_mb = 800,
                                  .vms = 73,
                                  .product = "VMware ESX Server [Releasebuild-123630]",
                                  .datastore = "4533e089-1dfcdd21-f1d3-001a140ebdca" };
}

static void collect(const struct routine_host *host, uint64_t step_ns)
{
    static struct routine r;
    const uint64_t end_ns = DAYS * 24 * NS_PER_HOUR;
    count = 0;
    routine_init(&r, host);
    for (uint64_t now_ns = step_ns; now_ns <= end_ns; now_ns += step_ns)
        while (count < LINES_MAX && routine_next(&r, now_ns, &line[count])) {
            assert_true(line[count].at_ns <= now_ns);
            count++;
        }
}

static uint64_t digest(void)
{
    uint64_t sum = count;
    for (uint32_t i = 0; i < count; i++) {
        sum = sum * 31 + line[i].at_ns;
        for (const char *p = line[i].text; *p != '\0'; p++)
            sum = sum * 31 + (unsigned char)*p;
    }
    return sum;
}

static bool is_said(const char *text)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(line[i].text, text) == 0)
            return true;
    return false;
}

static void test_routine_boot_agrees_with_the_host(void **state)
{
    (void)state;
    struct routine_host host = host_of(1);
    collect(&host, NS_PER_HOUR);
    assert_true(is_said("Init: 118: VMware ESX Server [Releasebuild-123630]"));
    assert_true(is_said("MemMap: 391: 800 MB of lowest memory kept for the service console"));
    assert_true(is_said("Cpu: 258: pcpu 15 of 16 started, APIC id 0x0f"));
    assert_true(is_said("Host: 3257: service console has pcpu 0 and 800 MB"));
    assert_false(is_said("Cpu: 258: pcpu 16 of 16 started, APIC id 0x10"));
    assert_true(
        is_said("FS3: 2062: mounted volume 4533e089-1dfcdd21-f1d3-001a140ebdca on vmhba1:0:1:1"));
    for (uint32_t i = 0; i < count; i++) {
        assert_true(line[i].pcpu < 16);
        if (strstr(line[i].text, "vmnic3: Link is up") == NULL)
            continue;
        assert_in_range(line[i].at_ns, 20 * NS_PER_S, 33 * NS_PER_S);
        return;
    }
    fail_msg("the last uplink is not in the log");
}

static void test_routine_lines_come_in_order_one_a_millisecond(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const struct routine_host host = host_of(seed);
        collect(&host, NS_PER_HOUR);
        for (uint32_t i = 1; i < count; i++)
            assert_true(line[i].at_ns / NS_PER_MS > line[i - 1].at_ns / NS_PER_MS);
    }
}

static void test_routine_does_not_depend_on_when_one_asks(void **state)
{
    (void)state;
    const struct routine_host host = host_of(7), other = host_of(8);
    collect(&host, 47 * NS_PER_S);
    const uint64_t often = digest();
    collect(&host, 7 * NS_PER_HOUR);
    assert_true(digest() == often);
    collect(&other, 7 * NS_PER_HOUR);
    assert_true(digest() != often);
}

static void test_routine_has_20_to_150_lines_a_day_and_a_night(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const struct routine_host host = host_of(seed);
        uint32_t evening = 0, morning = 0;
        collect(&host, NS_PER_HOUR);
        assert_in_range(count / DAYS, 20, 150);
        for (uint32_t i = 0; i < count; i++) {
            struct calendar_date date;
            calendar_from_epoch(host.epoch_boot_s + (int64_t)(line[i].at_ns / NS_PER_S), 0, &date);
            morning += date.hour >= 9 && date.hour < 12 ? 1 : 0;
            evening += date.hour >= 20 && date.hour < 23 ? 1 : 0;
        }
        assert_true(morning > 2 * evening);
    }
}

/* Nothing that a cause of a lost console, or the console's end, is known by. */
static void test_routine_names_no_cause(void **state)
{
    static const char *const causes[] = {
        "Lost heartbeat", "comm=",   "VMNIX", "RPC",      "serial", "COS ", "console is ready",
        "memory low",     "Machine", "Alloc", "out of",   "swap",   "fail", "PCPU",
        "vmnixhbd",       "World:",  "Dump",  "No space", "lost"
    };
    (void)state;
    const struct routine_host host = host_of(3);
    collect(&host, NS_PER_HOUR);
    for (uint32_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof causes / sizeof causes[0]; k++)
            if (strstr(line[i].text, causes[k]) != NULL)
                fail_msg("\"%s\": %s", causes[k], line[i].text);
}

static void test_routine_fits_a_host_without_machines(void **state)
{
    (void)state;
    struct routine_host host = host_of(1);
    host.vms = 0;
    host.pcpus = 1;
    collect(&host, NS_PER_HOUR);
    assert_true(count > DAYS * 10);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(line[i].pcpu, 0);
        assert_null(strstr(line[i].text, "VSCSI"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routine_boot_agrees_with_the_host),
        cmocka_unit_test(test_routine_lines_come_in_order_one_a_millisecond),
        cmocka_unit_test(test_routine_does_not_depend_on_when_one_asks),
        cmocka_unit_test(test_routine_has_20_to_150_lines_a_day_and_a_night),
        cmocka_unit_test(test_routine_names_no_cause),
        cmocka_unit_test(test_routine_fits_a_host_without_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
