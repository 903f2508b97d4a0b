/* traps.c - see traps.h. */
#include "cos/kernel/arch/traps.h"

#include "cos/kernel/arch/cost.h"
#include "cos/kernel/arch/hypervisor.h"
#include "cos/kernel/debug/kallsyms.h"
#include "cos/kernel/mm/mm.h"

#define CODE_BYTES 20u
#define NULL_PAGE 4096u /* below it a bad address is told as a NULL pointer */
#define ERROR_READ 0u   /* the i386's error code: a read, in kernel mode, of no page */

/* Modules of an ESX 3 console, as its Oops names them. "vmnixmod e1000" is on record [RHEL3MM 3],
 * the rest is OUR CHOICE. */
static const char modules[] = "vmnixmod e1000 parport_pc lp parport ipt_state ip_conntrack "
                              "iptable_filter ip_tables ext3 jbd sd_mod scsi_mod ";

uint32_t trap_address;
extern uint64_t last_fault_address;

bool kernel_pointer_ok(uint32_t address)
{
    return address >= MACHINE_PAGE_OFFSET &&
           (address - MACHINE_PAGE_OFFSET) / PAGE_SIZE < max_mapnr;
}

/* ---- what is printed ------------------------------------------------------------------------- */
static void show_bad_address(uint32_t address, uint32_t eip)
{
    printk("<1>Unable to handle kernel %s at virtual address %08x\n",
           address < NULL_PAGE ? "NULL pointer dereference" : "paging request", address);
    printk(" printing eip:\n%08x\n", eip);
    printk("*pde = %08x\n", 0u); /* no page table maps what lies outside of the kernel's memory */
}

/* With the machine behind the release, as the vmnix kernel's Oops has it [KB1006802]. */
static void show_where(uint64_t eip)
{
    uint32_t offset;
    const char *name = lookup_symbol(eip, &offset, NULL);
    if (name != NULL)
        printk("EIP is at %s [kernel] 0x%x (%s/i686)\n", name, offset, boot_params->release);
}

static void show_registers(const struct cos_frame *f)
{
    printk("CPU:    0\nEIP:    %04x:[<%08x>]    %s\nEFLAGS: %08x\n\n", KERNEL_CS, (uint32_t)f->rip,
           KERNEL_TAINTED, (uint32_t)f->rflags);
    show_where(f->rip);
    printk("eax: %08x   ebx: %08x   ecx: %08x   edx: %08x\n", (uint32_t)f->rax, (uint32_t)f->rbx,
           (uint32_t)f->rcx, (uint32_t)f->rdx);
    printk("esi: %08x   edi: %08x   ebp: %08x   esp: %08x\n", (uint32_t)f->rsi, (uint32_t)f->rdi,
           (uint32_t)f->rbp, (uint32_t)f->rsp);
    const uint32_t ds = (uint32_t)f->ds & 0xffffu, es = (uint32_t)f->es & 0xffffu;
    printk("ds: %04x   cs: %04x   es: %04x   ss: %04x\n", ds, KERNEL_CS, es, ds);
}

/* The bytes at EIP, as they lie there. */
static void show_code(uint64_t eip)
{
    printk("\nCode:");
    if (!kernel_text_address(eip) || !kernel_text_address(eip + CODE_BYTES)) {
        printk(" Bad EIP value.\n");
        return;
    }
    for (uint32_t i = 0; i < CODE_BYTES; i++)
        printk(" %02x", PTR(const unsigned char, (kptr)eip)[i]);
    printk("\n");
}

static void die(const struct task_struct *t, uint32_t error)
{
    const struct cos_frame *f = &t->saved;
    printk("Oops: %04x\n%s\n", error, modules);
    show_registers(f);
    /* 2.4 calls the second of the two pages of a task "stackpage". */
    printk("Process %s (pid: %u, stackpage=%08x)\n", t->comm, t->pid, kptr_of(t) + PAGE_SIZE);
    show_stack_at((kptr)f->rsp);
    show_code(f->rip);
}

void do_bad_access(struct task_struct *t)
{
    const uint32_t address = trap_address;
    last_fault_address = address;
    show_bad_address(address, (uint32_t)t->saved.rip);
    die(t, ERROR_READ);
    printk("<0>Kernel panic: Fatal exception\n");
    hypervisor_end(GATE_YIELD_OOPS, "Oops");
}

/* ---- a driver with a bug --------------------------------------------------------------------- */
/* The Oops on record [KB1006802]: esxcfg-rescan, in sr_finish of the driver for CD-ROMs. The driver
 * has no table as long as there is no drive, and sr_finish looks into it all the same. Names and
 * call chain are the kernel's. */
#define SCSI_CD_SIZE 132u /* bytes of an entry; `capacity` within it at 0x2c. OUR CHOICE */
#define SCSI_CD_CAPACITY 0x2cu

static kptr scsi_CDs; /* the driver's table */

int sr_finish(uint32_t index);
int scan_scsis(uint32_t host);
int proc_scsi_gen_write(uint32_t host);

KERNEL_FN int sr_finish(uint32_t index)
{
    const uint32_t entry = scsi_CDs + index * SCSI_CD_SIZE + SCSI_CD_CAPACITY;
    if (!kernel_pointer_ok(entry))
        die_on_bad_pointer(entry);
    return *PTR(const volatile int, entry);
}

KERNEL_FN int scan_scsis(uint32_t host)
{
    cpu_charge(COST_SYSCALL);
    const int error = sr_finish(host);
    cpu_charge(COST_SYSCALL);
    return error;
}

KERNEL_FN int proc_scsi_gen_write(uint32_t host)
{
    const int error = scan_scsis(host);
    cpu_charge(COST_SYSCALL);
    return error;
}

KERNEL_FN int sys_write_proc_scsi(void)
{
    cpu_charge(COST_SYSCALL);
    const int error = proc_scsi_gen_write(0);
    cpu_charge(COST_SYSCALL);
    return error;
}
