/* test_rpc.c - the VMkernel's end of the VMNIX channel: what becomes of a COS's requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "vmkernel/calls/rpc.h"
#include "vmkernel/calls/scsi.h"
#include "vmkernel/host/vmk.h"

static struct vmk vmk;
static struct vmnix channel;
static struct fault plan[2];
static char files[4096]; /* what reached the log's files */

static int append(void *context, enum log_file file, const char *text, size_t bytes)
{
    (void)context;
    if (file == LOG_FILE_VMKERNEL)
        (void)strncat(files, text, bytes);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&vmk, 0, sizeof vmk);
    memset(&channel, 0, sizeof channel);
    memset(plan, 0, sizeof plan);
    files[0] = '\0';
    vmk.machine.vmnix = &channel;
    vmk.profile = profile_find("esx-3.5");
    vmk.plan.seed = 7;
    vmk.cos = VMK_COS_RUNS;
    const struct log_effects effects = { .append = append };
    log_init(&vmk.log, &effects, "h", 0, 0);
    assert_int_equal(worlds_init(&vmk.worlds, vmk.profile, 7, 4, 0, NULL), 0);
    fault_queue_init(&vmk.faults, plan, 0, FAULT_SIDE_VMKERNEL);
    channel.serial = 1;
    return 0;
}

/* Make the first `count` faults of the plan and let begin what is due at 100 ns. */
static void inject(uint32_t count)
{
    struct fault_event ev;
    fault_queue_init(&vmk.faults, plan, count, FAULT_SIDE_VMKERNEL);
    vmk.now_ns = 100;
    while (fault_queue_take(&vmk.faults, vmk.now_ns, NULL, NULL, &ev))
        ;
}

/* The end of a fault. */
static void wait_until(uint64_t now_ns)
{
    struct fault_event ev;
    vmk.now_ns = now_ns;
    while (fault_queue_take(&vmk.faults, vmk.now_ns, NULL, NULL, &ev))
        ;
    rpc_reconsider(&vmk);
}

static struct vmnix_request *post(uint32_t slot, uint32_t op, const char *comm)
{
    struct vmnix_request *r = &channel.request[slot];
    r->op = op;
    r->pid = 1016;
    r->posted_ns = vmk.now_ns;
    (void)strncpy(r->comm, comm, sizeof r->comm);
    r->seq++;
    return r;
}

static bool is_answered(uint32_t slot, enum vmnix_status status, uint64_t at_ns)
{
    const struct vmnix_answer *a = &channel.answer[slot];
    return a->seq == channel.request[slot].seq && a->status == (uint32_t)status &&
           a->at_ns == at_ns && !vmk.rpc.call[slot].open;
}

static void test_rpc_answers_a_call_after_its_service_time(void **state)
{
    (void)state;
    vmk.now_ns = 1000;
    (void)post(VMNIX_STORAGE, VMNIX_OP_STORAGE, "vmware-hostd");
    assert_int_equal(rpc_serve(&vmk), 0);
    assert_true(is_answered(VMNIX_STORAGE, VMNIX_DONE, 3001000));
}

static void test_rpc_never_answers_what_hangs_and_others_are_answered(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_RPC_HANG, .target = "vmware-hostd" };
    inject(1);
    (void)post(VMNIX_RPC, VMNIX_OP_INFO, "vpxa");
    assert_int_equal(rpc_serve(&vmk), 0);
    assert_true(is_answered(VMNIX_RPC, VMNIX_DONE, 100));
    (void)post(VMNIX_RPC, VMNIX_OP_INFO, "vmware-hostd");
    assert_int_equal(rpc_serve(&vmk), 1u << VMNIX_RPC);
    assert_true(vmk.rpc.call[VMNIX_RPC].open);
    assert_int_equal(rpc_serve(&vmk), 0); /* it is looked at once */
}

static void test_rpc_answers_an_open_call_when_the_fault_ends(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_RPC_HANG, .for_ns = 5000 };
    inject(1);
    (void)post(VMNIX_RPC, VMNIX_OP_INFO, "vpxa");
    assert_int_equal(rpc_serve(&vmk), 1u << VMNIX_RPC);
    wait_until(4999);
    assert_true(vmk.rpc.call[VMNIX_RPC].open);
    wait_until(5000);
    assert_true(is_answered(VMNIX_RPC, VMNIX_DONE, 5000));
}

