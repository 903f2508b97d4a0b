/* crash_leak.c - `leak`: what the pages of one process contain.
 *
 * A leak is seldom found by its size alone; what is in the pages tells whose it is. Each page of
 * the process that lies in the core is read once. Runs of printable bytes are texts; digits are
 * folded ("job 4711" and "job 4712" are one pattern "job #"), and patterns are counted by pages,
 * times and bytes. Pages that are one word over and over are counted by that word. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/crash/crash.h"

#define TEXT_MIN 6u         /* as strings -n 6 */
#define TEXT_MAX 96u        /* a longer one is cut into several */
#define PATTERNS_MAX 65536u /* a power of two */
#define FILL_MAX 256u       /* distinct words that fill pages; a power of two */
#define PROBES_MAX 64u      /* places tried in either table */
#define SHOWN_DEFAULT 10u
#define SHOWN_MAX 1000u

struct pattern {
    char text[TEXT_MAX + 1];   /* digits folded */
    char sample[TEXT_MAX + 1]; /* the first as it was */
    uint32_t sample_at;        /* user address */
    uint32_t pages, last_page; /* last_page: number of the page that counted last, from 1 */
    uint64_t times, bytes;
};

struct fill {
    uint32_t word, pages;
};

struct leak {
    struct core *core;
    struct core_frames frames;
    struct pattern **table; /* hash table, open: NULL or a pattern */
    struct pattern **used;  /* the patterns in the order of their coming */
    uint32_t pattern_count;
    uint64_t dropped; /* texts that found no place */
    struct fill *fills;
    uint32_t zero_frame;
    uint32_t pages, missing, zeros, files, with_text, in_swap;
};

/* ---- counting -------------------------------------------------------------------------------- */

static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

static void fold(const char *from, size_t len, char to[TEXT_MAX + 1])
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        const bool digit = from[i] >= '0' && from[i] <= '9';
        if (digit && n > 0 && to[n - 1] == '#')
            continue;
        to[n++] = digit ? '#' : from[i];
    }
    to[n] = '\0';
}

/* The place of a pattern: taken by it, or free. NULL = too many others are there. */
static struct pattern **find_place(struct leak *l, const char *text)
{
    for (uint32_t at = hash(text), i = 0; i < PROBES_MAX; at++, i++) {
        struct pattern **p = &l->table[at & (PATTERNS_MAX - 1)];
        if (*p == NULL || strcmp((*p)->text, text) == 0)
            return p;
    }
    return NULL;
}

static struct pattern *find_pattern(struct leak *l, const char *text, uint32_t address,
                                    const unsigned char *from, size_t len)
{
    struct pattern **place = find_place(l, text);
    if (place == NULL || *place != NULL)
        return place != NULL ? *place : NULL;
    struct pattern *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    memcpy(p->text, text, strlen(text) + 1);
    memcpy(p->sample, from, len);
    p->sample_at = address;
    *place = p;
    l->used[l->pattern_count++] = p;
    return p;
}

static void count_text(struct leak *l, uint32_t address, const unsigned char *from, size_t len)
{
    char text[TEXT_MAX + 1];
    fold((const char *)from, len, text);
    struct pattern *p = find_pattern(l, text, address, from, len);
    if (p == NULL) {
        l->dropped++;
        return;
    }
    p->times++;
    p->bytes += len;
    p->pages += p->last_page != l->pages;
    p->last_page = l->pages;
}

static bool is_text(unsigned char b)
{
    return (b >= ' ' && b <= '~') || b == '\t';
}

static void count_texts(struct leak *l, uint32_t address, const unsigned char *page)
{
    bool any = false;
    for (uint32_t i = 0; i < CORE_PAGE;) {
        uint32_t n = 0;
        while (i + n < CORE_PAGE && n < TEXT_MAX && is_text(page[i + n]))
            n++;
        if (n >= TEXT_MIN) {
            count_text(l, address + i, page + i, n);
            any = true;
        }
        i += n + (n < TEXT_MAX);
    }
    l->with_text += any;
}

static void count_fill(struct leak *l, uint32_t word)
{
    for (uint32_t at = word * 2654435761u >> 16, i = 0; i < PROBES_MAX; at++, i++) {
        struct fill *f = &l->fills[at & (FILL_MAX - 1)];
        if (f->pages == 0 || f->word == word) {
            f->word = word;
            f->pages++;
            return;
        }
    }
}

static bool count_page(void *arg, uint32_t address, uint64_t pte)
{
    struct leak *l = arg;
    const uint32_t frame = core_pte_frame(pte);
    if (!(pte & CORE_PRESENT)) {
        l->in_swap += core_pte_slot(l->core, pte) != 0;
        return true;
    }
    if (frame == l->zero_frame)
        return true;
    l->pages++;
    const unsigned char *page =
        core_at(l->core, l->core->page_offset + (uint64_t)frame * CORE_PAGE, CORE_PAGE);
    if (page == NULL) {
        l->missing++;
        return true;
    }
    uint32_t word;
    memcpy(&word, page, sizeof word);
    if (memcmp(page, page + sizeof word, CORE_PAGE - sizeof word) == 0) {
        l->zeros += word == 0;
        if (word != 0)
            count_fill(l, word);
        return true;
    }
    l->files +=
        core_frame_mapping(&l->frames, frame) != 0 &&
        (core_frame_flags(&l->frames, frame) & core_page_flag(l->core, "PG_swapcache")) == 0;
    count_texts(l, address, page);
    return true;
}

