/* purple_units.c - see purple_units.h. What a piece of text is shows in its beginning; what begins
 * like nothing is a continuation when the line before it was long or left something open. */
#include "tools/parse/purple_units.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/memory.h"
#include "tools/parse/scan.h"

#define WRAP_COLUMNS 79u /* a line this long was cut by the screen's edge, in mid-word if need be */
#define LONG_LINE 60u    /* a line this long may go on in the next one */

/* ---- what begins here ------------------------------------------------------------------------ */

const char *purple_units_key(const char **at)
{
    static const char *const names[] = {
        "frame", "gate", "rip", "eip", "ip",  "cr0", "cr2", "cr3", "cr4",    "cs",     "ss",
        "es",    "ds",   "fs",  "gs",  "eax", "ebx", "ecx", "edx", "ebp",    "esp",    "esi",
        "edi",   "err",  "ef",  "rax", "rbx", "rcx", "rdx", "rbp", "rsp",    "rsi",    "rdi",
        "r8",    "r9",   "r10", "r11", "r12", "r13", "r14", "r15", "eflags", "rflags",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *p = scan_phrase_first(*at, names[i]);
        if (p == NULL)
            continue;
        (void)scan_blanks(&p);
        if (*p == '=') {
            *at = p + 1;
            return names[i];
        }
    }
    return NULL;
}

bool purple_units_item(const char **at, struct purple_pcpu *ret, unsigned *repairs)
{
    const char *p = *at;
    uint64_t pcpu, world;
    unsigned found = 0;

    (void)scan_blanks(&p);
    const bool star = scan_text(&p, "*");
    (void)scan_blanks(&p);
    (void)scan_text(&p, "PCPU"); /* ESXi 5 */
    if (!scan_typed_u64(&p, &pcpu, &found) || pcpu >= PURPLE_PCPUS_MAX)
        return false;
    if (!scan_blanks(&p) || !scan_text(&p, ":") || !scan_blanks(&p) ||
        !scan_typed_u64(&p, &world, &found) || world > UINT32_MAX || !scan_blanks(&p) ||
        !scan_text(&p, "/"))
        return false;
    *ret =
        (struct purple_pcpu){ .pcpu = (uint32_t)pcpu, .world = (uint32_t)world, .panicking = star };
    *repairs += found;
    *at = p;
    return true;
}

bool purple_units_old_item(const char **at, struct purple_pcpu *ret, unsigned *repairs)
{
    const char *p = *at;
    uint64_t pcpu, world;
    unsigned found = 0;

    (void)scan_blanks(&p);
    const bool capital = strncmp(p, "CPU", 3) == 0;
    if (!capital && strncmp(p, "cpu", 3) != 0)
        return false;
    p += 3;
    if (*p != ' ' || !scan_blanks(&p) || !scan_typed_u64(&p, &pcpu, &found) ||
        pcpu >= PURPLE_PCPUS_MAX || *p != ' ' || !scan_blanks(&p) ||
        !scan_typed_u64(&p, &world, &found) || world > UINT32_MAX || *p != ' ')
        return false;
    *ret = (struct purple_pcpu){ .pcpu = (uint32_t)pcpu,
                                 .world = (uint32_t)world,
                                 .panicking = capital };
    *repairs += found;
    *at = p;
    return true;
}

static bool any_first(const char *text, const char *const *phrases)
{
    for (; *phrases != NULL; phrases++) {
        if (scan_phrase_first(text, *phrases) != NULL)
            return true;
    }
    return false;
}

static bool begins_log(const char *text)
{
    unsigned repairs = 0;
    uint64_t ms;
    (void)scan_blanks(&text);
    if (isdigit((unsigned char)text[0]) && strlen(text) > 24 && text[4] == '-' && text[10] == 'T')
        return strstr(text, "Z cpu") != NULL; /* ESXi 5 stamps its lines with dates */
    return scan_uptime(&text, &ms, &repairs) && scan_phrase_first(text, "cpu") != NULL;
}

