/* psod.c - see psod.h. */
#include "vmkernel/dump/psod.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/path.h"
#include "shared/picture.h"
#include "shared/rng.h"
#include "shared/units.h"

static void copy_lines(char (*to)[SCREEN_LINE_MAX], char (*from)[LOG_LINE_MAX], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        (void)snprintf(to[i], SCREEN_LINE_MAX, "%.*s", (int)SCREEN_LINE_MAX - 1, from[i]);
}

#define SAVE_AREA_BELOW 0x500000u /* bytes; begins so far below the console's memory */
#define SAVE_AREA_WORDS 0x80000u  /* places of 4 bytes */

uint32_t psod_save_area(const struct profile *profile, uint64_t root)
{
    const uint64_t place = rng_hash(root, SAVE_AREA_BELOW) % SAVE_AREA_WORDS;
    return profile->cr3_base - SAVE_AREA_BELOW + (uint32_t)place * 4;
}

static struct screen_regs registers(const struct psod_source *src)
{
    struct screen_regs r = {
        .cr2 = (uint32_t)src->last_fault_address,
        .cr3 = src->profile->cr3_base + (uint32_t)src->ram_bytes,
        .cr4 = src->profile->cr4,
    };
    if (src->panic != NULL)
        return src->panic->regs;
    if (src->current == NULL || !src->current->has_regs)
        return r;
    const struct cos_frame *f = &src->current->regs;
    r.frame = src->save_area;
    r.ip = (uint32_t)f->rip;
    r.es = (uint32_t)f->es;
    r.ds = (uint32_t)f->ds;
    r.eax = (uint32_t)f->rax;
    r.ebx = (uint32_t)f->rbx;
    r.ecx = (uint32_t)f->rcx;
    r.edx = (uint32_t)f->rdx;
    r.ebp = (uint32_t)f->rbp;
    r.esi = (uint32_t)f->rsi;
    r.edi = (uint32_t)f->rdi;
    return r;
}

static void fill_worlds(const struct psod_source *src, struct screen *s)
{
    const struct world *running[WORLDS_PCPUS_MAX];
    _Static_assert(WORLDS_PCPUS_MAX <= SCREEN_WORLDS_MAX, "every pCPU has its place on the screen");
    worlds_snapshot(src->worlds, src->stun_ns, running);
    s->world_count = src->worlds->pcpus;
    for (uint32_t i = 0; i < s->world_count; i++) {
        struct screen_world *w = &s->worlds[i];
        w->pcpu = i;
        w->id = running[i]->id;
        /* The watchdog and the console are at home on pCPU 0. */
        w->panicking = i == (src->panic != NULL ? src->panic->pcpu : 0);
        (void)worlds_short_name(src->worlds, running[i], w->name, sizeof w->name);
    }
}

void psod_compose(const struct psod_source *src, struct screen *ret)
{
    struct screen s = { .bluescreen = src->profile->bluescreen };
    assert(src->log_count <= SCREEN_LOG_MAX);
    assert(src->after_count <= SCREEN_LOG_MAX);
    (void)snprintf(s.product, sizeof s.product, "%s", src->profile->product);
    (void)snprintf(s.headline, sizeof s.headline, "%s", src->headline);
    s.regs = registers(src);
    fill_worlds(src, &s);
    if (src->panic != NULL) {
        memcpy(s.frame, src->panic->frame, sizeof s.frame);
        s.frame_count = src->panic->frame_count;
    }
    s.symbol_base = src->profile->blk_dev_base;
    s.uptime_ns = src->paint_ns;
    s.tsc = (uint64_t)((unsigned __int128)src->paint_ns * src->cpu_khz / NS_PER_MS);
    copy_lines(s.log, src->log, src->log_count);
    s.log_count = src->log_count;
    copy_lines(s.after, src->after, src->after_count);
    s.after_count = src->after_count;
    /* Two messages go to the screen twice, once by the panic code and once by the dump code; "log"
     * says that the log is part of it [KB308590/Screen]. */
    if (src->slot_count > 0)
        (void)snprintf(
            s.status, sizeof s.status,
            "Starting coredump to disk Starting coredump to disk Dumping using slot %" PRIu32
            " of %" PRIu32 "... using slot %" PRIu32 " of %" PRIu32 "... log",
            src->slot + 1, src->slot_count, src->slot + 1, src->slot_count);
    *ret = s;
}

static int show_file(const struct dumpio *io, const char *host_dir, const char *name,
                     const char *text, int len)
{
    char path[PATH_SIZE];
    assert(len >= 0);
    const int error = path_join(path, host_dir, name);
    return error != 0 ? error : dumpio_replace(io, path, text, (size_t)len);
}

static int show_picture(const struct dumpio *io, const char *host_dir, const char *text)
{
    struct picture picture;
    if (picture_draw(text, NULL, 0, &picture) != 0)
        return -ENOMEM;
    const int status =
        show_file(io, host_dir, PATH_SCREEN_PNG, (const char *)picture.png, (int)picture.size);
    free(picture.png);
    return status;
}

int psod_show(const struct dumpio *io, const char *host_dir, const char *text)
{
    char *ansi = malloc(SCREEN_ANSI_MAX);
    if (ansi == NULL)
        return -ENOMEM;
    const int plain = show_file(io, host_dir, PATH_SCREEN_TEXT, text, (int)strlen(text));
    const int coloured =
        show_file(io, host_dir, PATH_SCREEN_ANSI, ansi, screen_ansi(text, ansi, SCREEN_ANSI_MAX));
    free(ansi);
    const int drawn = show_picture(io, host_dir, text);
    return plain != 0 ? plain : coloured != 0 ? coloured : drawn;
}
