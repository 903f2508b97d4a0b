/* kernel.h - the basic vocabulary of the COS kernel: kernel pointers, lists, assertions, strings.
 *
 * All kernel data lives in COS RAM below 4 GB, and links between structures are 32-bit virtual
 * addresses ("kptr"), as in the 32-bit kernel that is modelled: struct page then has its 60 bytes
 * with lru at offset 28, and a reader of a dump needs one kind of link only. The kernel is
 * freestanding; the few libc functions it needs are in lib.c. */
#ifndef COS_KERNEL_H
#define COS_KERNEL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t kptr;

#define PTR(type, k) ((type *)(uintptr_t)(k))
static inline kptr kptr_of(const volatile void *p)
{
    return (kptr)(uintptr_t)p;
}

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
    ((type *)(uintptr_t)((uintptr_t)(ptr)-offsetof(type, member)))

/* A function that bears a name of the kernel that people look for in backtraces: never inlined,
 * never cloned. */
#ifdef __clang__
#define KERNEL_FN __attribute__((noinline))
#else
#define KERNEL_FN __attribute__((noinline, noclone))
#endif
#define INLINE_FN static inline __attribute__((always_inline))

/* BUG: an assertion of the model itself. Hands GATE_YIELD_BUG to the VMkernel with file, line and
 * text; never depicts a crash of the simulated kernel (that is panic() and die()). */
void __attribute__((noreturn)) model_bug(const char *file, int line, const char *what);
#define ASSERT(cond)                              \
    do {                                          \
        if (unlikely(!(cond)))                    \
            model_bug(__FILE__, __LINE__, #cond); \
    } while (0)

/* The simulated kernel's own end: printk("<0>Kernel panic: ...") and GATE_YIELD_PANIC. */
void __attribute__((noreturn, format(printf, 1, 2))) panic(const char *format, ...);

/* Doubly linked list with kptr links (8 bytes). An empty list points to itself. */
struct list {
    kptr next, prev;
};
static inline void list_init(struct list *l)
{
    l->next = l->prev = kptr_of(l);
}
static inline bool list_empty(const struct list *l)
{
    return l->next == kptr_of(l);
}
static inline void list_insert(struct list *item, struct list *before, struct list *after)
{
    after->prev = kptr_of(item);
    item->next = kptr_of(after);
    item->prev = kptr_of(before);
    before->next = kptr_of(item);
}
/** Insert at the head (newest end). */
static inline void list_add(struct list *item, struct list *head)
{
    list_insert(item, head, PTR(struct list, head->next));
}
/** Insert at the tail. */
static inline void list_add_tail(struct list *item, struct list *head)
{
    list_insert(item, PTR(struct list, head->prev), head);
}
static inline void list_del(struct list *item)
{
    PTR(struct list, item->next)->prev = item->prev;
    PTR(struct list, item->prev)->next = item->next;
    item->next = item->prev = 0;
}
#define list_entry(k, type, member) container_of(PTR(struct list, k), type, member)

/* lib.c */
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
/** Copy into a field of n bytes: always terminated, the rest zero-filled. */
void strcopy(char *to, const char *from, size_t n);
/** Formats d i u x X c s p-less subset with flags "-0 ", width, precision, l ll z; returns the
 * length it would need. */
int vsnprintf(char *to, size_t n, const char *format, va_list ap);
int __attribute__((format(printf, 3, 4))) snprintf(char *to, size_t n, const char *format, ...);

/* printk.c: the kernel log. "<N>" at the start of a line is its level; 4 where there is none. The
 * buffer (log_buf) is what a dump shows; klogd reads it from log_read on. */
void __attribute__((format(printf, 1, 2))) printk(const char *format, ...);

#endif /* COS_KERNEL_H */
