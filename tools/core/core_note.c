/* core_note.c - the notes of a core: registers by thread, and the LOSTBEAT note as a table of
 * names; see core.h. */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "tools/core/core_internal.h"

/* ---- the LOSTBEAT note ----------------------------------------------------------------------- */

static int compare_keys(const void *a, const void *b)
{
    const struct core_key *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    const int order = strcmp(x->name, y->name);
    if (order != 0)
        return order;
    return x->value != y->value ? (x->value < y->value ? -1 : 1) : 0;
}

static int compare_symbols(const void *a, const void *b)
{
    const struct core_key *x = *(const struct core_key *const *)a,
                          *y = *(const struct core_key *const *)b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return strcmp(x->name, y->name);
}

static enum core_kind split_name(char *key)
{
    static const struct {
        const char *word;
        enum core_kind kind;
    } kinds[] = { { "SIZE(", CORE_SIZE },
                  { "OFFSET(", CORE_OFFSET },
                  { "NUMBER(", CORE_NUMBER },
                  { "SYMBOL(", CORE_SYMBOL } };
    const size_t len = strlen(key);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t word = strlen(kinds[i].word);
        if (len > word + 1 && strncmp(key, kinds[i].word, word) == 0 && key[len - 1] == ')') {
            key[len - 1] = '\0';
            memmove(key, key + word, len - word);
            return kinds[i].kind;
        }
    }
    return CORE_PLAIN;
}

static bool is_hex(const struct core_key *k)
{
    return k->kind == CORE_SYMBOL ||
           (k->kind == CORE_PLAIN &&
            (strcmp(k->name, "PAGE_OFFSET") == 0 || strcmp(k->name, "CURRENT") == 0));
}

/* Digits only: strtoull alone would take blanks and signs. */
static bool parse_number(const char *text, int base, char end, uint64_t *ret, const char **ret_end)
{
    const char *digits = base == 16 ? "0123456789abcdef" : "0123456789";
    const size_t n = strspn(text, digits);
    if (n == 0 || n > 20 || text[n] != end)
        return false;
    *ret = strtoull(text, NULL, base);
    *ret_end = text + n;
    return true;
}

static bool parse_value(struct core_key *k)
{
    const char *end;
    const int base = is_hex(k) ? 16 : 10;
    if (k->kind == CORE_SYMBOL)
        return parse_number(k->text, base, ',', &k->value, &end) &&
               parse_number(end + 1, base, '\0', &k->size, &end);
    if (!parse_number(k->text, base, '\0', &k->value, &end))
        return k->kind == CORE_PLAIN; /* text is all right there */
    return true;
}

static bool parse_line(char *line, struct core_key *ret)
{
    char *equals = strchr(line, '=');
    if (equals == NULL || equals == line)
        return false;
    *equals = '\0';
    *ret = (struct core_key){ .name = line, .text = equals + 1 };
    ret->kind = split_name(line);
    return parse_value(ret);
}

static void split_lines(struct core *c)
{
    uint32_t bad = 0;
    char *save = NULL;
    for (char *line = strtok_r(c->note, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (c->key_count == CORE_KEYS_MAX) {
            core_note_problem(c, "the note has more than %u lines; the rest is left out",
                              CORE_KEYS_MAX);
            break;
        }
        if (parse_line(line, &c->keys[c->key_count]))
            c->key_count++;
        else if (bad++ == 0)
            core_note_problem(c, "a line of the note makes no sense: \"%.60s\"", line);
    }
    if (bad > 1)
        core_note_problem(c, "%u lines of the note make no sense", bad);
}

static uint64_t plain(const struct core *c, const char *name, uint64_t otherwise)
{
    const struct core_key *k = core_key(c, CORE_PLAIN, name);
    return k != NULL ? k->value : otherwise;
}

static void take_globals(struct core *c)
{
    const struct core_key *release = core_key(c, CORE_PLAIN, "OSRELEASE");
    c->release = release != NULL ? release->text : "unknown";
    c->page_offset = plain(c, "PAGE_OFFSET", 0);
    c->stunned = plain(c, "STUNNED", 0) != 0;
    c->time_ns = plain(c, "TIME", 0);
    c->current = plain(c, "CURRENT", 0);
    if (plain(c, "PAGESIZE", CORE_PAGE) != CORE_PAGE)
        core_note_problem(c, "the note speaks of pages of %" PRIu64 " bytes; 4096 are assumed",
                          plain(c, "PAGESIZE", CORE_PAGE));
}

static int sort_symbols(struct core *c)
{
    c->symbols = malloc((c->key_count + 1u) * sizeof(*c->symbols));
    if (c->symbols == NULL)
        return -1;
    for (uint32_t i = 0; i < c->key_count; i++) {
        if (c->keys[i].kind == CORE_SYMBOL)
            c->symbols[c->symbol_count++] = &c->keys[i];
    }
    qsort(c->symbols, c->symbol_count, sizeof(*c->symbols), compare_symbols);
    return 0;
}

/* Text of a note, made safe: no zero byte within, nothing that upsets a terminal. */
static char *copy_text(const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++)
        copy[i] = (text[i] >= ' ' && text[i] <= '~') || text[i] == '\n' ? text[i] : '?';
    copy[len] = '\0';
    return copy;
}

