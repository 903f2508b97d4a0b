/* arena.c - a jemalloc arena whose memory is the service console's.
 *
 * jemalloc asks its extent hooks for address space and gives it back to them. Ours ask the COS: the
 * alloc hook is the system call PAGE_ALLOC, whose result is a physical address; the page is seen at
 * that place of our one mapping of the COS RAM. With the options below each mallocx() of a page is
 * one alloc call and each dallocx() one dalloc call, which the beat checks every time. jemalloc's
 * own records do not lie in those pages (metadata_use_hooks = false), so a page of the COS holds
 * only what we write. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jemalloc/jemalloc.h>

#include "cos/vmnixhbd/hbd.h"

/* Nothing is kept back: a freed page goes to the COS at once, as in the kernel's own alloc and free
 * of a page. */
const char *malloc_conf = "retain:false,dirty_decay_ms:0,muzzy_decay_ms:0,tcache:false,narenas:1";

/* arena_config_t of jemalloc 5.3, whose header keeps the "experimental" calls to itself. The size
 * is checked by mallctl. */
struct arena_config {
    extent_hooks_t *extent_hooks;
    bool metadata_use_hooks;
};

/* extent hooks get back the pointer that was given to jemalloc, so what they need stands behind the
 * table. */
struct hooks {
    extent_hooks_t table; /* first member */
    struct hbd_arena *arena;
};

static struct hbd_arena *arena_of(extent_hooks_t *hooks)
{
    return ((struct hooks *)hooks)->arena;
}

static bool is_page_of_ram(const struct hbd_arena *a, int64_t physical)
{
    return physical >= 0 && (uint64_t)physical % MACHINE_PAGE_SIZE == 0 &&
           (uint64_t)physical <= a->ram_bytes - MACHINE_PAGE_SIZE;
}

static void *hook_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
                        bool *zero, bool *commit, unsigned arena_index)
{
    struct hbd_arena *a = arena_of(hooks);
    (void)arena_index;
    if (new_addr != NULL || size != MACHINE_PAGE_SIZE || alignment > MACHINE_PAGE_SIZE) {
        a->others++;
        return NULL;
    }
    a->allocs++;
    const int64_t physical = hbd_call(a->call, GATE_CALL_PAGE_ALLOC, size, 0);
    if (!is_page_of_ram(a, physical)) {
        a->alloc_error = physical < 0 ? physical : -EFAULT;
        return NULL;
    }
    a->physical = (uint64_t)physical;
    *commit = true;
    *zero = false; /* it is zero, but nobody here rests on that */
    return a->ram + physical;
}

static bool hook_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
                        unsigned arena_index)
{
    struct hbd_arena *a = arena_of(hooks);
    (void)committed;
    (void)arena_index;
    a->frees++;
    a->free_error =
        hbd_call(a->call, GATE_CALL_PAGE_FREE, (uint64_t)((uint8_t *)addr - a->ram), size);
    /* Taken in any case: jemalloc would keep a refused page and serve the next beat with it. */
    return false;
}

static void hook_destroy(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
                         unsigned arena_index)
{
    (void)addr;
    (void)size;
    (void)committed;
    (void)arena_index;
    arena_of(hooks)->others++;
}

/* --- options --- */

static int refuse(char *err, unsigned err_size, const char *name, const char *got, const char *want)
{
    (void)snprintf(err, err_size,
                   "jemalloc: %s is %s, must be %s (is there a MALLOC_CONF or /etc/malloc.conf?)",
                   name, got, want);
    return -1;
}

static int check_bool(const char *name, bool want, char *err, unsigned err_size)
{
    bool got = false;
    size_t bytes = sizeof got;
    if (mallctl(name, &got, &bytes, NULL, 0) != 0)
        return refuse(err, err_size, name, "unknown to it", want ? "true" : "false");
    return got == want
               ? 0
               : refuse(err, err_size, name, got ? "true" : "false", want ? "true" : "false");
}

static int check_decay(const char *name, char *err, unsigned err_size)
{
    ssize_t got = -1;
    size_t bytes = sizeof got;
    char text[24];
    if (mallctl(name, &got, &bytes, NULL, 0) != 0)
        return refuse(err, err_size, name, "unknown to it", "0");
    (void)snprintf(text, sizeof text, "%" PRId64, (int64_t)got);
    return got == 0 ? 0 : refuse(err, err_size, name, text, "0");
}

static int check_text(const char *name, const char *want, char *err, unsigned err_size)
{
    const char *got = NULL;
    size_t bytes = sizeof got;
    if (mallctl(name, &got, &bytes, NULL, 0) != 0)
        return refuse(err, err_size, name, "unknown to it", want);
    return strcmp(got, want) == 0 ? 0 : refuse(err, err_size, name, got, want);
}

/* What was compiled in can be overridden from outside; so it is read back. */
static int check_options(char *err, unsigned err_size)
{
    static const struct {
        const char *name;
        bool want;
    } flags[] = {
        { "opt.retain", false },            /* else a freed extent is kept for reuse */
        { "opt.tcache", false },            /* else frees stay in the thread's cache */
        { "opt.hpa", false },               /* else pages are carved out of huge ones */
        { "opt.zero", false },              /* else the allocator writes into the page */
        { "opt.background_thread", false }, /* else a thread makes gate calls of its own */
    };
    const char *const junk = "opt.junk"; /* else, too, the allocator writes into the page */

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (check_bool(flags[i].name, flags[i].want, err, err_size) != 0)
            return -1;
    }
    if (check_decay("opt.dirty_decay_ms", err, err_size) != 0 ||
        check_decay("opt.muzzy_decay_ms", err, err_size) != 0)
        return -1;
    return check_text(junk, "false", err, err_size);
}

/* --- public --- */

int hbd_arena_init(struct hbd_arena *a, struct hbd_call *call, uint8_t *ram, uint64_t ram_bytes,
                   char *err, unsigned err_size)
{
    /* jemalloc keeps the pointer for as long as the arena lives, which is for ever. */
    static struct hooks hooks;
    if (check_options(err, err_size) != 0)
        return -1;

    hooks.table =
        (extent_hooks_t){ .alloc = hook_alloc, .dalloc = hook_dalloc, .destroy = hook_destroy };
    hooks.arena = a;
    struct arena_config config = { .extent_hooks = &hooks.table, .metadata_use_hooks = false };
    unsigned index = 0;
    size_t bytes = sizeof index;
    const int error =
        mallctl("experimental.arenas_create_ext", &index, &bytes, &config, sizeof config);
    if (error != 0) {
        (void)snprintf(err, err_size, "jemalloc: cannot make an arena: %s", strerror(error));
        return -1;
    }
    *a = (struct hbd_arena){ .call = call, .ram = ram, .ram_bytes = ram_bytes };
    a->flags = (int)(MALLOCX_ARENA(index) | MALLOCX_TCACHE_NONE);
    return 0;
}

void hbd_arena_reset(struct hbd_arena *a)
{
    a->allocs = a->frees = a->others = 0;
    a->physical = 0;
    a->alloc_error = a->free_error = 0;
}

void *hbd_arena_page_alloc(struct hbd_arena *a)
{
    return mallocx(MACHINE_PAGE_SIZE, a->flags);
}

void hbd_arena_page_free(struct hbd_arena *a, void *page)
{
    dallocx(page, a->flags);
}
