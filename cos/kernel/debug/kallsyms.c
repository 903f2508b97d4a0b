/* kallsyms.c - see kallsyms.h. */
#include "cos/kernel/debug/kallsyms.h"

#define STACK_WORDS_SHOWN 24u /* of an Oops [RHEL3MM 3] */
#define WORDS_PER_LINE 8u
/* PG WP NE ET MP PE: what a 2.4 kernel for i386 runs with [INFERRED] */
#define CR0_VALUE 0x8005003bu
#define CR4_VALUE 0x6f0u /* [KB308590/Screen] */
/* Page directory of a task without an mm: where 2.4 for i386 has swapper_pg_dir [INFERRED]; this
 * kernel has no tables for itself. */
#define SWAPPER_PGD 0x101000u

/* A walk over a whole stack reads what the sanitizer has marked, too. */
#define ANY_STACK_WORD __attribute__((no_sanitize("address")))

/* The table: kallsyms_count addresses, ascending; the last ends the text. Names follow each
 * other, zero-terminated. Until the second link there is an empty one, made in assembly so that no
 * compiler draws conclusions from its size. */
extern const uint32_t kallsyms_count, kallsyms_addresses[];
extern const char kallsyms_names[];
__asm__(".section .rodata\n\t.balign 8\n\t"
        ".weak kallsyms_count, kallsyms_addresses, kallsyms_names\n"
        "kallsyms_count:\nkallsyms_addresses:\nkallsyms_names:\n\t"
        ".quad 0\n\t.previous");

extern uint64_t last_fault_address;

/* ---- the table ------------------------------------------------------------------------------- */
bool kernel_text_address(uint64_t address)
{
    const uint32_t n = kallsyms_count;
    return n > 1 && address >= kallsyms_addresses[0] && address < kallsyms_addresses[n - 1];
}

static uint32_t find(uint32_t address)
{
    uint32_t low = 0, high = kallsyms_count - 1; /* address[low] <= address < address[high] */
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (kallsyms_addresses[middle] <= address)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static const char *name_of(uint32_t n)
{
    const char *name = kallsyms_names;
    for (; n > 0; n--)
        name += strlen(name) + 1;
    return name;
}

const char *lookup_symbol(uint64_t address, uint32_t *ret_offset, uint32_t *ret_size)
{
    if (!kernel_text_address(address))
        return NULL;
    const uint32_t i = find((uint32_t)address);
    if (ret_offset != NULL)
        *ret_offset = (uint32_t)address - kallsyms_addresses[i];
    if (ret_size != NULL)
        *ret_size = kallsyms_addresses[i + 1] - kallsyms_addresses[i];
    return name_of(i);
}

void print_eip(uint64_t address)
{
    uint32_t offset;
    const char *name = lookup_symbol(address, &offset, NULL);
    if (name != NULL)
        printk("EIP is at %s [kernel] 0x%x (%s)\n", name, offset, boot_params->release);
}

/* ---- stacks ---------------------------------------------------------------------------------- */
static kptr stack_end(kptr sp)
{
    return (sp | (THREAD_SIZE - 1)) + 1;
}

static ANY_STACK_WORD uint64_t stack_word(kptr at)
{
    return *PTR(const volatile uint64_t, at);
}

void show_trace_at(kptr sp)
{
    const char *lead = "Call Trace:   ";
    if (sp < MACHINE_PAGE_OFFSET) /* a program's: nothing of the kernel is on it */
        sp = stack_end(sp);
    for (kptr at = (sp + 7) & ~7u; at < stack_end(sp); at += 8) {
        uint32_t offset;
        const uint64_t word = stack_word(at);
        const char *name = lookup_symbol(word, &offset, NULL);
        if (name == NULL)
            continue;
        printk("%s[<%08x>] %s [kernel] 0x%x (0x%08x)\n", lead, (uint32_t)word, name, offset, at);
        lead = "";
    }
    if (*lead != '\0')
        printk("%s\n", lead);
}

static const struct cos_frame *frame_of(const struct task_struct *t)
{
    return PTR(const struct cos_frame, t->frame);
}

void show_trace(const struct task_struct *t)
{
    if (t->frame != 0)
        show_trace_at((kptr)frame_of(t)->rsp);
}

void show_stack_at(kptr sp)
{
    printk("Stack: ");
    for (uint32_t i = 0; i < STACK_WORDS_SHOWN; i++) {
        const kptr at = ((sp + 7) & ~7u) + i * 8;
        if (at >= stack_end(sp))
            break;
        if (i > 0 && i % WORDS_PER_LINE == 0)
            printk("\n       ");
        printk("%08x ", (uint32_t)stack_word(at));
    }
    printk("\n");
    show_trace_at(sp);
}

/* ---- registers ------------------------------------------------------------------------------- */
static void show_control_registers(const struct task_struct *t)
{
    /* The first member of an mm is its page directory (mm.h). */
    const uint32_t pgd = t->mm != 0 ? *PTR(const uint32_t, t->mm) : SWAPPER_PGD;
    printk("CR0: %08x CR2: %08x CR3: %08x CR4: %08x\n", CR0_VALUE, (uint32_t)last_fault_address,
           pgd, CR4_VALUE);
}

void show_regs(void)
{
    const struct task_struct *t = current;
    const struct cos_frame *f = &t->saved;
    printk("\nPid/TGid: %u/%u, comm: %20s\n", t->pid, t->tgid, t->comm);
    printk("EIP: %04x:[<%08x>] CPU: 0\n", (unsigned)(f->cs & 0xffffu), (uint32_t)f->rip);
    print_eip(f->rip);
    printk(" ESP: %04x:%08x EFLAGS: %08x    %s\n", (unsigned)(f->ss & 0xffffu), (uint32_t)f->rsp,
           (uint32_t)f->rflags, KERNEL_TAINTED);
    printk("EAX: %08x EBX: %08x ECX: %08x EDX: %08x\n", (uint32_t)f->rax, (uint32_t)f->rbx,
           (uint32_t)f->rcx, (uint32_t)f->rdx);
    printk("ESI: %08x EDI: %08x EBP: %08x DS: %04x ES: %04x\n", (uint32_t)f->rsi, (uint32_t)f->rdi,
           (uint32_t)f->rbp, (unsigned)(f->ds & 0xffffu), (unsigned)(f->es & 0xffffu));
    show_control_registers(t);
    show_trace_at((kptr)f->rsp);
}
