/* jumped_to.h - handlers that kernel code jumps to, for tests.
 *
 * cpu_charge() and inert_settle() jump to their handlers with the return address in r11 and want
 * every other register back. 128 bytes below the stack pointer may be in use (red zone), and vector
 * registers may hold values of hosted code. */
#ifndef TESTS_JUMPED_TO_H
#define TESTS_JUMPED_TO_H

/* Define the symbol `name` that calls `handler` so. */
#define JUMPED_TO(name, handler)                                                            \
    __asm__(".text\n.globl " name "\n.type " name ", @function\n" name ":\n"                \
            "  leaq -128(%rsp), %rsp\n  pushq %r11\n  pushq %rbp\n  movq %rsp, %rbp\n"      \
            "  pushq %rax\n  pushq %rcx\n  pushq %rdx\n  pushq %rsi\n  pushq %rdi\n"        \
            "  pushq %r8\n  pushq %r9\n  pushq %r10\n"                                      \
            "  subq $512, %rsp\n  andq $-64, %rsp\n  fxsave64 (%rsp)\n  call " handler "\n" \
            "  fxrstor64 (%rsp)\n  leaq -64(%rbp), %rsp\n"                                  \
            "  popq %r10\n  popq %r9\n  popq %r8\n"                                         \
            "  popq %rdi\n  popq %rsi\n  popq %rdx\n  popq %rcx\n  popq %rax\n"             \
            "  popq %rbp\n  popq %r11\n  leaq 128(%rsp), %rsp\n  jmp *%r11\n"               \
            ".size " name ", . - " name "\n")

#endif /* TESTS_JUMPED_TO_H */
