/* proc_task.c - see proc_task.h. */
#include "cos/kernel/fs/proc_task.h"

#include "cos/kernel/fs/proc_misc.h"
#include "cos/kernel/fs/vfs.h"
#include "cos/kernel/mm/pagetable.h"
#include "shared/units.h"

#define PIDS 32768u
#define SNAPSHOTS_PER_FULL 24u /* one an hour: each day */
#define PASSING_NS NS_PER_MIN
#define PID_FIRST_PASSING 1000u /* those below are started by name (boot.h) */
#define FD_SIZE 32u             /* descriptors that a task starts with [INFERRED] */
#define CAP_ALL 0xfffffeffu     /* all but SETPCAP: what 2.4 gives init and all of root's */
#define CAP_SYS_RAWIO_BIT (1u << 17)
#define UID_NOBODY 99u
#define PATH_MAX 32u

static const struct {
    uint32_t state;
    char letter;
    const char *text;
} states[] = {
    { TASK_RUNNING, 'R', "R (running)" },
    { TASK_INTERRUPTIBLE, 'S', "S (sleeping)" },
    { TASK_UNINTERRUPTIBLE, 'D', "D (disk sleep)" },
    { TASK_STOPPED, 'T', "T (stopped)" },
    { TASK_ZOMBIE, 'Z', "Z (zombie)" },
    { TASK_DEAD, 'X', "X (dead)" },
};

static unsigned state_of(const struct task_struct *t)
{
    unsigned i = 0;
    while (i + 1 < ARRAY_SIZE(states) && states[i].state != t->state)
        i++;
    return i;
}

static const struct mm_struct *mm_of(const struct task_struct *t)
{
    return PTR(const struct mm_struct, t->mm);
}

/* ---- for ps and top -------------------------------------------------------------------------- */
char task_state_letter(const struct task_struct *t)
{
    return states[state_of(t)].letter;
}

uint32_t task_rss(const struct task_struct *t)
{
    return t->mm != 0 ? mm_of(t)->rss : 0;
}

uint32_t task_size(const struct task_struct *t)
{
    return t->mm != 0 ? mm_of(t)->total_vm : 0;
}

void task_stat_letters(const struct task_struct *t, char ret[4])
{
    const char state = task_state_letter(t);
    ret[0] = state;
    ret[1] = task_rss(t) == 0 && state != 'Z' ? 'W' : ' ';
    ret[2] = t->static_prio < 120 ? '<' : t->static_prio > 120 ? 'N' : ' ';
    ret[3] = '\0';
}

const char *task_user(const struct task_struct *t)
{
    return t->uid == 0 ? "root" : t->uid == UID_NOBODY ? "nobody" : "#?";
}

static void count_pte(struct task_memory *m, uint64_t pte)
{
    if (pte == 0)
        return;
    m->size++;
    if (!(pte & PTE_PRESENT))
        return;
    m->resident++;
    m->share += pfn_to_page((uint32_t)(pte >> PAGE_SHIFT))->count > 1;
}

void task_memory(const struct task_struct *t, struct task_memory *ret)
{
    struct task_memory m = { 0 };
    if (t->mm == 0) {
        *ret = m;
        return;
    }
    for (kptr k = mm_of(t)->mmap; k != 0; k = PTR(const struct vm_area_struct, k)->next) {
        const struct vm_area_struct *vma = PTR(const struct vm_area_struct, k);
        for (uint64_t at = vma->start; at < vma->end; at += PAGE_SIZE) {
            const uint64_t *pte = pte_lookup(mm_of(t), (uint32_t)at);
            if (pte != NULL)
                count_pte(&m, *pte);
        }
    }
    *ret = m;
}

/* ---- /proc/PID/status ------------------------------------------------------------------------ */
static void put_vm(struct text *t, const char *tag, uint32_t pages)
{
    text_put(t, "%s:\t%8u kB\n", tag, pages * (PAGE_SIZE / 1024));
}

static void put_memory(struct text *t, const struct mm_struct *mm)
{
    put_vm(t, "VmSize", mm->total_vm);
    put_vm(t, "VmLck", mm->locked ? mm->total_vm : 0);
    put_vm(t, "VmRSS", mm->rss);
    put_vm(t, "VmData", mm->data_pages);
    put_vm(t, "VmStk", mm->stack_pages);
    put_vm(t, "VmExe", mm->text_pages);
    put_vm(t, "VmLib", mm->lib_pages);
}

