/* messages.c - see messages.h. */
#include "tools/parse/messages.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_LINES 200u
#define UNKNOWN (-1)

/* What the lines that follow belong to. */
struct reader {
    struct messages *m;
    uint32_t file;
    bool in_meminfo, in_task, in_oops; /* the last of its kind is open */
};

static void copy(char *ret, size_t size, const char *from, size_t n)
{
    while (n > 0 && from[n - 1] == ' ')
        n--;
    n = n < size ? n : size - 1;
    memcpy(ret, from, n);
    ret[n] = '\0';
}

/* "name 123": the number behind a word of a line. */
static bool value_behind(const char *text, const char *word, int64_t *ret)
{
    const char *at = strstr(text, word);
    if (at == NULL)
        return false;
    at += strlen(word);
    return scan_blanks(&at) && scan_i64(&at, ret);
}

/* ---- Mem-info -------------------------------------------------------------------------------- */

/* The lines of a block by how they begin, a number in front apart, and what is asked of them: the
 * number in front or, with `behind`, the one behind that word. */
#define OF_BLOCK(member) offsetof(struct messages_meminfo, member)
#define NOT_ASKED SIZE_MAX
static const struct {
    const char *begins, *behind;
    size_t member;
} block_lines[] = {
    { "Free pages:", "Free pages:", OF_BLOCK(free_pages) },
    { "( Active:", "inactive_clean:", OF_BLOCK(clean) },
    { "Free swap:", "Free swap:", OF_BLOCK(free_swap_kb) },
    { "pages of RAM", NULL, OF_BLOCK(ram_pages) },
    { "reserved pages", NULL, OF_BLOCK(reserved_pages) },
    { "Zone:", "freepages:", NOT_ASKED },
    { "aa:", "fr:", NOT_ASKED },
    { "*4kB ", "=", NOT_ASKED }, /* the free blocks of a zone */
    { "Swap cache:", "delete", NOT_ASKED },
    { "pages of slabcache", NULL, NOT_ASKED },
    { "pages of kernel stacks", NULL, NOT_ASKED },
    { "lowmem pagetables", NULL, NOT_ASKED },
    { "pages swap cached", NULL, NOT_ASKED },
    { "pages of HIGHMEM", NULL, NOT_ASKED },
    { "pages shared", NULL, NOT_ASKED },
    { "bounce buffer pages", NULL, NOT_ASKED },
};

static bool read_block_line(struct messages_meminfo *b, const char *at)
{
    int64_t value = UNKNOWN;
    (void)scan_blanks(&at);
    if (scan_i64(&at, &value))
        (void)scan_blanks(&at);
    for (size_t i = 0; i < sizeof block_lines / sizeof block_lines[0]; i++) {
        const char *behind = block_lines[i].behind;
        if (strncmp(at, block_lines[i].begins, strlen(block_lines[i].begins)) != 0)
            continue;
        if (behind != NULL ? !value_behind(at, behind, &value) : value == UNKNOWN)
            return false;
        if (block_lines[i].member != NOT_ASKED)
            memcpy((char *)b + block_lines[i].member, &value, sizeof value);
        return true;
    }
    return false;
}

static bool read_meminfo(struct reader *r, const char *at, uint32_t line)
{
    struct messages *m = r->m;
    if (strncmp(at, "Mem-info:", 9) != 0 && strncmp(at, "Mem-Info:", 9) != 0)
        return r->in_meminfo && read_block_line(&m->meminfo[m->meminfo_count - 1], at);
    *PARSE_ADD(m->meminfo, m->meminfo_count, m->meminfo_room) =
        (struct messages_meminfo){ .file = r->file,
                                   .line = line,
                                   .free_pages = UNKNOWN,
                                   .clean = UNKNOWN,
                                   .free_swap_kb = UNKNOWN,
                                   .ram_pages = UNKNOWN,
                                   .reserved_pages = UNKNOWN };
    r->in_meminfo = true;
    r->in_task = r->in_oops = false;
    return true;
}

