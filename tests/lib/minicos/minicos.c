/* minicos.c - the smallest COS that a dump can be taken of: a handful of tasks on real stacks in
 * real RAM, and no kernel around them.
 *
 * Linked with the COS's own linker script at the COS's own addresses, started like `cos` with the
 * machine memory as descriptor 3. It moves its data into RAM as cos does, runs each task until that
 * has saved its register frame deep in a chain of calls, and then sleeps for ever as pid 9173.
 * Tests of the dump path use it where the real COS would only be slower and harder to foresee. */
#include "cos/kernel/debug/cosinfo_entry.h"
#include "shared/machine.h"
#include "shared/rawsys.h"

#define THREAD 8192u
#define TASKS 6u
#define LOG_LEN 4096u
#define TASK_AREA 0x00800000u /* physical: where tasks but the first lie */

struct task_struct {
    uint32_t state, pid, ppid, next_task, frame;
    char comm[16];
};
union task_union {
    struct task_struct task;
    unsigned char stack[THREAD];
};

union task_union init_task_union
    __attribute__((aligned(THREAD))) = { .task = { .comm = "swapper" } };
uint32_t current_task;
uint64_t last_fault_address = 0xb6bc5054;
char log_buf[LOG_LEN];
uint32_t log_start, log_end;
extern char _simage[], _sdata[], _end[];

COSINFO_ENTRY("SIZE(pt_regs)", sizeof(struct cos_frame));
COSINFO_NUMBER(PAGE_OFFSET, MACHINE_PAGE_OFFSET);
COSINFO_NUMBER(thread_size, THREAD);
COSINFO_NUMBER(log_buf_len, LOG_LEN);
COSINFO_SIZE(task_struct);
COSINFO_OFFSET(task_struct, state);
COSINFO_OFFSET(task_struct, next_task);
COSINFO_OFFSET(task_struct, pid);
COSINFO_OFFSET(task_struct, ppid);
COSINFO_OFFSET(task_struct, comm);
COSINFO_OFFSET(task_struct, frame);

/* save_and_leave(kptr *frame, uint32_t esp): store a struct cos_frame on this stack, its address in
 * *frame, and go on at the word that `esp` points to, never to come back. Layout as
 * cos/kernel/arch/entry.S. */
__asm__(".text\n"
        ".globl save_and_leave\n"
        ".type save_and_leave, @function\n"
        "save_and_leave:\n"
        ".cfi_startproc\n"
        "  leaq -176(%rsp), %rsp\n"
        ".cfi_adjust_cfa_offset 176\n"
        "  movq %r15, 0(%rsp)\n"
        "  movq %r14, 8(%rsp)\n"
        "  movq %r13, 16(%rsp)\n"
        "  movq %r12, 24(%rsp)\n"
        "  movq %rbp, 32(%rsp)\n"
        "  movq %rbx, 40(%rsp)\n"
        "  movq $0x2dc94, 80(%rsp)\n" /* rax, rcx, rdx: values of [KB308590/Screen] */
        "  movq $0xc1bb9938, %rax\n"
        "  movq %rax, 88(%rsp)\n"
        "  movq $0xc0396c80, %rax\n"
        "  movq %rax, 96(%rsp)\n"
        "  movq $0x2dc95, 112(%rsp)\n" /* rdi, rsi likewise */
        "  movq $0xc160920c, %rax\n"
        "  movq %rax, 104(%rsp)\n"
        "  movq 176(%rsp), %rax\n"
        "  movq %rax, 120(%rsp)\n"
        "  movq $0x246, 128(%rsp)\n"
        "  leaq 184(%rsp), %rax\n"
        "  movq %rax, 136(%rsp)\n"
        "  movq $0x690068, 144(%rsp)\n" /* ds, es with stale upper halves */
        "  movabsq $0xc02a0068, %rax\n"
        "  movq %rax, 152(%rsp)\n"
        "  movq $0x60, 160(%rsp)\n"
        "  movq $0x68, 168(%rsp)\n"
        "  movl %esp, (%rdi)\n"
        "  movl %esi, %esp\n"
        "  ret\n"
        ".cfi_endproc\n"
        ".size save_and_leave, . - save_and_leave\n"
        /* enter_task(fn, esp, back): run fn on the stack esp; the bottom of that stack */
        ".globl enter_task\n"
        ".type enter_task, @function\n"
        "enter_task:\n"
        ".cfi_startproc\n"
        ".cfi_undefined rip\n"
        "  pushq %rbx\n"
        "  pushq %rbp\n"
        "  pushq %r12\n"
        "  pushq %r13\n"
        "  pushq %r14\n"
        "  pushq %r15\n"
        "  leaq 1f(%rip), %rax\n"
        "  pushq %rax\n"
        "  movl %esp, (%rdx)\n"
        "  movl %esi, %esp\n"
        "  xorl %ebp, %ebp\n"
        "  call *%rdi\n"
        "  ud2\n"
        "1:\n"
        "  popq %r15\n"
        "  popq %r14\n"
        "  popq %r13\n"
        "  popq %r12\n"
        "  popq %rbp\n"
        "  popq %rbx\n"
        "  ret\n"
        ".cfi_endproc\n"
        ".size enter_task, . - enter_task\n"
        ".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        ".cfi_startproc\n"
        ".cfi_undefined rip\n"
        "  xorl %ebp, %ebp\n"
        "  andq $-16, %rsp\n"
        "  call move_into_ram\n"
        /* below 4 GB, and no address of the host's in RAM */
        "  leaq starter_stack + 8192(%rip), %rsp\n"
        "  call minicos_main\n"
        "  ud2\n"
        ".cfi_endproc\n"
        ".size _start, . - _start\n");