/* ---- showing --------------------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    const struct pattern *x = *(struct pattern *const *)a, *y = *(struct pattern *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return strcmp(x->text, y->text);
}

static int by_pages(const void *a, const void *b)
{
    const struct fill *x = a, *y = b;
    if (x->pages != y->pages)
        return x->pages > y->pages ? -1 : 1;
    return x->word != y->word ? (x->word < y->word ? -1 : 1) : 0;
}

static void show_patterns(struct crash *s, struct leak *l, uint32_t limit)
{
    struct out *o = &s->out;
    if (l->pattern_count > 0)
        qsort(l->used, l->pattern_count, sizeof(*l->used), by_bytes);
    if (l->pattern_count > 0)
        out_text(o, "%%PAGES    PAGES     TIMES     BYTES  FIRST AT  TEXT (digits as #)\n");
    out_array(o, "patterns");
    for (uint32_t i = 0; i < l->pattern_count && i < limit; i++) {
        const struct pattern *p = l->used[i];
        out_object(o, NULL);
        out_u64(o, "pages_pct", "%5llu%%", l->pages > 0 ? p->pages * 100ull / l->pages : 0);
        out_u64(o, "pages", "  %8llu", p->pages);
        out_u64(o, "times", "  %8llu", p->times);
        out_u64(o, "bytes", "  %8llu", p->bytes);
        out_hex(o, "sample_address", "  %8llx", p->sample_at);
        out_str(o, "text", "  \"%s\"\n", p->text);
        out_str(o, "sample", NULL, p->sample);
        out_end(o);
    }
    out_end(o);
}

static void show_fills(struct crash *s, struct leak *l)
{
    struct out *o = &s->out;
    qsort(l->fills, FILL_MAX, sizeof *l->fills, by_pages);
    out_array(o, "fills");
    for (uint32_t i = 0; i < 5 && l->fills[i].pages > 0; i++) {
        out_object(o, NULL);
        out_u64(o, "pages", "%llu pages are full of", l->fills[i].pages);
        out_hex(o, "word", " the word %08llx\n", l->fills[i].word);
        out_end(o);
    }
    out_end(o);
}

static void show(struct crash *s, struct leak *l, const struct cos_task *t, uint32_t limit)
{
    struct out *o = &s->out;
    crash_begin(s, "leak");
    crash_task_line(s, t);
    out_u64(o, "pages", "PAGES: %llu in RAM", l->pages);
    out_u64(o, "with_text", " (%llu with text", l->with_text);
    out_u64(o, "files", ", %llu of files", l->files);
    out_u64(o, "zeros", ", %llu all zeros)", l->zeros);
    out_u64(o, "in_swap", "; %llu in swap, which is not in a core\n", l->in_swap);
    out_u64(o, "missing", NULL, l->missing);
    if (l->missing > 0)
        problems_add(&s->core->problems, "pid %u (%s): %u of its %u pages are not in the core",
                     t->pid, t->comm, l->missing, l->pages);
    show_patterns(s, l, limit);
    show_fills(s, l);
    out_u64(o, "distinct", "%llu different texts", l->pattern_count);
    out_u64(o, "dropped", l->dropped > 0 ? ", %llu more found no place\n" : NULL, l->dropped);
    out_text(o, l->dropped > 0 ? "" : "\n");
    crash_finish(s);
}

static int run_leak(struct crash *s, int argc, char **argv)
{
    uint64_t limit = SHOWN_DEFAULT;
    if ((argc != 2 && argc != 4) ||
        (argc == 4 && (strcmp(argv[1], "-n") != 0 || !crash_number(argv[2], SHOWN_MAX, &limit))))
        return crash_usage(&crash_leak, "one PID is wanted");
    const struct cos_task *t = crash_task_arg(s, &crash_leak, argv[argc - 1]);
    if (t == NULL)
        return CRASH_USAGE;
    if (t->mm == 0)
        return crash_usage(&crash_leak, "pid %u (%s) has no address space", t->pid, t->comm);
    struct leak l = { .core = s->core, .zero_frame = UINT32_MAX };
    l.table = calloc(PATTERNS_MAX, sizeof(*l.table));
    l.fills = calloc(FILL_MAX, sizeof *l.fills);
    l.used = calloc(PATTERNS_MAX, sizeof(*l.used));
    if (l.table != NULL && l.fills != NULL && l.used != NULL) {
        core_frames_init(s->core, &l.frames);
        (void)core_frame_of(&l.frames, cosview_value(&s->core->view, "empty_zero_page", 0),
                            &l.zero_frame);
        (void)core_mm_walk(s->core, t->mm, count_page, &l);
        show(s, &l, t, (uint32_t)limit);
    }
    for (uint32_t i = 0; i < l.pattern_count; i++)
        free(l.used[i]);
    free(l.used);
    free(l.table);
    free(l.fills);
    return CRASH_OK;
}

const struct crash_command crash_leak = {
    .name = "leak",
    .usage = "leak [-n LINES] PID|TASK",
    .summary = "what the pages of a process contain: texts, patterns, shares",
    .help = "Texts of six and more bytes, digits folded to #, by the bytes that they take. PAGES "
            "is in how\nmany pages a text stands, FIRST AT the user address of the first.\n",
    .run = run_leak,
};