/* "0x2e3d2:[0xc014b306]" */
static bool begins_frame(const char *text)
{
    unsigned repairs = 0;
    uint64_t value;
    const char *p = scan_phrase_first(text, "0x");
    if (p != NULL)
        return scan_blanks(&p) && scan_typed_hex(&p, &value, &repairs) && scan_blanks(&p) &&
               scan_text(&p, ":") && scan_blanks(&p) && scan_text(&p, "[");
    p = scan_phrase_first(text, "stack:");
    return p != NULL && scan_phrase_first(p, "0x") != NULL;
}

/* Text of the console's own kernel: an Oops, its stack, its registers (with colons). */
static bool begins_cos_log(const char *text)
{
    static const char *const phrases[] = { "call trace",
                                           "eip is at",
                                           "eip:",
                                           "eflags:",
                                           "stack:",
                                           "code: ",
                                           "kernel panic",
                                           "unable to handle kernel",
                                           "printing eip",
                                           "*pde",
                                           "*pte",
                                           "eax: ",
                                           "esi: ",
                                           "ds: ",
                                           "[<",
                                           "stack trace from cos log",
                                           "kernel bug",
                                           "------------[",
                                           "invalid operand",
                                           "cpu:  ",
                                           NULL };
    (void)scan_blanks(&text);
    if (text[0] == '<' && isdigit((unsigned char)text[1]) && text[2] == '>')
        return true;
    const char *oops = scan_phrase_first(text, "oops: ");
    if (oops != NULL && isdigit((unsigned char)*oops))
        return true;
    const char *process = scan_phrase_first(text, "process ");
    return (process != NULL && strstr(process, "(pid:") != NULL) || any_first(text, phrases);
}

static const char *const dump_status[] = { "starting coredump",
                                           "dumping using slot",
                                           "using slot",
                                           "disk dump successful",
                                           "waiting for debugger",
                                           "debugger is listening",
                                           "press escape",
                                           "remote debugger",
                                           "coredump to disk",
                                           "finalized dump",
                                           "no port for remote",
                                           "no place on disk",
                                           "no file configured",
                                           "debugger waiting",
                                           "escape for local",
                                           "dumped",
                                           "slot ",
                                           "base fs=",
                                           NULL };

/* The dump's countdown: "9876" or "66665"; digits that never rise. */
static bool is_countdown(const char *text)
{
    unsigned digits = 0;
    char last = '9';
    (void)scan_blanks(&text);
    for (; isdigit((unsigned char)*text) && *text <= last && *text > '0'; text++, digits++)
        last = *text;
    (void)scan_blanks(&text);
    return digits > 0 && *text == '\0';
}

/* ESXi 5 shows what its pCPUs were doing as letters: "PCPU 0: SSSSVVVV" [KB2000091]. */
static bool is_pcpu_states(const char *text)
{
    uint64_t first;
    unsigned repairs = 0;
    const char *p = scan_phrase_first(text, "pcpu ");
    if (p == NULL || !scan_typed_u64(&p, &first, &repairs) || !scan_text(&p, ": "))
        return false;
    return p[0] != '\0' && p[strspn(p, "SVUIHCK ")] == '\0';
}

static enum purple_kind kind_of(const char *text)
{
    const char *p = text;
    struct purple_pcpu item;
    unsigned repairs = 0;