int core_cosinfo_parse(struct core *c, const char *text, size_t len, char *err, size_t err_size)
{
    if (c->keys != NULL) {
        core_note_problem(c, "there are several LOSTBEAT notes; the first counts");
        return 0;
    }
    uint32_t lines = 0;
    while (len > 0 && text[len - 1] != '\n')
        len--; /* a line that was cut would give half a number */
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    c->note = copy_text(text, len);
    c->keys = calloc((lines < CORE_KEYS_MAX ? lines : CORE_KEYS_MAX) + 1u, sizeof *c->keys);
    if (c->note != NULL && c->keys != NULL) {
        split_lines(c);
        qsort(c->keys, c->key_count, sizeof *c->keys, compare_keys);
        if (sort_symbols(c) == 0) {
            take_globals(c);
            return 0;
        }
    }
    (void)snprintf(err, err_size, "%s: out of memory", c->path);
    return -1;
}

/* ---- looking up ------------------------------------------------------------------------------ */

const struct core_key *core_key(const struct core *c, enum core_kind kind, const char *name)
{
    uint32_t low = 0, high = c->key_count;
    while (low < high) { /* the first that is not before it */
        const uint32_t mid = low + (high - low) / 2;
        const struct core_key *k = &c->keys[mid];
        if (k->kind < kind || (k->kind == kind && strcmp(k->name, name) < 0))
            low = mid + 1;
        else
            high = mid;
    }
    if (low == c->key_count || c->keys[low].kind != kind || strcmp(c->keys[low].name, name) != 0)
        return NULL;
    return &c->keys[low];
}

bool core_has(const struct core *c, const char *field)
{
    return core_key(c, CORE_OFFSET, field) != NULL;
}

bool core_offset(const struct core *c, const char *field, uint64_t *ret)
{
    const struct core_key *k = core_key(c, CORE_OFFSET, field);
    if (k == NULL)
        return false;
    *ret = k->value;
    return true;
}

uint64_t core_size(const struct core *c, const char *name, uint64_t otherwise)
{
    const struct core_key *k = core_key(c, CORE_SIZE, name);
    return k != NULL ? k->value : otherwise;
}

uint64_t core_number(struct core *c, const char *name, uint64_t otherwise, uint64_t max)
{
    const struct core_key *k = core_key(c, CORE_NUMBER, name);
    if (k == NULL)
        return otherwise;
    if (k->value <= max)
        return k->value;
    core_note_problem(c, "NUMBER(%s) is %" PRIu64 ", more than %" PRIu64 "; %" PRIu64 " is assumed",
                      name, k->value, max, otherwise);
    return otherwise;
}

bool core_symbol(const struct core *c, const char *name, uint64_t *ret)
{
    const struct core_key *k = core_key(c, CORE_SYMBOL, name);
    if (k == NULL)
        return false;
    const struct core_key *next = k + 1;
    if (next < c->keys + c->key_count && next->kind == CORE_SYMBOL &&
        strcmp(next->name, name) == 0 && next->value != k->value)
        return false; /* static variables of two files bear this name */
    *ret = k->value;
    return true;
}

uint32_t core_variable(const struct core *c, const char *name, uint32_t otherwise)
{
    uint64_t address;
    uint32_t value;
    if (!core_symbol(c, name, &address) || !core_u32(c, address, &value))
        return otherwise;
    return value;
}

const char *core_symbol_of(const struct core *c, uint64_t va, uint64_t *ret_offset)
{
    uint32_t low = 0, high = c->symbol_count;
    while (low < high) { /* the first behind it */
        const uint32_t mid = low + (high - low) / 2;
        if (c->symbols[mid]->value <= va)
            low = mid + 1;
        else
            high = mid;
    }
    for (uint32_t i = low; i > 0 && i + 4 > low; i--) { /* a label may stand within a function */
        const struct core_key *k = c->symbols[i - 1];
        if (va - k->value < k->size || va == k->value) {
            *ret_offset = va - k->value;
            return k->name;
        }
    }
    return NULL;
}

bool core_field_u32(const struct core *c, uint64_t address, const char *field, uint32_t *ret)
{
    uint64_t offset;
    return core_offset(c, field, &offset) && core_u32(c, address + offset, ret);
}

bool core_field_u64(const struct core *c, uint64_t address, const char *field, uint64_t *ret)
{
    uint64_t offset;
    return core_offset(c, field, &offset) && core_u64(c, address + offset, ret);
}

uint32_t core_field(const struct core *c, uint64_t address, const char *field, uint32_t otherwise)
{
    uint32_t value;
    return core_field_u32(c, address, field, &value) ? value : otherwise;
}

