/* messages.c - see messages.h. */
#include "tools/parse/messages.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_LINES 200u
#define NOT_TOLD (-1)

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

static struct messages_meminfo *open_meminfo(struct reader *r, uint32_t line)
{
    struct messages *m = r->m;
    struct messages_meminfo *b = PARSE_ADD(m->meminfo, m->meminfo_count, m->meminfo_room);
    *b = (struct messages_meminfo){ .file = r->file,
                                    .line = line,
                                    .free_pages = NOT_TOLD,
                                    .active = NOT_TOLD,
                                    .inactive_dirty = NOT_TOLD,
                                    .laundry = NOT_TOLD,
                                    .clean = NOT_TOLD,
                                    .slab_pages = NOT_TOLD,
                                    .stack_pages = NOT_TOLD,
                                    .pagetables = NOT_TOLD,
                                    .free_swap_kb = NOT_TOLD,
                                    .ram_pages = NOT_TOLD,
                                    .reserved_pages = NOT_TOLD,
                                    .swap_cached_pages = NOT_TOLD,
                                    .swap_add = NOT_TOLD,
                                    .swap_delete = NOT_TOLD };
    r->in_meminfo = true;
    r->in_task = r->in_oops = false;
    return b;
}

/* "Zone:Normal freepages:   654 min:   655 low:  3536 high:  5104" */
static bool read_zone(struct messages_meminfo *b, const char *at)
{
    struct messages_zone z = { .free = NOT_TOLD };
    if (!scan_text(&at, "Zone:") || b->zone_count == MESSAGES_ZONES_MAX ||
        !scan_until(&at, " ", z.name, sizeof z.name))
        return false;
    if (!value_behind(at, "freepages:", &z.free) || !value_behind(at, "min:", &z.min) ||
        !value_behind(at, "low:", &z.low) || !value_behind(at, "high:", &z.high))
        return false;
    b->zone[b->zone_count++] = z;
    return true;
}

/* "  aa:192146 ac:1911 id:0 il:0 ic:0 fr:654" */
static bool read_lists(struct messages_meminfo *b, const char *at)
{
    at += strspn(at, " ");
    if (strncmp(at, "aa:", 3) != 0 || b->list_count == b->zone_count)
        return false;
    struct messages_zone *z = &b->zone[b->list_count];
    if (!value_behind(at, "aa:", &z->aa) || !value_behind(at, "ac:", &z->ac) ||
        !value_behind(at, "id:", &z->id) || !value_behind(at, "il:", &z->il) ||
        !value_behind(at, "ic:", &z->ic) || !value_behind(at, "fr:", &z->fr))
        return false;
    b->list_count++;
    return true;
}

/* "0*4kB 3*8kB ... 0*4096kB = 2616kB)": zones without pages have none, so they are counted by
 * size. */
static bool read_buddies(struct messages_meminfo *b, const char *at)
{
    int64_t count[MESSAGES_BUDDY_ORDERS], kb = 0, sum = 0;
    at += strspn(at, " ");
    for (unsigned i = 0; i < MESSAGES_BUDDY_ORDERS; i++) {
        int64_t size;
        if (!scan_i64(&at, &count[i]) || count[i] < 0 || count[i] > INT32_MAX ||
            !scan_text(&at, "*") || !scan_i64(&at, &size) || size != (4 << i) ||
            !scan_text(&at, "kB") || !scan_blanks(&at))
            return false;
        sum += count[i] * size;
    }
    if (!scan_text(&at, "=") || !scan_blanks(&at) || !scan_i64(&at, &kb) || kb != sum)
        return false;
    uint32_t i = b->buddy_count;
    while (i < b->zone_count && b->zone[i].free * 4 != kb)
        i++; /* the zone whose free pages these are; one that has none printed nothing */
    i = i < b->zone_count ? i : b->buddy_count;
    if (i < b->zone_count) {
        memcpy(b->zone[i].buddy, count, sizeof count);
        b->zone[i].buddy_kb = kb;
        b->buddy_count = i + 1;
    }
    return true;
}

