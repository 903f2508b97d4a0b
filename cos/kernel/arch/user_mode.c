/* user_mode.c - see user_mode.h. */
#include "cos/kernel/arch/user_mode.h"

#include "cos/kernel/arch/syscall.h"
#include "cos/kernel/mm/mm.h"
#include "cos/kernel/sched/v24/sched.h"
#include "shared/rawsys.h"

#define STACK_IN_USE \
    0x1000u /* a program's deepest frames lie within so much of its stack's end. OUR
                                CHOICE, as is all that follows */
#define FRAME_MIN 0x20u
#define WORD_MASK (~3u)

/* ---- registers ------------------------------------------------------------------------------- */
/* A byte of `pages` pages from `start` on; without pages the first one is meant. */
static uint32_t byte_of(uint32_t start, uint32_t pages, uint32_t bits)
{
    return start + (uint32_t)((uint64_t)bits * (pages != 0 ? pages : 1) * PAGE_SIZE >> 32);
}

/* What a general register may hold: a small number, or the address of a datum. */
static uint64_t value_of(const struct mm_struct *mm, uint32_t esp, uint64_t kind, uint32_t where)
{
    switch (kind) {
    case 0:
        return where >> 24;
    case 1:
        return byte_of(mm->start_brk, (mm->brk - mm->start_brk) / PAGE_SIZE, where) & WORD_MASK;
    case 2:
        return (esp + (where >> 22)) & WORD_MASK;
    default:
        return byte_of(LIBS_START, mm->lib_pages, where) & WORD_MASK;
    }
}

static uint64_t eflags_of(uint64_t bits)
{
    static const uint16_t usual[] = { 0x246, 0x202, 0x286, 0x297, 0x206, 0x293 };
    return usual[bits % ARRAY_SIZE(usual)];
}

void user_registers(const struct task_struct *t, struct cos_frame *ret)
{
    const struct mm_struct *mm = PTR(const struct mm_struct, t->mm);
    const uint64_t time_ns = t->utime_ns + cos_clock.now_ns - run_queue.account_ns;
    const uint64_t root = rng_hash(cos_random("user mode"), (uint64_t)t->pid << 32 | t->entries);
    const uint64_t place = rng_hash(root, time_ns);
    const uint32_t depth = (uint32_t)(place & (STACK_IN_USE - 1)) & WORD_MASK;
    const uint32_t esp = STACK_TOP - STACK_IN_USE / 2 - FRAME_MIN - depth;

    *ret = (struct cos_frame){ .rip = byte_of(TEXT_START, mm->text_pages, (uint32_t)(place >> 32)),
                               .rsp = esp,
                               .rbp = esp + FRAME_MIN + (place >> 16 & 0x7cu),
                               .rflags = eflags_of(place >> 24 & 0xffu),
                               .cs = USER_CS,
                               .ss = USER_DS,
                               .ds = USER_DS,
                               .es = USER_DS };
    uint64_t *const general[] = {
        &ret->rax, &ret->rbx, &ret->rcx, &ret->rdx, &ret->rsi, &ret->rdi
    };
    uint64_t bits = place;
    for (uint32_t i = 0; i < ARRAY_SIZE(general); i++) {
        bits = (bits ^ bits >> 29) * 0x9e3779b97f4a7c15u;
        *general[i] = value_of(mm, esp, bits >> 30 & 3u, (uint32_t)(bits >> 32));
    }
}

void show_user_mode(struct task_struct *t)
{
    user_registers(t, &t->saved);
    t->frame = kptr_of(&t->saved);
}

/* First half of an entry (entry.S), on the program's stack: its registers, as the kernel's entry
 * saves them, go to the top of its kernel stack. @param fn what is to be called there; 0 = an
 * interrupt. @return the stack pointer */
kptr user_leave(uint64_t fn);
kptr user_leave(uint64_t fn)
{
    struct task_struct *t = current;
    struct cos_frame *f = PTR(struct cos_frame, kptr_of(t) + THREAD_SIZE - sizeof *f);
    t->entries += fn != 0;
    if (t->mm != 0)
        user_registers(t, f);
    return kptr_of(f);
}

/* ---- stacks ---------------------------------------------------------------------------------- */
#ifdef COS_HOSTED
bool user_stacks_map(uint64_t ram_bytes)
{
    (void)ram_bytes;
    return true;
}

void user_stack_release(void)
{
}
#else
#define PROT_RW 3
#define MAP_FIXED_NORESERVE_RAW 0x4032 /* private, anonymous */
#define MADV_DONTNEED_RAW 4

bool user_stacks_map(uint64_t ram_bytes)
{
    const long at = MACHINE_PAGE_OFFSET - USER_STACK_BELOW;
    return rawsys6(RAWSYS_mmap, at, (long)ram_bytes, PROT_RW, MAP_FIXED_NORESERVE_RAW, -1, 0) == at;
}

void user_stack_release(void)
{
    (void)rawsys3(RAWSYS_madvise, (long)kptr_of(current) - (long)USER_STACK_BELOW, THREAD_SIZE,
                  MADV_DONTNEED_RAW);
}
#endif
