/* entry.S - where registers are saved: process entry, hand-over, task switch, first run of a
 * task.
 *
 * struct cos_frame (shared/cosinfo.h): r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi
 * rdi rip rflags rsp ds es cs ss, 8 bytes each. Segment slots get 16 bits, as a push of a segment
 * register does on i386; 0x60 and 0x68 are __KERNEL_CS and __KERNEL_DS of the 2.4 kernel. */
#define F_R15 0
#define F_R14 8
#define F_R13 16
#define F_R12 24
#define F_RBP 32
#define F_RBX 40
#define F_R11 48
#define F_R10 56
#define F_R9 64
#define F_R8 72
#define F_RAX 80
#define F_RCX 88
#define F_RDX 96
#define F_RSI 104
#define F_RDI 112
#define F_RIP 120
#define F_RFLAGS 128
#define F_RSP 136
#define F_DS 144
#define F_ES 152
#define F_CS 160
#define F_SS 168
#define F_SIZE 176
#define KERNEL_CS 0x60
#define KERNEL_DS 0x68
#define IRQ_STACK_CLEARED 1024 /* deeper than a hand-over to the VMkernel goes */

    .section .note.GNU-stack, "", @progbits
    .text

#ifndef COS_HOSTED
/* The process starts on a stack that the host's kernel made. Nothing of it (arguments,
 * environment, random bytes) is looked at. */
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .cfi_undefined rip
    xorl %ebp, %ebp
    andq $-16, %rsp
    call cos_early
    ud2
    .cfi_endproc
    .size _start, . - _start
#endif

/* void startup_32(kptr stack_top, void (*fn)(void)): leave this stack for good. */
    .globl startup_32
    .type startup_32, @function
startup_32:
    .cfi_startproc
    .cfi_undefined rip
    movl %edi, %esp
    xorl %ebp, %ebp
    call *%rsi
    ud2
    .cfi_endproc
    .size startup_32, . - startup_32

#ifdef COS_HOSTED
#define SCRATCH_TOP 0x0E000000
#else
#define SCRATCH_TOP 0xFE000000
#endif
#define REGISTERS (SCRATCH_TOP - 0x11000) /* SCRATCH_REGISTERS */

/* hand_over: jumped to from cpu_charge() with the return address in r11. Keeps every register in
 * scratch memory, runs do_timers() on the interrupt stack, which shows them in current->saved, and
 * restores. The task's stack is not written. */
    .globl hand_over
    .type hand_over, @function
hand_over:
    .cfi_startproc simple
    .cfi_def_cfa rsp, 0
    .cfi_register rip, r11
    movabsq %rax, REGISTERS + F_RAX
    movl $REGISTERS, %eax
    movq %r15, F_R15(%rax)
    movq %r14, F_R14(%rax)
    movq %r13, F_R13(%rax)
    movq %r12, F_R12(%rax)
    movq %rbp, F_RBP(%rax)
    movq %rbx, F_RBX(%rax)
    movq %r10, F_R10(%rax)
    movq %r9, F_R9(%rax)
    movq %r8, F_R8(%rax)
    movq %rcx, F_RCX(%rax)
    movq %rdx, F_RDX(%rax)
    movq %rsi, F_RSI(%rax)
    movq %rdi, F_RDI(%rax)
    movq %r11, F_RIP(%rax)
    movq %rsp, F_RSP(%rax)
    .cfi_def_cfa_register rsp
    movl irq_stack_top(%rip), %esp
    .cfi_undefined rip
    pushq $0
    pushq $0
    movl current_task(%rip), %edi
    call do_timers
    /* Clear what the handlers left on the interrupt stack: how often it is used depends on where
     * grants end (task.h, `saved`). */
    movl irq_stack_top(%rip), %edi
    subq $IRQ_STACK_CLEARED, %rdi
    movl $IRQ_STACK_CLEARED / 8, %ecx
    xorl %eax, %eax
    rep stosq
    movl $REGISTERS, %eax
    movq F_R15(%rax), %r15
    movq F_R14(%rax), %r14
    movq F_R13(%rax), %r13
    movq F_R12(%rax), %r12
    movq F_RBP(%rax), %rbp
    movq F_RBX(%rax), %rbx
    movq F_R10(%rax), %r10
    movq F_R9(%rax), %r9
    movq F_R8(%rax), %r8
    movq F_RCX(%rax), %rcx
    movq F_RDX(%rax), %rdx
    movq F_RSI(%rax), %rsi
    movq F_RDI(%rax), %rdi
    movq F_RIP(%rax), %r11
    movq F_RSP(%rax), %rsp
    movq F_RAX(%rax), %rax
    jmp *%r11
    .cfi_endproc
    .size hand_over, . - hand_over