/* "( Active: 194057/0, inactive_laundry: 0, inactive_clean: 0, free: 3726 )" */
static bool read_active(struct messages_meminfo *b, const char *at)
{
    const char *active = strstr(at, "Active:");
    if (active == NULL || at[strspn(at, " ")] != '(')
        return false;
    active += strlen("Active:");
    return scan_blanks(&active) && scan_i64(&active, &b->active) && scan_text(&active, "/") &&
           scan_i64(&active, &b->inactive_dirty) &&
           value_behind(active, "inactive_laundry:", &b->laundry) &&
           value_behind(active, "inactive_clean:", &b->clean);
}

/* "188 pages of slabcache": the number stands first. */
static bool read_pages(struct messages_meminfo *b, const char *at)
{
    const struct {
        const char *text;
        int64_t *to;
    } lines[] = {
        { "pages of slabcache", &b->slab_pages },
        { "pages of kernel stacks", &b->stack_pages },
        { "lowmem pagetables", &b->pagetables },
        { "pages of RAM", &b->ram_pages },
        { "reserved pages", &b->reserved_pages },
        { "pages swap cached", &b->swap_cached_pages },
        { "pages of HIGHMEM", NULL },
        { "pages shared", NULL },
        { "bounce buffer pages", NULL },
    };
    int64_t value;
    at += strspn(at, " ");
    if (!scan_i64(&at, &value) || !scan_blanks(&at))
        return false;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (strncmp(at, lines[i].text, strlen(lines[i].text)) == 0) {
            if (lines[i].to != NULL)
                *lines[i].to = value;
            return true;
        }
    }
    return false;
}

static bool read_meminfo(struct reader *r, const char *at, uint32_t line)
{
    if (strncmp(at, "Mem-info:", 9) == 0 || strncmp(at, "Mem-Info:", 9) == 0) {
        (void)open_meminfo(r, line);
        return true;
    }
    if (!r->in_meminfo)
        return false;
    struct messages_meminfo *b = &r->m->meminfo[r->m->meminfo_count - 1];
    if (strncmp(at, "Free pages:", 11) == 0)
        return value_behind(at, "Free pages:", &b->free_pages);
    if (strncmp(at, "Free swap:", 10) == 0)
        return value_behind(at, "Free swap:", &b->free_swap_kb);
    if (strncmp(at, "Swap cache:", 11) == 0)
        return value_behind(at, "add", &b->swap_add) && value_behind(at, "delete", &b->swap_delete);
    return read_zone(b, at) || read_lists(b, at) || read_buddies(b, at) || read_active(b, at) ||
           read_pages(b, at);
}

/* ---- tasks and traces ------------------------------------------------------------------------ */

/* "VMap          D C0123456  1234  9173      1 ..."; "(NOTLB)" or "(L-TLB)" ends it. */
static bool read_task(struct reader *r, const char *at, uint32_t line)
{
    struct messages *m = r->m;
    struct messages_task t = { .file = r->file, .line = line, .first_frame = m->frame_count };
    const bool user = strstr(at, "(NOTLB)") != NULL, kernel = strstr(at, "(L-TLB)") != NULL;
    uint64_t pc;

    if ((!user && !kernel) || strlen(at) < 24)
        return false;
    copy(t.comm, sizeof t.comm, at, 13);
    at += 13;
    (void)scan_blanks(&at);
    t.state = *at;
    if (strchr("RSDTZX", t.state) == NULL || t.state == '\0' || at[1] != ' ')
        return false;
    at++;
    (void)scan_blanks(&at);
    t.current = scan_text(&at, "current");
    if (!t.current && !scan_hex(&at, &pc))
        return false;
    t.kernel_thread = kernel;
    if (!scan_blanks(&at) || !scan_i64(&at, &t.free_stack) || !scan_blanks(&at) ||
        !scan_i64(&at, &t.pid) || !scan_blanks(&at) || !scan_i64(&at, &t.father))
        return false;
    *PARSE_ADD(m->task, m->task_count, m->task_room) = t;
    r->in_task = true;
    r->in_meminfo = r->in_oops = false;
    return true;
}

