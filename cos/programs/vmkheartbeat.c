/* vmkheartbeat.c - /etc/cron.hourly/vmkheartbeat, a shell script with its tools: the hourly line
 * of vmksummary.
 *
 *      crond -> run-parts -> vmkheartbeat -> cat (uptimes), ps, logger -> syslogd
 *
 * Every arrow is a process that needs memory, so when there is little the line comes late or not
 * at all. What the script knows at which point: the epoch when it starts; the VMkernel's uptime,
 * then the COS's, from one cat; VMs and the three largest from ps; swap at the end; and the
 * stamp when syslogd gets to it. That the lateness seen in [KB308590] arises so is INFERRED.
 * Fields: [KB1009016], facts section 4. */
#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/syslog.h"
#include "cos/kernel/mm/mm.h"
#include "cos/programs/cron.h"
#include "shared/units.h"

#define TOP_COUNT 3u
#define READ_PROC_NS 120000u /* CPU to read one file of /proc. OUR CHOICE */
#define PS_TASK_NS 60000u    /* CPU of ps for one process. OUR CHOICE */
#define VMX_COMM \
    "vmware-vmx" /* what the script counts as a VM: `ps -auxw | grep -c [v]mware-vmx` */

/* struct program.number of the script, filled in by its children */
enum { VMK_UPTIME_NS, COS_UPTIME_NS, VM_COUNT, DONE_PS };

/* What a tool writes into its pipe, the script has: numbers from `first` on, and text if there is
 * some. @return false: nobody reads it */
static KERNEL_SIDE bool pipe_write(uint32_t first, const uint64_t *numbers, uint32_t count,
                                   const char *text)
{
    struct program *script = program_parent();
    if (script == NULL)
        return false;
    memcpy(&script->number[first], numbers, count * sizeof *numbers);
    if (text != NULL)
        strcopy(script->text, text, sizeof script->text);
    return true;
}

/* ---- cat ------------------------------------------------------------------------------------- */
/* Also puts the snapshot of /proc into the host directory: it is what a reader of these files
 * sees in this hour. */
int prog_uptimes(struct program *p)
{
    program_touch(p, p->spec.touch_pages);
    program_cpu(READ_PROC_NS);
    uint64_t uptimes[2] = { cos_clock.now_ns };
    program_touch(p, p->spec.touch_pages);
    program_cpu(READ_PROC_NS);
    uptimes[1] = cos_uptime_ns();
    (void)sys(pipe_write, VMK_UPTIME_NS, uptimes, 2, NULL);
    return sys(proc_write_snapshot) != 0;
}

/* ---- ps -------------------------------------------------------------------------------------- */
struct top {
    const struct task_struct *task[TOP_COUNT];
    uint32_t pages[TOP_COUNT];
};

/* Insert a task into the three largest; of equal ones the older stands first. */
static void top_add(struct top *top, const struct task_struct *t, uint32_t pages)
{
    for (unsigned i = 0; i < TOP_COUNT; i++) {
        if (top->task[i] != NULL && top->pages[i] >= pages)
            continue;
        for (unsigned j = TOP_COUNT - 1; j > i; j--) {
            top->task[j] = top->task[j - 1];
            top->pages[j] = top->pages[j - 1];
        }
        top->task[i] = t;
        top->pages[i] = pages;
        return;
    }
}

static uint32_t scan_tasks(struct top *top)
{
    uint32_t vms = 0;
    for_each_task (t) {
        if (t->mm == 0)
            continue;
        vms += strcmp(t->comm, VMX_COMM) == 0;
        top_add(top, t, PTR(const struct mm_struct, t->mm)->total_vm);
    }
    return vms;
}

/* "VMap-586196, vmware-h-83180, webAcces-27292": ps's `fname` is the first 8 bytes of a name. */
static void format_top(const struct top *top, char *to, uint32_t size)
{
    uint32_t len = 0;
    to[0] = '\0';
    for (unsigned i = 0; i < TOP_COUNT && top->task[i] != NULL; i++)
        len += (uint32_t)snprintf(to + len, size - len, "%s%.8s-%u", i > 0 ? ", " : "",
                                  top->task[i]->comm, top->pages[i] * (PAGE_SIZE / 1024));
}

int prog_ps(struct program *p)
{
    struct top top = { 0 };
    uint32_t tasks = 0;
    program_touch(p, p->spec.touch_pages);
    for_each_task (t) {
        tasks += t->mm != 0;
    }
    program_cpu((uint64_t)tasks * PS_TASK_NS);
    char text[PROGRAM_TEXT_MAX];
    const uint32_t vms = scan_tasks(&top); /* nothing sleeps from here to the end of format_top() */
    format_top(&top, text, sizeof text);
    return !sys(pipe_write, VM_COUNT, ((const uint64_t[]){ vms, 1 }), 2, text);
}

/* ---- logger ---------------------------------------------------------------------------------- */
int prog_logger(struct program *p)
{
    program_touch(p, p->spec.touch_pages);
    program_cpu(p->spec.cpu_ns);
    return sys(sys_send, SYSLOG_VMKSUMMARY, p->text) != 0;
}

/* ---- the script ------------------------------------------------------------------------------ */
static int log_line(struct program *p, int64_t epoch_s)
{
    static const struct boot_program logger = CRON_CHILD("logger", "logger", 12, 1700, 60);
    static char line[SYSLOG_LINE_MAX]; /* p->text is a part of it; nothing sleeps between the two */
    const unsigned long long swap_used = sys(proc_swap_used_bytes);
    const uint64_t cos_up = p->number[COS_UPTIME_NS], vmk_up = p->number[VMK_UPTIME_NS];

    program_touch(p, p->spec.touch_pages);
    (void)snprintf(line, sizeof line,
                   "logger: (%lld) hb: vmk loaded, %llu.%02u, %llu.%03u, %u, %s, %s, %llu, %.64s",
                   (long long)epoch_s, (unsigned long long)(cos_up / NS_PER_S),
                   (unsigned)(cos_up % NS_PER_S / 10000000u),
                   (unsigned long long)(vmk_up / NS_PER_S),
                   (unsigned)(vmk_up % NS_PER_S / NS_PER_MS), (unsigned)p->number[VM_COUNT],
                   boot_params->build, boot_params->build, swap_used, p->text);
    strcopy(p->text, line, sizeof p->text);
    return cron_run(p, &logger, p->text);
}

int prog_vmkheartbeat(struct program *p)
{
    static const struct boot_program cat = CRON_CHILD("cat", "uptimes", 16, 1700, 60);
    static const struct boot_program ps = CRON_CHILD("ps", "ps", 72, 1900, 300);

    program_touch(p, p->spec.touch_pages);
    const int64_t epoch_s = cos_epoch_s();
    if (cron_run(p, &cat, NULL) != 0 || cron_run(p, &ps, NULL) != 0)
        return 1;
    if (p->number[COS_UPTIME_NS] == 0 || p->number[DONE_PS] == 0)
        return 1; /* a tool was killed; half a line helps nobody */
    return log_line(p, epoch_s);
}