static void test_rpc_is_late_by_the_delay_of_the_fault(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_RPC_HANG, .delay_ns = 777 };
    inject(1);
    (void)post(VMNIX_RPC, VMNIX_OP_INFO, "vpxa");
    assert_int_equal(rpc_serve(&vmk), 0);
    assert_true(is_answered(VMNIX_RPC, VMNIX_DONE, 877));
}

static void test_rpc_needs_the_datastore_for_storage_alone(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_DATASTORE_LOSS };
    inject(1);
    (void)post(VMNIX_RPC, VMNIX_OP_INFO, "vpxa");
    assert_int_equal(rpc_serve(&vmk), 0);
    (void)post(VMNIX_STORAGE, VMNIX_OP_RESCAN, "esxcfg-rescan");
    assert_int_equal(rpc_serve(&vmk), 1u << VMNIX_STORAGE);
    /* it is in nobody's way */
    (void)post(VMNIX_RPC, VMNIX_OP_HEARTBEAT, "vmnixhbd");
    assert_int_equal(rpc_serve(&vmk), 0);
    assert_true(is_answered(VMNIX_RPC, VMNIX_DONE, 100));
}

static void test_rpc_refuses_what_makes_no_sense(void **state)
{
    (void)state;
    static const struct vmnix_request bad[] = {
        { .op = 0 },
        { .op = VMNIX_OPS },
        { .op = UINT32_MAX },
        { .op = VMNIX_OP_READ },
        { .op = VMNIX_OP_INFO, .service_ns = UINT64_MAX },
        { .op = VMNIX_OP_INFO, .pages = VMNIX_PAGES_MAX + 1 },
    };
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        channel.request[VMNIX_RPC] = bad[i];
        channel.request[VMNIX_RPC].seq = i + 1;
        assert_int_equal(rpc_serve(&vmk), 0);
        assert_true(is_answered(VMNIX_RPC, VMNIX_REFUSED, 0));
    }
    (void)post(VMNIX_ROOT, VMNIX_OP_INFO, "x"); /* a call where commands go */
    assert_int_equal(rpc_serve(&vmk), 0);
    assert_true(is_answered(VMNIX_ROOT, VMNIX_REFUSED, 0));
    assert_int_equal(vmk.rpc.refused, 7);
}

static void test_rpc_makes_the_callers_name_printable(void **state)
{
    (void)state;
    (void)post(VMNIX_RPC, VMNIX_OP_INFO, "");
    memset(channel.request[VMNIX_RPC].comm, 0x1b, VMNIX_COMM);
    assert_int_equal(rpc_serve(&vmk), 0);
    assert_string_equal(vmk.rpc.call[VMNIX_RPC].comm, "???????????????");
}

static void test_rpc_leaves_what_goes_by_rule_alone(void **state)
{
    (void)state;
    post(VMNIX_RPC, VMNIX_OP_INFO, "vpxa")->by_rule = 1;
    assert_int_equal(rpc_serve(&vmk), 0);
    assert_int_equal(channel.answer[VMNIX_RPC].seq, 0);
}

static void test_rpc_tells_what_is_plain(void **state)
{
    (void)state;
    rpc_publish(&vmk);
    for (uint32_t slot = 0; slot < VMNIX_SLOTS; slot++)
        assert_int_equal(channel.rules.plain[slot], 1);
    plan[0] = (struct fault){ .type = FAULT_IO_HANG, .resource = FAULT_RESOURCE_SWAP };
    plan[1] = (struct fault){ .type = FAULT_RPC_HANG, .target = "vpxa" };
    inject(2);
    rpc_publish(&vmk);
    assert_int_equal(channel.rules.plain[VMNIX_RPC], 0);
    assert_int_equal(channel.rules.plain[VMNIX_SWAP], 0);
    assert_int_equal(channel.rules.plain[VMNIX_ROOT], 1);
    assert_true(channel.rules.serial_max == 4294967295u);
}

