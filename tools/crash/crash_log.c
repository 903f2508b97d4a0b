/* crash_log.c - `log`, `sym`, `rd` and `search`: the bytes themselves. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/crash/crash.h"

#define WORDS_DEFAULT 4u
#define WORDS_MAX (1u << 20)
#define HITS_DEFAULT 20u

/* ---- log ------------------------------------------------------------------------------------- */

static void log_line(struct out *o, const char *line, size_t len, bool levels)
{
    const bool has =
        len >= 3 && line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>';
    const size_t skip = has ? 3 : 0;
    out_object(o, NULL);
    out_u64(o, "level", has && levels ? "<%llu>" : NULL, has ? (unsigned)(line[1] - '0') : 4u);
    out_strn(o, "text", "%s\n", line + skip, len - skip);
    out_end(o);
}

static int run_log(struct crash *s, int argc, char **argv)
{
    const bool levels = argc == 2 && strcmp(argv[1], "-m") == 0;
    if (argc > 1 && !levels)
        return crash_usage(&crash_log, "unknown argument %s", argv[1]);
    crash_begin(s, "log");
    out_array(&s->out, "lines");
    char *log = cosview_log(&s->core->view);
    for (const char *p = log; p != NULL && *p != '\0';) {
        const size_t n = strcspn(p, "\n");
        log_line(&s->out, p, n, levels);
        p += n + (p[n] == '\n');
    }
    free(log);
    out_end(&s->out);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_log = {
    .name = "log",
    .usage = "log [-m]",
    .summary = "the kernel's message buffer; -m: with levels",
    .help = "",
    .run = run_log,
};

/* ---- sym ------------------------------------------------------------------------------------- */

static int run_sym(struct crash *s, int argc, char **argv)
{
    uint64_t at, offset;
    if (argc != 2)
        return crash_usage(&crash_sym, "which symbol or address?");
    if (!crash_address(s, argv[1], &at))
        return crash_usage(&crash_sym, "'%s' is neither an address nor a symbol of this core",
                           argv[1]);
    const char *name = cosview_symbol_of(&s->core->view, at, &offset);
    if (name == NULL)
        return crash_usage(&crash_sym, "%" PRIx64 " lies in no symbol", at);
    crash_begin(s, "sym");
    out_hex(&s->out, "address", "%08llx", at);
    out_str(&s->out, "symbol", "  %s", name);
    out_hex(&s->out, "offset", "+0x%llx\n", offset);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_sym = {
    .name = "sym",
    .usage = "sym ADDRESS|SYMBOL",
    .summary = "the symbol at an address, or the address of a symbol",
    .help = "",
    .run = run_sym,
};

/* ---- rd -------------------------------------------------------------------------------------- */

static void rd_row(struct out *o, uint64_t at, const uint32_t *word, unsigned n)
{
    char text[17];
    unsigned char bytes[16];
    memcpy(bytes, word, n * sizeof *word);
    for (unsigned i = 0; i < n * 4; i++)
        text[i] = (char)(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
    text[n * 4] = '\0';
    out_object(o, NULL);
    out_hex(o, "address", "%08llx: ", at);
    out_array(o, "words");
    for (unsigned i = 0; i < n; i++)
        out_hex(o, NULL, " %08llx", word[i]);
    out_end(o);
    out_text(o, "%*s", (int)(4 - n) * 9 + 3, "");
    out_str(o, "text", "%s\n", text);
    out_end(o);
}

static int run_rd(struct crash *s, int argc, char **argv)
{
    uint64_t at, n = WORDS_DEFAULT;
    uint32_t row[4];
    if (argc < 2 || argc > 3 || !crash_address(s, argv[1], &at))
        return crash_usage(&crash_rd, "an address or a symbol is wanted");
    if (argc == 3 && !crash_number(argv[2], WORDS_MAX, &n))
        return crash_usage(&crash_rd, "'%s' is no number of words", argv[2]);
    crash_begin(s, "rd");
    out_array(&s->out, "rows");
    for (uint64_t i = 0; i < n; i += 4) {
        const unsigned part = n - i < 4 ? (unsigned)(n - i) : 4;
        if (at > UINT64_MAX - WORDS_MAX * 4ull ||
            !cosview_read(&s->core->view, at + i * 4, row, part * 4)) {
            problems_add(&s->core->problems, "rd: %" PRIx64 " is not in the core", at + i * 4);
            out_text(&s->out, "%08" PRIx64 ":  (not in the core)\n", at + i * 4);
            break;
        }
        rd_row(&s->out, at + i * 4, row, part);
    }
    out_end(&s->out);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_rd = {
    .name = "rd",
    .usage = "rd ADDRESS|SYMBOL[+N] [WORDS]",
    .summary = "memory as 32-bit words and text",
    .help = "An address is hexadecimal. Kernel addresses begin at PAGE_OFFSET (c0000000), where\n"
            "physical memory lies in a row.\n",
    .run = run_rd,
};

/* ---- search ---------------------------------------------------------------------------------- */

struct hits {
    struct crash *s;
    uint64_t count, shown, limit;
};

/* Text around a hit: what of 48 bytes can be printed. */
static void show_hit(struct hits *h, uint64_t at)
{
    char text[49];
    struct out *o = &h->s->out;
    (void)cosview_text(&h->s->core->view, at, text, sizeof text);
    out_object(o, NULL);
    out_hex(o, "address", "%08llx", at);
    out_hex(o, "physical", "  (physical %08llx)", at - h->s->core->page_offset);
    out_str(o, "text", "  %s\n", text);
    out_end(o);
    h->shown++;
}

static void search_segment(struct hits *h, const struct core_segment *seg, const char *what,
                           size_t len)
{
    const unsigned char *base = h->s->core->bytes + seg->offset, *at = base;
    const unsigned char *end = base + seg->have;
    while ((at = memmem(at, (size_t)(end - at), what, len)) != NULL) {
        h->count++;
        if (h->shown < h->limit)
            show_hit(h, seg->va + (uint64_t)(at - base));
        at++;
    }
}

static int run_search(struct crash *s, int argc, char **argv)
{
    struct hits h = { .s = s, .limit = HITS_DEFAULT };
    int i = 1;
    if (argc > 3 && strcmp(argv[1], "-n") == 0) {
        if (!crash_number(argv[2], WORDS_MAX, &h.limit))
            return crash_usage(&crash_search, "'%s' is no number of lines", argv[2]);
        i = 3;
    }
    if (argc != i + 1 || argv[i][0] == '\0')
        return crash_usage(&crash_search, "one text is wanted; \"...\" keeps blanks");
    crash_begin(s, "search");
    out_array(&s->out, "hits");
    for (uint32_t k = 0; k < s->core->segment_count; k++)
        search_segment(&h, &s->core->segments[k], argv[i], strlen(argv[i]));
    out_end(&s->out);
    out_u64(&s->out, "count", "%llu found", h.count);
    out_text(&s->out, h.count > h.shown ? ", the first %" PRIu64 " are shown\n" : "\n", h.shown);
    crash_finish(s);
    return CRASH_OK;
}

const struct crash_command crash_search = {
    .name = "search",
    .usage = "search [-n LINES] TEXT",
    .summary = "where a text lies in the console's memory",
    .help = "Swapped pages are not in a core, so what lies in swap is not found.\n",
    .run = run_search,
};