/* run_aside: jumped to from do_aside() (scratch.h) with the return address in r11. Keeps all
 * registers. */
    .globl run_aside
    .type run_aside, @function
run_aside:
    .cfi_startproc simple
    .cfi_def_cfa rsp, 0
    .cfi_register rip, r11
    movabsq %rax, SCRATCH_TOP - 80
    movl $SCRATCH_TOP, %eax
    movq %rsp, -8(%rax)
    movq %r11, -16(%rax)
    movq %rcx, -24(%rax)
    movq %rdx, -32(%rax)
    movq %rsi, -40(%rax)
    movq %rdi, -48(%rax)
    movq %r8, -56(%rax)
    movq %r9, -64(%rax)
    movq %r10, -72(%rax)
    movq -88(%rax), %rdi /* SCRATCH_CALL: function, argument */
    movq -96(%rax), %rcx
    leaq -128(%rax), %rsp
    .cfi_undefined rip
    call *%rcx
    movl $SCRATCH_TOP, %eax
    movq -8(%rax), %rsp
    movq -16(%rax), %r11
    movq -24(%rax), %rcx
    movq -32(%rax), %rdx
    movq -40(%rax), %rsi
    movq -48(%rax), %rdi
    movq -56(%rax), %r8
    movq -64(%rax), %r9
    movq -72(%rax), %r10
    movq -80(%rax), %rax
    jmp *%r11
    .cfi_endproc
    .size run_aside, . - run_aside

/* switch_stacks: called by SWITCH_STACKS (sched.c), which declares every register but rbp and
 * rsp as lost. Saves the frame of the task whose stack this is (switch_from) and continues
 * current_task from its own. All registers but those two are stored as zero and loaded as zero:
 * what they hold here depends on paths that leave no other trace. With switch_scrub the dead
 * part of the stack (between task_struct and frame) is cleared too, so that the endless retry of
 * the allocator leaves the same bytes however often it turned (livelock.c). */
    .globl switch_stacks
    .type switch_stacks, @function
switch_stacks:
    .cfi_startproc
    leaq -F_SIZE(%rsp), %rsp
    .cfi_adjust_cfa_offset F_SIZE
    i = 0
    xorl %eax, %eax
    .rept F_SIZE / 8
    movq %rax, i(%rsp)
    i = i + 8
    .endr
    movq %rbp, F_RBP(%rsp)
    movq $0x202, F_RFLAGS(%rsp)
    movq F_SIZE(%rsp), %rax
    movq %rax, F_RIP(%rsp)
    leaq F_SIZE + 8(%rsp), %rax
    movq %rax, F_RSP(%rsp)
    movw $KERNEL_DS, F_DS(%rsp)
    movw $KERNEL_DS, F_ES(%rsp)
    movw $KERNEL_CS, F_CS(%rsp)
    movw $KERNEL_DS, F_SS(%rsp)
    movl switch_from(%rip), %edi
    movl task_frame_offset(%rip), %edx
    movl %esp, (%rdi, %rdx)
    cmpl $0, switch_scrub(%rip)
    je 1f
    movl task_struct_size(%rip), %ecx
    addq %rcx, %rdi
    movq %rsp, %rcx
    subq %rdi, %rcx
    shrq $3, %rcx
    xorl %eax, %eax
    rep stosq
1:  movl current_task(%rip), %esi
    movl (%rsi, %rdx), %esp
    movq F_RBP(%rsp), %rbp
    /* task_prepare() uses these two for the first frame; they are zero in all others. */
    movq F_RBX(%rsp), %rbx
    movq F_R12(%rsp), %r12
    xorl %eax, %eax
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
    leaq F_SIZE(%rsp), %rsp
    .cfi_adjust_cfa_offset -F_SIZE
    /* Whose stack was left, and how, is no state of the machine: livelock.c leaves fewer. */
    movl $0, switch_from(%rip)
    movl $0, switch_scrub(%rip)
    ret
    .cfi_endproc
    .size switch_stacks, . - switch_stacks

/* First run of a kernel thread: task_prepare() put fn in r12 and its argument in rbx. The bottom of
 * its stack. */
    .globl task_start
    .type task_start, @function