static void test_rpc_loses_completions_beyond_32_bits(void **state)
{
    (void)state;
    struct vmnix_request *r = post(VMNIX_ROOT, VMNIX_OP_WRITE, "");
    r->arg = 4294967295u; /* [KB2009232]: the last one that is found */
    r->service_ns = 50;
    assert_int_equal(rpc_serve(&vmk), 0);
    assert_true(is_answered(VMNIX_ROOT, VMNIX_DONE, 50));
    (void)post(VMNIX_ROOT, VMNIX_OP_WRITE, "");
    r->arg = 4294967296u; /* looked up by its low 32 bits */
    assert_int_equal(rpc_serve(&vmk), 1u << VMNIX_ROOT);
    wait_until(UINT64_MAX / 2);
    assert_true(vmk.rpc.call[VMNIX_ROOT].open);
    assert_int_equal(vmk.rpc.lost, 1); /* told once */
    assert_non_null(
        strstr(vmk.log.ring, "VmkDev: 3102: Can't find serial# 0 from virt handle 2000"));
}

static void test_rpc_does_not_abort_a_command_that_is_not_found(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_IO_HANG, .probability = 100, .for_ns = 1000 };
    inject(1);
    (void)post(VMNIX_SWAP, VMNIX_OP_READ, "");
    (void)post(VMNIX_RPC, VMNIX_OP_ABORT, "scsi_eh_0");
    assert_int_equal(rpc_serve(&vmk), 1u << VMNIX_RPC | 1u << VMNIX_SWAP);
    wait_until(1000);
    assert_true(is_answered(VMNIX_SWAP, VMNIX_DONE, 1000));
    assert_true(is_answered(VMNIX_RPC, VMNIX_DONE, 1001000));
}

static void test_rpc_hangs_one_partition_alone(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_IO_HANG, .probability = 100, .target = "root" };
    inject(1);
    (void)post(VMNIX_SWAP, VMNIX_OP_READ, "");
    (void)post(VMNIX_ROOT, VMNIX_OP_READ, "");
    assert_int_equal(rpc_serve(&vmk), 1u << VMNIX_ROOT);
}

static void test_rpc_keeps_log_lines_while_the_root_disk_is_dead(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_IO_HANG, .probability = 100, .for_ns = 1000 };
    inject(1);
    rpc_publish(&vmk);
    log_put(&vmk.log, LOG_INFO, vmk.now_ns, 0, 1024, "one");
    assert_string_equal(files, "");
    wait_until(1000);
    rpc_publish(&vmk);
    assert_non_null(strstr(files, "cpu0:1024)one\n"));
}

static void test_rpc_warns_of_a_call_until_it_is_over(void **state)
{
    (void)state;
    plan[0] = (struct fault){ .type = FAULT_RPC_HANG, .for_ns = 90000000000 };
    inject(1);
    (void)post(VMNIX_RPC, VMNIX_OP_INFO, "vpxa");
    (void)rpc_serve(&vmk);
    vmk.now_ns += RPC_WARN_FIRST_NS;
    assert_true(rpc_warn(&vmk, VMNIX_RPC, 1));
    assert_non_null(strstr(files, "call 1 (info) of vpxa pid 1016 not done after 60 s in helper"));
    assert_false(rpc_warn(&vmk, VMNIX_RPC, 2));
    assert_false(rpc_warn(&vmk, VMNIX_SLOTS, 1));
    wait_until(90000000000);
    assert_false(rpc_warn(&vmk, VMNIX_RPC, 1));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(test_rpc_##name, setup)
    const struct CMUnitTest tests[] = {
        T(answers_a_call_after_its_service_time),
        T(never_answers_what_hangs_and_others_are_answered),
        T(answers_an_open_call_when_the_fault_ends),
        T(is_late_by_the_delay_of_the_fault),
        T(needs_the_datastore_for_storage_alone),
        T(refuses_what_makes_no_sense),
        T(makes_the_callers_name_printable),
        T(leaves_what_goes_by_rule_alone),
        T(tells_what_is_plain),
        T(loses_completions_beyond_32_bits),
        T(does_not_abort_a_command_that_is_not_found),
        T(hangs_one_partition_alone),
        T(keeps_log_lines_while_the_root_disk_is_dead),
        T(warns_of_a_call_until_it_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