/* ---- tasks and traces ------------------------------------------------------------------------ */

/* "VMap          D C0123456  1234  9173      1 ..."; "(NOTLB)" or "(L-TLB)" ends it. */
static bool read_task(struct reader *r, const char *at, uint32_t line)
{
    struct messages *m = r->m;
    struct messages_task t = { .file = r->file, .line = line, .first_frame = m->frame_count };
    int64_t free_stack;
    uint64_t pc;

    if ((strstr(at, "(NOTLB)") == NULL && strstr(at, "(L-TLB)") == NULL) || strlen(at) < 24)
        return false;
    copy(t.comm, sizeof t.comm, at, 13);
    at += 13;
    (void)scan_blanks(&at);
    t.state = *at;
    if (strchr("RSDTZX", t.state) == NULL || t.state == '\0' || at[1] != ' ')
        return false;
    at++;
    (void)scan_blanks(&at);
    if (!scan_text(&at, "current") && !scan_hex(&at, &pc))
        return false;
    if (!scan_blanks(&at) || !scan_i64(&at, &free_stack) || !scan_blanks(&at) ||
        !scan_i64(&at, &t.pid) || !scan_blanks(&at) || !scan_i64(&at, &t.father))
        return false;
    *PARSE_ADD(m->task, m->task_count, m->task_room) = t;
    r->in_task = true;
    r->in_meminfo = r->in_oops = false;
    return true;
}

/* "[<c01169b7>] sys_sched_yield [kernel] 0x73 (0xc1435e14)", of 2.6 "[<c04551fd>] f+0x72/0x1a4" */
static bool read_frame(struct messages *m, const char *at)
{
    struct messages_frame f;
    uint64_t address;
    if (!scan_text(&at, "[<") || !scan_hex(&at, &address) || !scan_text(&at, ">]") ||
        !scan_blanks(&at) || !scan_until(&at, " +", f.function, sizeof f.function))
        return false;
    *PARSE_ADD(m->frame, m->frame_count, m->frame_room) = f;
    return true;
}

static bool read_trace(struct reader *r, const char *at)
{
    struct messages *m = r->m;
    (void)scan_blanks(&at);
    if (scan_text(&at, "Call Trace:") && scan_blanks(&at) && *at == '\0')
        return true;
    if (!read_frame(m, at))
        return false;
    if (r->in_task)
        m->task[m->task_count - 1].frame_count++;
    return true;
}

/* ---- Oops ------------------------------------------------------------------------------------ */

static bool begins_oops(const char *at)
{
    return strncmp(at, "Unable to handle kernel", 23) == 0 ||
           strncmp(at, "kernel BUG at", 13) == 0 ||
           (strncmp(at, "Oops: ", 6) == 0 && isdigit((unsigned char)at[6]));
}

/* Registers, stack words, code: of an Oops, and of no further use here. */
static bool is_oops_text(const char *at)
{
    static const char *const begins[] = {
        "EIP:", "EFLAGS:", "eax:", "esi:",         "ds:",      "Stack:",        "Code:",
        "CPU:", "*pde",    "*pte", "printing eip", "Pid/TGid", "------------[", "invalid operand",
        NULL
    };
    for (unsigned i = 0; begins[i] != NULL; i++) {
        if (strncmp(at, begins[i], strlen(begins[i])) == 0)
            return true;
    }
    return at[0] != '\0' && at[strspn(at, "0123456789abcdef ")] == '\0';
}