    if (scan_blanks(&p) && *p == '\0')
        return PURPLE_LINE_BLANK;
    if (scan_phrase_first(text, "vmware esx") != NULL)
        return PURPLE_LINE_PRODUCT;
    if (scan_phrase_first(text, "@bluescreen") != NULL)
        return PURPLE_LINE_BLUESCREEN;
    if (scan_phrase_first(text, "vmk uptime") != NULL || scan_phrase_first(text, "tsc:") != NULL)
        return PURPLE_LINE_UPTIME;
    if (begins_log(text))
        return PURPLE_LINE_LOG;
    if (begins_frame(text) || scan_phrase_first(text, "code start:") != NULL)
        return PURPLE_LINE_FRAME;
    if (begins_cos_log(text))
        return PURPLE_LINE_COS_LOG;
    if (purple_units_key(&p) != NULL)
        return PURPLE_LINE_REGS;
    if (purple_units_item(&p, &item, &repairs) || purple_units_old_item(&p, &item, &repairs))
        return PURPLE_LINE_PCPUS;
    if (any_first(text, dump_status) || is_countdown(text) || is_pcpu_states(text))
        return PURPLE_LINE_STATUS;
    const enum purple_class class = purple_class_of(text);
    if (class == PURPLE_INTERIM)
        return PURPLE_LINE_INTERIM;
    return class != PURPLE_UNKNOWN ? PURPLE_LINE_HEADLINE : PURPLE_LINE_UNPARSED;
}

/* ---- units ----------------------------------------------------------------------------------- */

struct cutter {
    const struct text *t;
    struct purple *p;
    struct purple_units *units;
};

static void append(struct purple_unit *u, char c, uint32_t line, size_t column)
{
    if (u->length + 1 >= u->room) {
        u->room = u->room == 0 ? 128 : u->room * 2;
        u->text = memory_more(u->text, u->room);
        u->origin = memory_more(u->origin, u->room * sizeof *u->origin);
    }
    u->origin[u->length] =
        (struct purple_origin){ line, (uint16_t)(column < UINT16_MAX ? column : UINT16_MAX) };
    u->text[u->length++] = c;
    u->text[u->length] = '\0';
}

static void join(struct purple_unit *u, const char *text, size_t length, uint32_t line,
                 size_t column, bool blank)
{
    if (u->length > 0 && blank)
        append(u, ' ', line, column);
    for (size_t i = 0; i < length; i++)
        append(u, text[i], line, column + i);
}

static struct purple_unit *last_unit(const struct cutter *c)
{
    return c->units->count > 0 ? &c->units->unit[c->units->count - 1] : NULL;
}

static struct purple_unit *unit_of_kind(const struct cutter *c, enum purple_kind kind)
{
    for (uint32_t i = c->units->count; i > 0; i--) {
        if (c->units->unit[i - 1].kind == kind)
            return &c->units->unit[i - 1];
    }
    return NULL;
}

/* Is something open at the end of this text: a bracket, a quotation, a value? */
static bool left_open(const char *text)
{
    int round = 0, square = 0, quotes = 0;
    char last = '\0';
    for (; *text != '\0'; text++) {
        round += *text == '(' ? 1 : *text == ')' ? -1 : 0;
        square += *text == '[' ? 1 : *text == ']' ? -1 : 0;
        quotes +=
            *text == '\'' && !(isalpha((unsigned char)last) && isalpha((unsigned char)text[1]));
        if (*text != ' ')
            last = *text;
    }
    return round > 0 || square > 0 || quotes % 2 == 1 || last == '=' || last == ',' || last == ':';
}

/* A line that ends so has nothing more to say, unless the screen's edge cut it. */
static bool is_finished(const struct purple_unit *u)
{
    const char last = u->text[u->length - 1];
    return u->kind == PURPLE_LINE_LOG && (last == '.' || last == ')' || last == '\'') &&
           !left_open(u->text);
}

static const struct text_line *line_before(const struct cutter *c, uint32_t line)
{
    return line >= 2 ? &c->t->lines[line - 2] : NULL;
}

/* The unit that text which begins like nothing continues; NULL = none. */
static struct purple_unit *continued(const struct cutter *c, uint32_t line, const char *text)
{
    struct purple_unit *u = last_unit(c);
    const struct text_line *before = line_before(c, line);
    const char *p = text;
    unsigned repairs = 0;
    uint64_t value;