/* ---- the other notes ------------------------------------------------------------------------- */

/* x86-64's user_regs order (sys/user.h), as pr_reg has it. */
static struct cos_frame frame_of(const uint64_t r[ELF_NGREG])
{
    return (struct cos_frame){ .r15 = r[0],
                               .r14 = r[1],
                               .r13 = r[2],
                               .r12 = r[3],
                               .rbp = r[4],
                               .rbx = r[5],
                               .r11 = r[6],
                               .r10 = r[7],
                               .r9 = r[8],
                               .r8 = r[9],
                               .rax = r[10],
                               .rcx = r[11],
                               .rdx = r[12],
                               .rsi = r[13],
                               .rdi = r[14],
                               .rip = r[16],
                               .rflags = r[18],
                               .rsp = r[19],
                               .ds = r[23],
                               .es = r[24] };
}

static int add_thread(struct core *c, const unsigned char *desc, uint64_t len)
{
    struct elf_prstatus status;
    uint64_t regs[ELF_NGREG];
    if (len != sizeof status) {
        core_note_problem(c, "an NT_PRSTATUS of %" PRIu64 " bytes, not %zu", len, sizeof status);
        return 0;
    }
    if (c->thread_count == CORE_THREADS_MAX) {
        core_note_problem(c, "more than %u threads; the rest is left out", CORE_THREADS_MAX);
        return 0;
    }
    if ((c->thread_count & (c->thread_count - 1)) == 0) { /* room doubles at powers of two */
        const size_t room = c->thread_count == 0 ? 1 : c->thread_count * 2u;
        struct core_thread *more = realloc(c->threads, room * sizeof *more);
        if (more == NULL)
            return -1;
        c->threads = more;
    }
    memcpy(&status, desc, sizeof status);
    memcpy(regs, &status.pr_reg, sizeof regs);
    struct core_thread *t = &c->threads[c->thread_count++];
    memset(t, 0, sizeof *t);
    t->pid = (uint32_t)status.pr_pid == CORE_THREAD_SWAPPER ? 0 : (uint32_t)status.pr_pid;
    t->regs = frame_of(regs);
    t->ran = t->regs.rip != 0;
    return 0;
}

static void take_auxv(struct core *c, const unsigned char *desc, uint64_t len)
{
    for (uint64_t at = 0; len - at >= sizeof(Elf64_auxv_t); at += sizeof(Elf64_auxv_t)) {
        Elf64_auxv_t a;
        memcpy(&a, desc + at, sizeof a);
        if (a.a_type == AT_NULL)
            return;
        if (a.a_type == AT_PHDR)
            c->phdr_va = a.a_un.a_val;
        if (a.a_type == AT_PHNUM)
            c->phdr_count = a.a_un.a_val < 64 ? (uint32_t)a.a_un.a_val : 0;
    }
}

static int take_note(struct core *c, const char *name, uint32_t type, const unsigned char *desc,
                     uint64_t len, char *err, size_t err_size)
{
    if (strcmp(name, COSINFO_NOTE_NAME) == 0 && type == COSINFO_NOTE_TYPE)
        return core_cosinfo_parse(c, (const char *)desc, (size_t)len, err, err_size);
    if (strcmp(name, "CORE") == 0 && type == NT_PRSTATUS && add_thread(c, desc, len) != 0) {
        (void)snprintf(err, err_size, "%s: out of memory", c->path);
        return -1;
    }
    if (strcmp(name, "CORE") == 0 && type == NT_AUXV)
        take_auxv(c, desc, len);
    return 0;
}

int core_notes_parse(struct core *c, uint64_t offset, uint64_t len, char *err, size_t err_size)
{
    const unsigned char *at = c->bytes + (len > 0 ? offset : 0);
    while (len >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr nh;
        char name[16] = { 0 };
        memcpy(&nh, at, sizeof nh);
        const uint64_t name_room = ((uint64_t)nh.n_namesz + 3) & ~3ull;
        const uint64_t desc_room = ((uint64_t)nh.n_descsz + 3) & ~3ull;
        at += sizeof nh;
        len -= sizeof nh;
        if (name_room > len) {
            core_note_problem(c, "a note at byte %td has a name of %u bytes, more than is left",
                              at - c->bytes, nh.n_namesz);
            return 0;
        }
        memcpy(name, at, nh.n_namesz < sizeof name ? nh.n_namesz : sizeof name - 1);
        at += name_room;
        len -= name_room;
        const uint64_t have = nh.n_descsz < len ? nh.n_descsz : len;
        if (have < nh.n_descsz)
            core_note_problem(c, "the note %s at byte %td has %" PRIu64 " of its %u bytes", name,
                              at - c->bytes, have, nh.n_descsz);
        if (take_note(c, name, nh.n_type, at, have, err, err_size) != 0)
            return -1;
        if (desc_room > len)
            return 0;
        at += desc_room;
        len -= desc_room;
    }
    return 0;
}