void save_and_leave(uint32_t *frame, uint32_t esp);
void enter_task(void (*fn)(void), uint32_t esp, uint32_t *back);
void move_into_ram(void);
void minicos_rest(void);
void __attribute__((noreturn)) minicos_main(void);

unsigned char starter_stack[8192] __attribute__((aligned(16)));
static uint32_t back; /* where the starter goes on */

static struct task_struct *task_at(uint32_t address)
{
    return (struct task_struct *)(uintptr_t)address;
}

/* The names are those of the kernel's reclaim path, so that traces read like real ones. They stay
 * functions with a frame each: the store behind each call forbids a tail call. */
#define FUNCTION void __attribute__((noinline))
FUNCTION refill_inactive_zone(uint32_t depth);
FUNCTION rebalance_inactive(uint32_t depth);
FUNCTION try_to_free_pages(uint32_t depth);
FUNCTION __alloc_pages(uint32_t depth);
FUNCTION cpu_idle(void);
FUNCTION init_main(void);
FUNCTION kswapd(void);
FUNCTION vmnixhbd_main(void);
FUNCTION deep_recursion(uint32_t depth);
FUNCTION recursing_main(void);

static volatile uint32_t sink;
FUNCTION refill_inactive_zone(uint32_t depth)
{
    save_and_leave(&task_at(current_task)->frame, back);
    sink = depth;
}
FUNCTION rebalance_inactive(uint32_t depth)
{
    refill_inactive_zone(depth + 1);
    sink = depth;
}
FUNCTION try_to_free_pages(uint32_t depth)
{
    rebalance_inactive(depth + 1);
    sink = depth;
}
FUNCTION __alloc_pages(uint32_t depth)
{
    try_to_free_pages(depth + 1);
    sink = depth;
}
FUNCTION cpu_idle(void)
{
    save_and_leave(&task_at(current_task)->frame, back);
    sink = 1;
}
static void __attribute__((noinline, noreturn)) never_returns(void)
{
    save_and_leave(&task_at(current_task)->frame, back);
    for (;;)
        sink = 5;
}
FUNCTION init_main(void)
{
    never_returns(); /* the return address lies behind this function */
}
FUNCTION kswapd(void)
{
    rebalance_inactive(7);
    sink = 2;
}
FUNCTION vmnixhbd_main(void)
{
    __alloc_pages(20);
    sink = 3;
}
FUNCTION deep_recursion(uint32_t depth)
{
    if (depth == 0)
        save_and_leave(&task_at(current_task)->frame, back);
    else
        deep_recursion(depth - 1);
    sink = depth;
}
FUNCTION recursing_main(void)
{
    deep_recursion(80); /* more frames than an unwinder follows */
    sink = 4;
}

static void map(uint64_t at, uint64_t bytes, uint64_t offset, int flags)
{
    if (rawsys6(RAWSYS_mmap, (long)at, (long)bytes, 3, 1 | flags, MACHINE_FD_MEMORY,
                (long)offset) != (long)at)
        (void)rawsys3(RAWSYS_exit_group, 71, 0, 0);
}

void move_into_ram(void)
{
    const struct machine_hostinfo *info = (void *)(uintptr_t)MACHINE_WINDOW_VA;
    const uint64_t start = MACHINE_PAGE_OFFSET, image = (uintptr_t)_simage,
                   data = (uintptr_t)_sdata, end = (uintptr_t)_end;
    map(MACHINE_WINDOW_VA, MACHINE_WINDOW_SIZE, 0, 0);
    const uint64_t ram = info->ram_bytes;
    map(start, image - start, MACHINE_RAM_OFFSET, 0);
    map(end, start + ram - end, MACHINE_RAM_OFFSET + (end - start), 0);
    (void)rawsys6(RAWSYS_pwrite64, MACHINE_FD_MEMORY, (long)data, (long)(end - data),
                  (long)(MACHINE_RAM_OFFSET + data - start), 0, 0);
    map(data, end - data, MACHINE_RAM_OFFSET + (data - start), 0x10);
}

static void put_log(const char *text)
{
    for (; *text != '\0'; text++)
        log_buf[log_end++ % LOG_LEN] = *text;
}

static void run_task(uint32_t index, uint32_t pid, const char *comm, void (*fn)(void))
{
    const uint32_t address = MACHINE_PAGE_OFFSET + TASK_AREA + (index - 1) * THREAD;
    struct task_struct *t = index == 0 ? &init_task_union.task : task_at(address);
    t->pid = pid;
    t->ppid = pid > 1;
    t->state = index % 3;
    for (unsigned i = 0; comm[i] != '\0'; i++)
        t->comm[i] = comm[i];
    t->next_task = index + 1 == TASKS ? (uint32_t)(uintptr_t)&init_task_union
                                      : MACHINE_PAGE_OFFSET + TASK_AREA + index * THREAD;
    current_task = (uint32_t)(uintptr_t)t;
    enter_task(fn, current_task + THREAD - 16, &back);
}

/* What happens once the tasks are there; others that link this file have something to add. */
void __attribute__((weak)) minicos_rest(void)
{
}

void minicos_main(void)
{
    put_log("<4>Linux version 2.4.21-57.ELvmnix\n<6>minicos: boot\n");
    run_task(0, 0, "swapper", cpu_idle);
    run_task(1, 1, "init", init_main);
    run_task(2, 5, "kswapd", kswapd);
    run_task(3, 20, "vmnixhbd", vmnixhbd_main);
    run_task(4, 3000, "deep", recursing_main);
    run_task(5, 9173, "VMap", vmnixhbd_main);
    ((struct machine_hostinfo *)(uintptr_t)MACHINE_WINDOW_VA)->cos_ready = 1;
    minicos_rest();
    for (;;)
        (void)rawsys3(34 /* pause */, 0, 0, 0);
}