    if (u == NULL || before == NULL || u->origin[u->length - 1].line + 1 < line)
        return NULL;
    if (u->kind == PURPLE_LINE_REGS) {
        (void)scan_blanks(&p);
        const bool digits = scan_typed_hex(&p, &value, &repairs);
        return digits && (*p == ' ' || *p == '\0' || *p == 'x') ? u : NULL;
    }
    if (u->kind == PURPLE_LINE_PCPUS || u->kind == PURPLE_LINE_COS_LOG ||
        u->kind == PURPLE_LINE_PRODUCT || u->kind == PURPLE_LINE_INTERIM)
        return u->kind == PURPLE_LINE_PRODUCT && left_open(u->text) ? u : NULL;
    (void)scan_blanks(&p);
    const bool goes_on = *p == '\'' || *p == '(' || *p == '/';
    if (is_finished(u) && before->length != WRAP_COLUMNS + 1)
        return NULL;
    return goes_on || before->length >= LONG_LINE || left_open(u->text) ? u : NULL;
}

static bool collects(enum purple_kind kind)
{
    return kind == PURPLE_LINE_REGS || kind == PURPLE_LINE_PCPUS || kind == PURPLE_LINE_UPTIME;
}

/* A second screen in the same text: its facts must not mix with the first one's. The interim screen
 * may stand before or behind the other [KB308590/Screen]. */
static bool second_screen(const struct cutter *c, enum purple_kind kind)
{
    const struct purple_unit *last = last_unit(c);
    if (kind != PURPLE_LINE_HEADLINE && kind != PURPLE_LINE_REGS)
        return false;
    return last != NULL && last->kind == PURPLE_LINE_PRODUCT &&
           unit_of_kind(c, PURPLE_LINE_REGS) != NULL;
}

/* @return false when nothing behind this can be read */
static bool take(struct cutter *c, uint32_t line, size_t column, const char *text)
{
    enum purple_kind kind = kind_of(text), *of_line = &c->p->kind[line - 1];
    const struct text_line *before = line_before(c, line);
    const bool wrapped = column == 0 && before != NULL && before->length >= WRAP_COLUMNS;
    struct purple_unit *u = NULL;

    if (kind == PURPLE_LINE_BLANK)
        return true;
    if (second_screen(c, kind)) {
        unparsed_add(&c->p->unparsed, 0, line,
                     "a second screen begins here and is not read; give it a file of its own");
        return false;
    }
    if (kind == PURPLE_LINE_UNPARSED) {
        u = continued(c, line, text);
        if (u != NULL)
            kind = u->kind;
        else if (last_unit(c) != NULL && last_unit(c)->kind == PURPLE_LINE_PRODUCT)
            kind = PURPLE_LINE_HEADLINE;
    } else if (collects(kind) || (kind == PURPLE_LINE_FRAME && scan_phrase_first(text, "stack:"))) {
        u = unit_of_kind(c, kind);
    }
    if (*of_line == PURPLE_LINE_BLANK)
        *of_line = kind;
    if (kind == PURPLE_LINE_UNPARSED) {
        unparsed_add(&c->p->unparsed, 0, line, "not understood");
        return true;
    }
    if (u == NULL) {
        u = PARSE_ADD(c->units->unit, c->units->count, c->units->room);
        u->kind = kind;
    }
    join(u, text, strlen(text), line, column, !wrapped || collects(kind));
    return true;
}

/* ---- segments -------------------------------------------------------------------------------- */

