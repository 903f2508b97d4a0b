/* sysrq.c - see sysrq.h. */
#include "cos/kernel/debug/sysrq.h"

#include "cos/kernel/fs/proc_task.h"
#include "cos/kernel/debug/kallsyms.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/debug/printk.h"

#define PRINT_NS_PER_BYTE 500u /* to a console in text mode. OUR CHOICE */

/* ---- SysRq-T --------------------------------------------------------------------------------- */
/* Bytes of the stack that no call has reached yet: those above the task_struct that are zero. */
static __attribute__((no_sanitize("address"))) uint32_t stack_free(const struct task_struct *t)
{
    const kptr start = kptr_of(t) + (((uint32_t)sizeof *t + 7) & ~7u);
    kptr at = start;
    while (at < kptr_of(t) + THREAD_SIZE && *PTR(const volatile uint64_t, at) == 0)
        at += 8;
    return at - start;
}

/* The relatives that a line names, 0 = none: youngest child; the next younger and the next older
 * child of the same parent. Tasks are listed by age. */
struct relatives {
    uint32_t child, younger, older;
};

static struct relatives relatives_of(const struct task_struct *task)
{
    struct relatives r = { 0 };
    bool passed = false;
    for_each_task (t) {
        if (t->ppid == task->pid)
            r.child = t->pid;
        if (t == task)
            passed = true;
        else if (t->ppid == task->ppid && !passed)
            r.older = t->pid;
        else if (t->ppid == task->ppid && r.younger == 0)
            r.younger = t->pid;
    }
    return r;
}

static void put_number(const char *format, uint32_t pid, const char *blanks)
{
    if (pid != 0)
        printk(format, pid);
    else
        printk("%s", blanks);
}

static void show_task(const struct task_struct *t)
{
    const struct relatives r = relatives_of(t);
    printk("%-13.13s %c", t->comm, task_state_letter(t));
    if (t == current)
        printk(" current  ");
    else
        printk(" %08X ", t->frame != 0 ? (uint32_t)PTR(const struct cos_frame, t->frame)->rip : 0);
    printk("%5u %5u %6u ", stack_free(t), t->pid, t->ppid);
    put_number("%5u ", r.child, "      ");
    put_number("%7u", r.younger, "       ");
    put_number(" %5u", r.older, "      ");
    printk(t->mm != 0 ? " (NOTLB)\n" : " (L-TLB)\n");
    show_trace(t);
    printk("\n");
}

void show_state(void)
{
    printk("\n                         free                        sibling\n");
    printk("  task             PC    stack   pid father child younger older\n");
    for_each_task (t) {
        show_task(t);
    }
}

/* ---- keys ------------------------------------------------------------------------------------ */
static struct ktimer keys[BOOT_SYSRQ_KEYS];
uint64_t sysrq_next_ns = UINT64_MAX;

static void find_next(void)
{
    sysrq_next_ns = UINT64_MAX;
    for (uint32_t key = 0; key < BOOT_SYSRQ_KEYS; key++) {
        const uint64_t at_ns = boot_params->sysrq_ns[key];
        if (at_ns > cos_clock.now_ns && at_ns < sysrq_next_ns)
            sysrq_next_ns = at_ns;
    }
}

void sysrq_handle(uint32_t key)
{
    const uint32_t before = log_end;
    switch (key) {
    case BOOT_SYSRQ_M:
        printk("<6>SysRq : Show Memory\n");
        show_mem();
        break;
    case BOOT_SYSRQ_T:
        printk("<6>SysRq : Show State\n");
        show_state();
        break;
    default:
        printk("<6>SysRq : Show Regs\n");
        show_regs();
    }
    find_next();
    cpu_charge((uint64_t)(log_end - before) * PRINT_NS_PER_BYTE);
}

void sysrq_init(void)
{
    for (uint32_t key = 0; key < BOOT_SYSRQ_KEYS; key++) {
        if (boot_params->sysrq_ns[key] > cos_clock.now_ns)
            ktimer_add(&keys[key], boot_params->sysrq_ns[key], sysrq_handle, key);
    }
    find_next();
}
