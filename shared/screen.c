/* screen.c - see screen.h. Text is appended to a bounded buffer that remembers when it overflowed,
 * so that the layout reads like the screen. */
#include "shared/screen.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/calendar.h"

struct out {
    char *to;
    size_t size, used;
    bool full;
};

static void __attribute__((format(printf, 2, 3))) put(struct out *o, const char *format, ...)
{
    if (o->full)
        return;
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(o->to + o->used, o->size - o->used, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= o->size - o->used)
        o->full = true;
    else
        o->used += (size_t)n;
}

static int finish(struct out *o)
{
    if (!o->full)
        return (int)o->used;
    o->to[0] = '\0';
    return -1;
}

static struct out start(char *to, size_t size)
{
    assert(to != NULL);
    assert(size > 0);
    to[0] = '\0';
    return (struct out){ .to = to, .size = size };
}

static void put_regs(struct out *o, const struct screen_regs *r)
{
    put(o, "frame=0x%x ip=0x%x cr2=0x%x cr3=0x%x cr4=0x%x\n", r->frame, r->ip, r->cr2, r->cr3,
        r->cr4);
    put(o, "es=0x%x ds=0x%x fs=0x%x gs=0x%x\n", r->es, r->ds, r->fs, r->gs);
    put(o, "eax=0x%x ebx=0x%x ecx=0x%x edx=0x%x\n", r->eax, r->ebx, r->ecx, r->edx);
    put(o, "ebp=0x%x esi=0x%x edi=0x%x err=%" PRId32 " eflags=0x%x\n", r->ebp, r->esi, r->edi,
        r->err, r->eflags);
}

static void put_worlds(struct out *o, const struct screen *s)
{
    for (uint32_t i = 0; i < s->world_count; i++) {
        const struct screen_world *w = &s->worlds[i];
        const char *end = i % 4 == 3 || i + 1 == s->world_count ? "\n" : " ";
        put(o, "%s%" PRIu32 ":%" PRIu32 "/%.*s%s", w->panicking ? "*" : "", w->pcpu, w->id,
            (int)SCREEN_WORLD_NAME, w->name, end);
    }
}

static void put_backtrace(struct out *o, const struct screen *s)
{
    for (uint32_t i = 0; i < s->frame_count; i++) {
        const struct screen_frame *f = &s->frame[i];
        put(o, "0x%x:[0x%x]%s+0x%x stack: 0x%x, 0x%x, 0x%x\n", f->ebp, f->ip, f->name, f->offset,
            f->stack[0], f->stack[1], f->stack[2]);
    }
    /* The VMkernel resolves a COS address with its own symbol table, and blk_dev is what lies
     * nearest; the sum wraps at 2^32. */
    if (s->frame_count == 0)
        put(o, "0x%x:[0x%x]blk_dev+0x%x stack: 0x0, 0x0, 0x0\n", s->regs.ebp, s->regs.ip,
            s->regs.ip - s->symbol_base);
}

/* A name or a log line can come from a mad COS; a screen has one line per line and no control
 * characters. */
static void make_printable(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if (*c != '\n' && (*c < ' ' || *c > '~'))
            *c = '?';
    }
}

int screen_text(const struct screen *s, char *to, size_t size)
{
    assert(s != NULL);
    assert(s->world_count <= SCREEN_WORLDS_MAX);
    assert(s->log_count <= SCREEN_LOG_MAX);
    assert(s->after_count <= SCREEN_LOG_MAX);
    assert(s->frame_count <= SCREEN_FRAMES_MAX);
    char uptime[CALENDAR_UPTIME_SIZE];
    struct out o = start(to, size);

    put(&o, "%s\n%s\n", s->product, s->headline);
    put_regs(&o, &s->regs);
    put_worlds(&o, s);
    if (s->bluescreen)
        put(&o, "@BlueScreen: %s\n", s->headline);
    put_backtrace(&o, s);
    (void)calendar_format_uptime(s->uptime_ns, uptime);
    put(&o, "VMK uptime: %s TSC: %" PRIu64 "\n", uptime, s->tsc);
    for (uint32_t i = 0; i < s->log_count; i++)
        put(&o, "%s\n", s->log[i]);
    if (s->status[0] != '\0')
        put(&o, "%s\n", s->status);
    for (uint32_t i = 0; i < s->after_count; i++)
        put(&o, "%s\n", s->after[i]);
    make_printable(to);
    return finish(&o);
}

int screen_interim_text(const char *product, char *to, size_t size)
{
    struct out o = start(to, size);
    put(&o, "%s\nDumping console os core. This may take up to an hour.\n", product);
    make_printable(to);
    return finish(&o);
}

/* One row of the terminal: exactly SCREEN_COLUMNS cells, then the colours end, so that the ground
 * does not bleed into the next line. The text may be any file's, so no byte of it may act on the
 * terminal. */
static void put_row(struct out *o, const char *text, size_t n, bool first)
{
    char row[SCREEN_COLUMNS + 1];
    for (size_t i = 0; i < n; i++)
        row[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
    row[n] = '\0';
    put(o, "\x1b[48;2;%u;%u;%um\x1b[38;2;255;255;%um%-*s\x1b[0m\n", SCREEN_RED, SCREEN_GREEN,
        SCREEN_BLUE, first ? 85u : 255u, (int)SCREEN_COLUMNS, row);
}

int screen_ansi(const char *text, char *to, size_t size)
{
    assert(text != NULL);
    struct out o = start(to, size);
    unsigned rows = 0;
    bool first = true;

    while (*text != '\0' && !o.full) {
        size_t left = strcspn(text, "\n");
        do {
            const size_t n = left < SCREEN_COLUMNS ? left : SCREEN_COLUMNS;
            put_row(&o, text, n, first);
            text += n;
            left -= n;
            rows++;
        } while (left > 0);
        first = false;
        if (*text == '\n')
            text++;
    }
    for (; rows < SCREEN_ROWS; rows++)
        put_row(&o, "", 0, false);
    return finish(&o);
}
