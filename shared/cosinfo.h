/* cosinfo.h - what a reader of COS memory must know: names, sizes and offsets, as data.
 *
 * The COS kernel describes itself: its image has a section ".cosinfo", an array of the records
 * below, one per structure size, field offset and constant. The VMkernel reads that section from
 * the image file (which it trusts, unlike the RAM), finds tasks by it when it dumps, and copies it,
 * with the symbol table, into a note of the cos-core. So neither it nor any tool includes a header
 * of cos/.
 *
 * The note: name "LOSTBEAT", type COSINFO_NOTE_TYPE, descriptor = text of lines "KEY=VALUE\n" in
 * the spirit of kdump's VMCOREINFO (whose name it must not bear: drgn then takes the file for a
 * Linux kernel's dump). Keys: OSRELEASE=2.4.21-57.ELvmnix        PAGESIZE=4096 PAGE_OFFSET=c0000000
 * (hex)      STUNNED=1|0 SYMBOL(name)=hexaddr,hexsize       SIZE(struct task_struct)=dec
 * OFFSET(task_struct.pid)=dec       NUMBER(name)=dec CURRENT=hexaddr of the task_struct that was
 * running           TIME=virtual ns at the dump
 */
#ifndef SHARED_COSINFO_H
#define SHARED_COSINFO_H

#include <stdint.h>

#define COSINFO_SECTION ".cosinfo"
#define COSINFO_NOTE_NAME "LOSTBEAT"
#define COSINFO_NOTE_TYPE \
    0x4c42u /* "LB": a number that no common note has, so that readelf does not call it \
               NT_PRSTATUS */

struct cosinfo_entry {
    char key[56];   /* e.g. "OFFSET(task_struct.pid)"; zero-filled */
    uint64_t value; /* bytes, or the number */
};
_Static_assert(sizeof(struct cosinfo_entry) == 64, "section is an array of these");

/* Keys that the VMkernel needs to find its way; the COS must define every one of them.
 * Links between structures are 32-bit virtual addresses ("kptr"). */
#define COSINFO_REQUIRED                                                                      \
    "SIZE(task_struct)", "OFFSET(task_struct.next_task)", "OFFSET(task_struct.pid)",          \
        "OFFSET(task_struct.comm)", "OFFSET(task_struct.state)", "OFFSET(task_struct.frame)", \
        "OFFSET(task_struct.ppid)", "SIZE(pt_regs)", "NUMBER(thread_size)"
/* Symbols that it needs: init_task_union (the task list's head, pid 0), current_task (a kptr),
 * last_fault_address (u64), log_buf (bytes), log_start, log_end (u32, free-running), log_buf_len is
 * NUMBER(log_buf_len). */

/* The register frame that every hand-over, every task switch and every entry of a program into the
 * kernel saves (cos/kernel/arch/entry.S). task_struct.frame is the kptr to it; 0 while the task has
 * never run. cs says whose registers it has: its low two bits are 3 in user mode, where rip and rsp
 * are user addresses. Segment slots: only the low 16 bits are written, the rest is what lay on the
 * stack, as on i386. */
struct cos_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t rip;
    uint64_t rflags;
    uint64_t rsp; /* as it was before the hand-over */
    uint64_t ds, es, cs, ss;
};
_Static_assert(sizeof(struct cos_frame) == 176, "entry.S and the dump agree");

/** Are these the registers of a program, and not of the kernel? */
static inline int cos_frame_is_user(const struct cos_frame *f)
{
    return (f->cs & 3u) == 3;
}

#endif /* SHARED_COSINFO_H */