task_start:
    .cfi_startproc
    .cfi_undefined rip
    xorl %ebp, %ebp
    call task_arrive
    movq %rbx, %rdi
    call *%r12
    movl %eax, %edi
    call do_exit
    ud2
    .cfi_endproc
    .size task_start, . - task_start

/* What a return to user mode waits for: signals, then better tasks, until there is neither. Goes on
 * at `ready`. */
.macro BEFORE_USER_MODE ready
    jmp 12f
11: call do_signal
12: movl current_task(%rip), %edi
    movl task_sig_pending_offset(%rip), %edx
    cmpl $0, (%rdi, %rdx)
    jne 11b
    cmpl $0, need_resched(%rip)
    je \ready
    call schedule
    jmp 12b
.endm

/* First run of a program: main in r12, its argument in rbx. What waits for its return to user mode
 * comes first. */
    .globl ret_from_fork
    .type ret_from_fork, @function
ret_from_fork:
    .cfi_startproc
    .cfi_undefined rip
    xorl %ebp, %ebp
    call task_arrive
    BEFORE_USER_MODE user_start
    .cfi_endproc
    .size ret_from_fork, . - ret_from_fork

/* void enter_user_mode(int (*main)(void *), void *arg) */
    .globl enter_user_mode
    .type enter_user_mode, @function
enter_user_mode:
    .cfi_startproc
    .cfi_undefined rip
    movq %rdi, %r12
    movq %rsi, %rbx
    jmp user_start
    .cfi_endproc
    .size enter_user_mode, . - enter_user_mode

#define USER_STACK_SIZE 8192
#define USER_STACK_BELOW 0x80000000 /* user_mode.h; added, since addresses have 32 bits */

/* ENTRY name: how a program enters the kernel. Begins on its stack, with a function in rax (0:
 * none) and its arguments in their registers. Keeps what a called function has to keep, and the
 * result. The program's stack pointer and the result wait in the first words of its stack's
 * memory; the kernel's functions see none of the program's registers. */
.macro ENTRY name, by_interrupt=0
    .globl \name
    .type \name, @function
\name:
    .cfi_startproc
    .cfi_undefined rip
    .if \by_interrupt
    xorl %eax, %eax
    .endif
#ifdef COS_HOSTED
    pushq %rbp
    movq %rsp, %rbp
    testq %rax, %rax
    je 1f
    call *%rax
1:  pushq %rax
    pushq %rdx
#else
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rax
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %r8
    pushq %r9
    movq %rax, %rdi
    call user_leave
    movl %eax, %ebx
    popq %r9
    popq %r8
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    popq %r11
    movl current_task(%rip), %eax
    addl $USER_STACK_BELOW, %eax
    movq %rsp, (%rax)
    movl %ebx, %esp
    xorl %eax, %eax
    xorl %ebx, %ebx
    xorl %ebp, %ebp
    xorl %r10d, %r10d
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
    testq %r11, %r11
    je 2f
    call *%r11
    movl current_task(%rip), %r10d
    addl $USER_STACK_BELOW, %r10d
    movq %rax, 8(%r10)
    movq %rdx, 16(%r10)
    movl %eax, F_RAX(%rsp)
#endif
2:  BEFORE_USER_MODE 3f
3:
#ifdef COS_HOSTED
    popq %rdx
    popq %rax
    popq %rbp
#else
    movl current_task(%rip), %r10d
    addl $USER_STACK_BELOW, %r10d
    movq (%r10), %rsp
    movq 8(%r10), %rax
    movq 16(%r10), %rdx
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
#endif
    ret
    .cfi_endproc
    .size \name, . - \name
.endm
    ENTRY system_call
    ENTRY error_code
    ENTRY ret_from_intr, 1

/* The bottom of a program's stack. */
    .section .text.user, "ax", @progbits
    .type user_start, @function
user_start:
    .cfi_startproc
    .cfi_undefined rip
#ifndef COS_HOSTED
    movl current_task(%rip), %eax
    addl $USER_STACK_BELOW, %eax
    leaq USER_STACK_SIZE - 16(%rax), %rsp
#else
    andq $-16, %rsp /* enter_user_mode() was called */
#endif
    xorl %ebp, %ebp
    movq %rbx, %rdi
    call *%r12
    movl %eax, %edi
    leaq do_exit(%rip), %rax
    call system_call
    ud2
    .cfi_endproc
    .size user_start, . - user_start
