/* costrace.c - see costrace.h. */
#include "vmkernel/foreign/costrace.h"

#include <inttypes.h>

#define PAGE 4096u
#define THREAD_SIZE_MAX (1u << 16) /* bytes of stack that are looked at; 2.4 has 8 kB */

static void print_where(FILE *to, const struct cosview *v, const struct cos_frame *r,
                        const char *release)
{
    uint64_t offset;
    const char *f = cosview_function(v, r->rip, &offset);
    if (f != NULL)
        (void)fprintf(to, "<4>EIP is at %s [kernel] 0x%" PRIx64 " (%s/i686)\n", f, offset, release);
    else
        (void)fprintf(to, "<4>EIP is at [unresolved] (%s/i686)\n", release);
}

static void print_registers(FILE *to, const struct cos_frame *r)
{
    (void)fprintf(to, "<4>eax: %08x   ebx: %08x   ecx: %08x   edx: %08x\n", (uint32_t)r->rax,
                  (uint32_t)r->rbx, (uint32_t)r->rcx, (uint32_t)r->rdx);
    (void)fprintf(to, "<4>esi: %08x   edi: %08x   ebp: %08x   esp: %08x\n", (uint32_t)r->rsi,
                  (uint32_t)r->rdi, (uint32_t)r->rbp, (uint32_t)r->rsp);
    (void)fprintf(to, "<4>ds: %04x   cs: %04x   es: %04x   ss: %04x\n", (unsigned)(r->ds & 0xffff),
                  (unsigned)(r->cs & 0xffff), (unsigned)(r->es & 0xffff),
                  (unsigned)(r->ss & 0xffff));
}

static void print_stack(FILE *to, const struct cosview *v, uint64_t from, uint64_t top)
{
    (void)fputs("<4>Stack: ", to);
    for (unsigned i = 0; i < COSTRACE_WORDS; i++) {
        uint32_t word;
        if (from + 4 * i >= top || !cosview_u32(v, from + 4 * i, &word))
            break;
        if (i > 0 && i % 8 == 0)
            (void)fputs("\n<4>       ", to);
        (void)fprintf(to, "%08" PRIx32 " ", word);
    }
    (void)fputc('\n', to);
}

static void print_calls(FILE *to, const struct cosview *v, uint64_t from, uint64_t top)
{
    (void)fputs("<4>Call Trace:   ", to);
    const char *start = "";
    for (uint64_t at = (from + 7) / 8 * 8; at + 8 <= top; at += 8) {
        uint64_t word, offset;
        if (!cosview_read(v, at, &word, sizeof word))
            break;
        const char *f = cosview_function(v, word, &offset);
        if (f == NULL)
            f = cosview_caller(v, word, &offset);
        if (f == NULL)
            continue;
        (void)fprintf(to, "%s[<%08" PRIx64 ">] %s [kernel] 0x%" PRIx64 " (0x%" PRIx64 ")\n", start,
                      word, f, offset, at);
        start = "<4>";
    }
    if (*start == '\0')
        (void)fputc('\n', to);
}

void costrace_print(FILE *to, const struct cosview *v, const struct cos_task *t,
                    const char *release)
{
    const struct cos_frame *r = &t->regs;
    const uint64_t top =
        t->address + cosview_number(v, "thread_size", THREAD_SIZE_MAX, THREAD_SIZE_MAX);
    if (!t->has_regs) {
        (void)fprintf(to, "<4>Process %s (pid: %" PRIu32 "): no registers\n", t->comm, t->pid);
        return;
    }
    /* A wild stack pointer: print no stack. */
    const uint64_t from = r->rsp >= t->address && r->rsp < top ? r->rsp : top;

    (void)fprintf(to, "<4>EIP:    %04x:[<%08x>]    Tainted: P \n", (unsigned)(r->cs & 0xffff),
                  (uint32_t)r->rip);
    (void)fprintf(to, "<4>EFLAGS: %08x\n<4>\n", (uint32_t)r->rflags);
    if (!cos_frame_is_user(r))
        print_where(to, v, r, release);
    print_registers(to, r);
    /* 2.4 prints the second of the two pages as "stackpage". */
    (void)fprintf(to, "<4>Process %s (pid: %" PRIu32 ", stackpage=%08" PRIx64 ")\n", t->comm,
                  t->pid, t->address + PAGE);
    /* Of a program in user mode 2.4 prints no stack [INFERRED]: the kernel has none of its own. */
    if (cos_frame_is_user(r))
        return;
    print_stack(to, v, from, top);
    print_calls(to, v, from, top);
}