/* "[<c01169b7>] sys_sched_yield [kernel] 0x73 (0xc1435e14)", of 2.6 "[<c04551fd>] f+0x72/0x1a4" */
static bool read_frame(struct messages *m, const char *at, uint32_t line)
{
    struct messages_frame f = { .line = line };
    at += strspn(at, " ");
    if (!scan_text(&at, "[<") || !scan_hex(&at, &f.address) || !scan_text(&at, ">]"))
        return false;
    (void)scan_blanks(&at);
    if (!scan_until(&at, " +", f.function, sizeof f.function))
        return false;
    if (!scan_text(&at, "+")) {
        (void)scan_blanks(&at);
        if (scan_text(&at, "["))
            (void)(scan_until(&at, "]", f.module, sizeof f.module) && scan_text(&at, "]"));
        (void)scan_blanks(&at);
    }
    if (scan_text(&at, "0x"))
        (void)scan_hex(&at, &f.offset);
    *PARSE_ADD(m->frame, m->frame_count, m->frame_room) = f;
    return true;
}

static bool read_trace(struct reader *r, const char *at, uint32_t line)
{
    struct messages *m = r->m;
    const char *p = at + strspn(at, " ");
    if (scan_text(&p, "Call Trace:") && p[strspn(p, " ")] == '\0')
        return true;
    if (!read_frame(m, p, line))
        return false;
    if (r->in_task)
        m->task[m->task_count - 1].frame_count =
            m->frame_count - m->task[m->task_count - 1].first_frame;
    else if (r->in_oops)
        m->oops[m->oops_count - 1].frame_count =
            m->frame_count - m->oops[m->oops_count - 1].first_frame;
    return true;
}

/* ---- Oops ------------------------------------------------------------------------------------ */

static bool begins_oops(const char *at)
{
    return strncmp(at, "Unable to handle kernel", 23) == 0 ||
           strncmp(at, "kernel BUG at", 13) == 0 ||
           (strncmp(at, "Oops: ", 6) == 0 && isdigit((unsigned char)at[6]));
}

static void read_oops_process(struct messages_oops *o, const char *at)
{
    const char *pid = strstr(at, "(pid:");
    if (pid == NULL)
        return;
    copy(o->process, sizeof o->process, at, (size_t)(pid - at));
    (void)value_behind(pid, "(pid:", &o->pid);
}

static void read_oops_function(struct messages_oops *o, const char *at)
{
    const char *release = strchr(at, '(');
    at += strspn(at, " ");
    copy(o->function, sizeof o->function, at, strcspn(at, " "));
    if (release != NULL)
        copy(o->release, sizeof o->release, release + 1, strcspn(release + 1, "/)"));
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
        struct messages_oops *o = PARSE_ADD(m->oops, m->oops_count, m->oops_room);
        *o = (struct messages_oops){
            .file = r->file, .line = line, .pid = NOT_TOLD, .first_frame = m->frame_count
        };
        copy(o->what, sizeof o->what, at, strlen(at));
        const char *address = strstr(at, "virtual address ");
        if (address != NULL && (address += strlen("virtual address ")) != NULL)
            (void)scan_hex(&address, &o->address);
        r->in_oops = true;
        r->in_task = r->in_meminfo = false;
        return true;
    }
    if (!r->in_oops)
        return false;
    struct messages_oops *o = &m->oops[m->oops_count - 1];
    if (scan_text(&at, "EIP is at"))
        read_oops_function(o, at);
    else if (scan_text(&at, "Process "))
        read_oops_process(o, at);
    else if (!is_oops_text(at) && strncmp(at, "Oops: ", 6) != 0)
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
    else if (read_trace(r, at, line))
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
        if (!scan_i64(&number, &l->tag_pid) || !scan_text(&number, "]:"))
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
    l->tag_pid = l->pid = l->number = NOT_TOLD;
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

const char *messages_class_name(enum messages_class c)
{
    static const char *const names[MESSAGES_CLASSES] = {
        "other",        "oom-kill", "oom-invoked", "oom-pending", "oom-fixed", "vm-kill",
        "alloc-failed", "oops",     "panic",       "sd-retry",    "io-error",  "meminfo",
        "task",         "trace",    "sysrq",       "boot",        "repeated"
    };
    assert(c < MESSAGES_CLASSES);
    return names[c];
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