static void put_mask(struct text *t, const char *tag, uint32_t mask)
{
    text_put(t, "%s:\t%016x\n", tag, mask);
}

/* Signal n is bit n here and bit n - 1 there. */
static void put_signals(struct text *t, const struct task_struct *task)
{
    put_mask(t, "SigPnd", task->sig_pending >> 1);
    put_mask(t, "ShdPnd", 0);
    put_mask(t, "SigBlk", 0);
    put_mask(t, "SigIgn", 0);
    put_mask(t, "SigCgt", task->sig_caught >> 1);
}

static uint32_t capabilities(const struct task_struct *t)
{
    if (t->flags & PF_KTHREAD)
        return CAP_ALL;
    if (t->uid != 0)
        return 0;
    return t->caps & BOOT_PROG_RAWIO ? CAP_ALL : CAP_ALL & ~CAP_SYS_RAWIO_BIT;
}

void proc_put_status(struct text *t, const struct task_struct *task)
{
    const uint32_t uid = task->uid;
    text_put(t, "Name:\t%s\nState:\t%s\n", task->comm, states[state_of(task)].text);
    text_put(t, "Tgid:\t%u\nPid:\t%u\nPPid:\t%u\nTracerPid:\t0\n", task->tgid, task->pid,
             task->ppid);
    text_put(t, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid, uid, uid, uid,
             uid);
    text_put(t, "FDSize:\t%u\nGroups:\t\n", task->state == TASK_ZOMBIE ? 0 : FD_SIZE);
    if (task->mm != 0)
        put_memory(t, mm_of(task));
    put_signals(t, task);
    put_mask(t, "CapInh", 0);
    put_mask(t, "CapPrm", capabilities(task));
    put_mask(t, "CapEff", capabilities(task));
}

/* ---- HOST/proc/PID --------------------------------------------------------------------------- */
static uint32_t written[PIDS / 32], alive[PIDS / 32]; /* bit n: HOST/proc/n is there; n lives */
static uint32_t snapshots;
static const struct task_struct *whose; /* argument of put_whose() */

static void put_whose(struct text *t)
{
    proc_put_status(t, whose);
}

static int remove_task(uint32_t pid)
{
    static const char *const names[] = { "status", NULL };
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "proc/%u", pid);
    written[pid % PIDS / 32] &= ~(1u << pid % 32);
    return vfs_remove_folder(path, names);
}

static int write_task(const struct task_struct *t)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "proc/%u", t->pid);
    const uint32_t bit = 1u << t->pid % 32;
    if (!(written[t->pid / 32] & bit)) {
        const int error = vfs_mkdir(path);
        if (error != 0)
            return error;
        written[t->pid / 32] |= bit;
    }
    (void)snprintf(path, sizeof path, "proc/%u/status", t->pid);
    whose = t;
    return proc_replace(path, put_whose);
}

/* Changes when a reader would be misled by the old file. Never 0. */
static uint32_t mark_of(const struct task_struct *t)
{
    return task_size(t) << 8 | (t->state >= TASK_STOPPED ? t->state : 1);
}

/* Too young to be told from the snapshot's own shell and cat. A file that it has stays. */
static bool is_passing(const struct task_struct *t)
{
    return t->pid >= PID_FIRST_PASSING && cos_clock.now_ns - t->start_ns < PASSING_NS;
}

static int remove_the_dead(void)
{
    int error = 0;
    for (uint32_t word = 0; word < PIDS / 32; word++) {
        for (uint32_t gone = written[word] & ~alive[word]; gone != 0; gone &= gone - 1)
            error = vfs_first_error(error, remove_task(word * 32 + (uint32_t)__builtin_ctz(gone)));
    }
    return error;
}

int proc_write_tasks(void)
{
    const bool all = snapshots++ % SNAPSHOTS_PER_FULL == 0;
    int error = 0;
    memset(alive, 0, sizeof alive);
    for_each_task (t) {
        const uint32_t mark = mark_of(t);
        alive[t->pid / 32] |= 1u << t->pid % 32;
        if ((!all && t->proc_mark == mark) || is_passing(t))
            continue;
        t->proc_mark = mark;
        error = vfs_first_error(error, write_task(t));
    }
    return vfs_first_error(error, remove_the_dead());
}

int proc_forget_tasks(void)
{
    snapshots = 0;
    memset(written, 0, sizeof written);
    return vfs_each_number("proc", remove_task);
}