static bool read_oops(struct reader *r, const char *at, uint32_t line)
{
    struct messages *m = r->m;
    at += strspn(at, " ");
    if (begins_oops(at) && !(r->in_oops && strncmp(at, "Oops: ", 6) == 0)) {
        *PARSE_ADD(m->oops, m->oops_count, m->oops_room) =
            (struct messages_oops){ .file = r->file, .line = line };
        r->in_oops = true;
        r->in_task = r->in_meminfo = false;
        return true;
    }
    if (!r->in_oops)
        return false;
    struct messages_oops *o = &m->oops[m->oops_count - 1];
    if (scan_text(&at, "EIP is at"))
        (void)(scan_blanks(&at) && scan_word(&at, o->function, sizeof o->function));
    else if (!scan_text(&at, "Process ") && !is_oops_text(at) && strncmp(at, "Oops: ", 6) != 0)
        return false;
    return true;
}

/* ---- single lines ---------------------------------------------------------------------------- */

/* "Killed process 9173 (VMap)." */
static bool read_kill(const char *at, struct messages_line *l)
{
    const char *open;
    if (!value_behind(at, "Killed process", &l->pid) && !value_behind(at, "Kill process", &l->pid))
        return false;
    open = strchr(at, '(');
    if (open != NULL)
        copy(l->name, sizeof l->name, open + 1, strcspn(open + 1, ")"));
    return true;
}

static bool classify_memory(const char *at, struct messages_line *l)
{
    const char *p;
    if (strncmp(at, "Out of Memory", 13) == 0 || strncmp(at, "Out of memory", 13) == 0) {
        l->class = MESSAGES_OOM_KILL;
        return read_kill(at, l);
    }
    if ((p = strstr(at, " invoked oom-killer")) != NULL) {
        l->class = MESSAGES_OOM_INVOKED;
        copy(l->name, sizeof l->name, at, (size_t)(p - at));
        return true;
    }
    if (strncmp(at, "Avoiding OOM kill", 17) == 0) {
        l->class = MESSAGES_OOM_PENDING;
        return value_behind(at, "due to", &l->number);
    }
    if (strncmp(at, "Fixed up OOM kill", 17) == 0) {
        l->class = MESSAGES_OOM_FIXED;
        return true;
    }
    if (strncmp(at, "VM: killing process", 19) == 0) {
        l->class = MESSAGES_VM_KILL;
        at += 19 + strspn(at + 19, " ");
        copy(l->name, sizeof l->name, at, strlen(at));
        return true;
    }
    if (strstr(at, "-order allocation failed") != NULL ||
        strstr(at, "page allocation failure") != NULL) {
        l->class = MESSAGES_ALLOC_FAILED;
        return true;
    }
    return false;
}

static bool classify_disk(const char *at, struct messages_line *l)
{
    if (strstr(at, "still retrying") != NULL) { /* [KB2009232] */
        l->class = MESSAGES_SD_RETRY;
        return value_behind(at, "after", &l->number);
    }
    if (strstr(at, "I/O error") != NULL || strstr(at, "SCSI error") != NULL ||
        strstr(at, "scsi error") != NULL) {
        l->class = MESSAGES_IO_ERROR;
        return true;
    }
    return false;
}

static bool classify_other(const char *at, struct messages_line *l)
{
    if (strncmp(at, "Kernel panic", 12) == 0)
        l->class = MESSAGES_PANIC;
    else if (strncmp(at, "SysRq :", 7) == 0)
        l->class = MESSAGES_SYSRQ;
    else if (strncmp(at, "Linux version", 13) == 0 || strstr(at, "syslogd") == at)
        l->class = MESSAGES_BOOT;
    else
        return false;
    return true;
}

/* The column heads of a task list. */
static bool is_task_head(const char *at)
{
    return strstr(at, "free                        sibling") != NULL ||
           strstr(at, "task             PC    stack   pid father") != NULL;
}

