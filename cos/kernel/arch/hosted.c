/* hosted.c - what only sanitizer builds need: fiber.h, and options that suit a program which never
 * frees and never returns. */
#include "cos/kernel/arch/fiber.h"

#if defined(__SANITIZE_ADDRESS__) || defined(COS_FIBERS)
void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack_save, const void **bottom_old,
                                     size_t *size_old);
void __asan_unpoison_memory_region(const volatile void *addr, size_t size);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* What the sanitizer saves when a stack is left: kept by task, at the top of its stack
 * (task_prepare() leaves room there). */
static void **kept_of(struct task_struct *t)
{
    return PTR(void *, kptr_of(t) + THREAD_SIZE - 8);
}

void fiber_leave(int keeps)
{
    struct task_struct *from = PTR(struct task_struct, switch_from);
    __sanitizer_start_switch_fiber(keeps ? kept_of(from) : NULL, current, THREAD_SIZE);
}

void fiber_arrive(void)
{
    void *kept = *kept_of(current);
    *kept_of(current) = NULL;
    __sanitizer_finish_switch_fiber(kept, NULL, NULL);
}

void fiber_fresh(void *at, size_t bytes)
{
    __asan_unpoison_memory_region(at, bytes);
}

const char *__asan_default_options(void)
{
    return "detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=0:exitcode=99";
}

const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:print_stacktrace=1:exitcode=99";
}
#else
typedef int hosted_is_empty; /* ISO C wants one declaration in a file */
#endif