/* Does something new begin at `at`, in mid-line, when `kind` is what stands before it? */
static bool anchor(const char *at, enum purple_kind kind)
{
    struct purple_pcpu item;
    unsigned repairs = 0;
    const char *p = at;

    if (*at == ' ')
        return false;
    if (begins_log(at) || scan_phrase_first(at, "@bluescreen") != NULL ||
        scan_phrase_first(at, "vmk uptime") != NULL)
        return true;
    if (kind == PURPLE_LINE_LOG || kind == PURPLE_LINE_COS_LOG || kind == PURPLE_LINE_STATUS)
        return false;
    if (strncmp(at, "frame=", 6) == 0 || strncmp(at, "gate=", 5) == 0)
        return kind != PURPLE_LINE_REGS;
    if (begins_frame(at) && scan_phrase_first(at, "stack:") == NULL)
        return kind != PURPLE_LINE_FRAME || strstr(at, ":[") != NULL;
    if (kind == PURPLE_LINE_UPTIME && any_first(at, dump_status))
        return true;
    if (kind == PURPLE_LINE_REGS || kind == PURPLE_LINE_PRODUCT || kind == PURPLE_LINE_HEADLINE)
        return purple_units_item(&p, &item, &repairs);
    return kind == PURPLE_LINE_PCPUS && any_first(at, dump_status);
}

static size_t segment_end(const char *text)
{
    const enum purple_kind kind = kind_of(text);
    size_t i = 1;

    if (text[0] == '\0')
        return 0;
    for (; text[i] != '\0'; i++) {
        if (kind == PURPLE_LINE_PRODUCT && text[i - 1] == ']')
            break;
        if (text[i - 1] == ' ' && anchor(text + i, kind))
            break;
    }
    return i;
}

/* Marks that mails and pages put before a line: quotations, bullets. A star may be the screen's. */
static size_t quotation(const char *text)
{
    struct purple_pcpu item;
    unsigned repairs = 0;
    const size_t n = strspn(text, "> \t");
    const char *at = text + n;
    const bool bullet = (at[0] == '*' || at[0] == '-') && at[1] == ' ';

    if (strncmp(at, "\xe2\x80\xa2", 3) == 0)
        return n + 3 + strspn(at + 3, " \t");
    if (!bullet || purple_units_item(&at, &item, &repairs))
        return n;
    return n + 1 + strspn(text + n + 1, " \t");
}

static bool take_line(struct cutter *c, uint32_t line)
{
    const struct text_line *l = &c->t->lines[line - 1];
    char *copy = memory_text(l->at);
    size_t from = quotation(l->at);
    bool go_on = true;

    if (l->damaged)
        unparsed_add(&c->p->unparsed, 0, line, "holds NUL bytes or is too long: read in part");
    while (go_on && l->at[from] != '\0') {
        const size_t length = segment_end(l->at + from);
        copy[from + length] = '\0';
        go_on = take(c, line, from, copy + from);
        from += length;
        copy[from] = l->at[from];
    }
    free(copy);
    return go_on;
}

void purple_units_make(const struct text *t, struct purple *p, struct purple_units *ret)
{
    struct cutter c = { .t = t, .p = p, .units = ret };

    *ret = (struct purple_units){ 0 };
    p->line_count = t->count;
    p->kind = memory_get((t->count + 1u) * sizeof *p->kind);
    for (uint32_t i = 0; i < t->count; i++)
        p->kind[i] = PURPLE_LINE_BLANK;
    for (uint32_t line = 1; line <= t->count; line++) {
        if (take_line(&c, line))
            continue;
        for (; line <= t->count; line++)
            p->kind[line - 1] = PURPLE_LINE_UNPARSED;
    }
}

void purple_units_free(struct purple_units *u)
{
    for (uint32_t i = 0; i < u->count; i++) {
        free(u->unit[i].text);
        free(u->unit[i].origin);
    }
    free(u->unit);
    *u = (struct purple_units){ 0 };
}

struct purple_place purple_units_place(const struct purple_unit *u, size_t from, size_t to)
{
    assert(from < to);
    assert(to <= u->length);
    const struct purple_origin first = u->origin[from];
    size_t end = from;

    while (end < to && u->origin[end].line == first.line)
        end++;
    return (struct purple_place){ first.line, first.column,
                                  (uint16_t)(u->origin[end - 1].column + 1) };
}