/* @return true when the text is one of the kernel that is known */
static bool classify(struct reader *r, struct messages_line *l, uint32_t line)
{
    const char *at = l->text;
    if (at[0] == '<' && isdigit((unsigned char)at[1]) && at[2] == '>')
        at += 3;
    if (classify_memory(at, l) || classify_disk(at, l) || classify_other(at, l))
        return true;
    if (read_oops(r, at, line))
        l->class = l->class == MESSAGES_OTHER && begins_oops(at) ? MESSAGES_OOPS : MESSAGES_TRACE;
    else if (read_meminfo(r, at, line))
        l->class = MESSAGES_MEMINFO;
    else if (read_trace(r, at))
        l->class = MESSAGES_TRACE;
    else if (is_task_head(at) || read_task(r, at, line))
        l->class = MESSAGES_TASK;
    return l->class != MESSAGES_OTHER;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* "VMap[9173]: " or "kernel: "; a line without a tag keeps its text. */
static void read_tag(const char **at, struct messages_line *l)
{
    const char *p = *at, *end = strchr(p, ':');
    const size_t n = strcspn(p, "[: ");
    if (end == NULL || n == 0 || n >= sizeof l->tag || p[n] == ' ' || p[n] == '\0')
        return;
    if (p[n] == '[') {
        const char *number = p + n + 1;
        int64_t pid;
        if (!scan_i64(&number, &pid) || !scan_text(&number, "]:"))
            return;
        end = number - 1;
    }
    memcpy(l->tag, p, n);
    l->tag[n] = '\0';
    *at = end + 1 + (end[1] == ' ');
}

static bool read_repeated(const char *at, struct messages_line *l)
{
    if (!scan_text(&at, "last message repeated ") || !scan_i64(&at, &l->number))
        return false;
    l->class = MESSAGES_REPEATED;
    return true;
}

/* @return why not; NULL = understood */
static const char *read_line(struct reader *r, const char *at, uint32_t line,
                             struct messages_line *l)
{
    l->pid = l->number = UNKNOWN;
    const char *p = at;
    if (!scan_stamp(&p, &l->stamp) || !scan_blanks(&p) || !scan_word(&p, l->host, sizeof l->host)) {
        l->text = at;
        return classify(r, l, line) ? NULL : "neither syslog's form nor known text of the kernel";
    }
    l->has_stamp = true;
    p += *p == ' '; /* one: the kernel's own text may begin with blanks */
    if (read_repeated(p, l)) {
        l->text = p;
        return NULL;
    }
    read_tag(&p, l);
    l->text = p;
    if (strcmp(l->tag, "kernel") == 0 || l->tag[0] == '\0')
        (void)classify(r, l, line);
    else
        (void)(classify_other(p, l) || classify_disk(p, l));
    return NULL;
}

void messages_parse(const struct text *texts, uint32_t count, struct messages *ret)
{
    struct messages m = { 0 };

    for (uint32_t file = 0; file < count; file++) {
        struct reader r = { .m = &m, .file = file };
        for (uint32_t i = 0; i < texts[file].count; i++) {
            struct messages_line l = { .file = file, .line = i + 1 };
            const char *at = texts[file].lines[i].at;
            if (at[strspn(at, " \t")] == '\0')
                continue;
            const char *why = read_line(&r, at, i + 1, &l);
            if (why != NULL) {
                unparsed_add(&m.unparsed, file, i + 1, why);
                continue;
            }
            m.class_count[l.class]++;
            *PARSE_ADD(m.line, m.line_count, m.line_room) = l;
        }
    }
    *ret = m;
}

void messages_free(struct messages *m)
{
    free(m->line);
    free(m->frame);
    free(m->meminfo);
    free(m->task);
    free(m->oops);
    free(m->unparsed.line);
    *m = (struct messages){ 0 };
}

bool messages_is(const struct text *t)
{
    struct messages scratch = { 0 };
    struct reader r = { .m = &scratch };
    bool found = false;
    for (uint32_t i = 0; i < t->count && i < LOOK_LINES && !found; i++) {
        struct messages_line l = { 0 };
        const char *at = t->lines[i].at;
        found = at[strspn(at, " \t")] != '\0' && read_line(&r, at, i + 1, &l) == NULL;
    }
    messages_free(&scratch);
    return found;
}
