/* note.c - the note in which a console describes itself, as a table of names; see cosview.h. */
#include "shared/cosview/cosview.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_NEAR 4u /* symbols below an address that are tried: labels stand within functions */

/* ---- from text to a table -------------------------------------------------------------------- */

static int compare_keys(const void *a, const void *b)
{
    const struct cosview_key *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    const int order = strcmp(x->name, y->name);
    if (order != 0)
        return order;
    return x->value != y->value ? (x->value < y->value ? -1 : 1) : 0;
}

static int compare_symbols(const void *a, const void *b)
{
    const struct cosview_key *x = *(const struct cosview_key *const *)a,
                             *y = *(const struct cosview_key *const *)b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return strcmp(x->name, y->name);
}

static enum cosview_kind split_name(char *key)
{
    static const struct {
        const char *word;
        enum cosview_kind kind;
    } kinds[] = { { "SIZE(", COSVIEW_SIZE },
                  { "OFFSET(", COSVIEW_OFFSET },
                  { "NUMBER(", COSVIEW_NUMBER },
                  { "SYMBOL(", COSVIEW_SYMBOL } };
    const size_t len = strlen(key);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t word = strlen(kinds[i].word);
        if (len > word + 1 && strncmp(key, kinds[i].word, word) == 0 && key[len - 1] == ')') {
            key[len - 1] = '\0';
            memmove(key, key + word, len - word);
            return kinds[i].kind;
        }
    }
    return COSVIEW_PLAIN;
}

static bool is_hex(const struct cosview_key *k)
{
    return k->kind == COSVIEW_SYMBOL ||
           (k->kind == COSVIEW_PLAIN &&
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

static bool parse_value(struct cosview_key *k)
{
    const char *end;
    const int base = is_hex(k) ? 16 : 10;
    if (k->kind == COSVIEW_SYMBOL)
        return parse_number(k->text, base, ',', &k->value, &end) &&
               parse_number(end + 1, base, '\0', &k->size, &end);
    if (!parse_number(k->text, base, '\0', &k->value, &end))
        return k->kind == COSVIEW_PLAIN; /* text is all right there */
    return true;
}

static bool parse_line(char *line, struct cosview_key *ret)
{
    char *equals = strchr(line, '=');
    if (equals == NULL || equals == line)
        return false;
    *equals = '\0';
    *ret = (struct cosview_key){ .name = line, .text = equals + 1 };
    ret->kind = split_name(line);
    return parse_value(ret);
}

static void split_lines(struct cosview *v)
{
    uint32_t bad = 0;
    char *save = NULL;
    for (char *line = strtok_r(v->note, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (v->key_count == COSVIEW_KEYS_MAX) {
            problems_add(v->problems, "the note has more than %u lines; the rest is left out",
                         COSVIEW_KEYS_MAX);
            break;
        }
        if (parse_line(line, &v->keys[v->key_count]))
            v->key_count++;
        else if (bad++ == 0)
            problems_add(v->problems, "a line of the note makes no sense: \"%.60s\"", line);
    }
    if (bad > 1)
        problems_add(v->problems, "%" PRIu32 " lines of the note make no sense", bad);
}

static void sort_keys(struct cosview *v)
{
    qsort(v->keys, v->key_count, sizeof *v->keys, compare_keys);
    for (uint32_t i = 0; i < v->key_count; i++) {
        if (v->keys[i].kind == COSVIEW_SYMBOL)
            v->symbols[v->symbol_count++] = &v->keys[i];
    }
    qsort(v->symbols, v->symbol_count, sizeof(*v->symbols), compare_symbols);
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

int cosview_take_note(struct cosview *v, const char *text, size_t len)
{
    size_t lines = 1;
    assert(v->from.read != NULL && v->from.text != NULL);
    if (v->note != NULL) {
        problems_add(v->problems, "there are several notes of the console; the first counts");
        return 0;
    }
    while (len > 0 && text[len - 1] != '\n')
        len--; /* a line that was cut would give half a number */
    for (size_t i = 0; i < len && lines <= COSVIEW_KEYS_MAX; i++)
        lines += text[i] == '\n';
    v->note = copy_text(text, len);
    v->keys = calloc(lines, sizeof *v->keys);
    v->symbols = calloc(lines, sizeof(*v->symbols));
    if (v->note == NULL || v->keys == NULL || v->symbols == NULL)
        return -1;
    split_lines(v);
    assert(v->key_count < lines);
    sort_keys(v);
    return 0;
}

void cosview_close(struct cosview *v)
{
    free(v->symbols);
    free(v->keys);
    free(v->note);
    *v = (struct cosview){ .key_count = 0 };
}

/* ---- looking up ------------------------------------------------------------------------------ */

const struct cosview_key *cosview_key(const struct cosview *v, enum cosview_kind kind,
                                      const char *name)
{
    uint32_t low = 0, high = v->key_count;
    while (low < high) { /* the first that is not before it */
        const uint32_t mid = low + (high - low) / 2;
        const struct cosview_key *k = &v->keys[mid];
        if (k->kind < kind || (k->kind == kind && strcmp(k->name, name) < 0))
            low = mid + 1;
        else
            high = mid;
    }
    if (low == v->key_count || v->keys[low].kind != kind || strcmp(v->keys[low].name, name) != 0)
        return NULL;
    return &v->keys[low];
}

bool cosview_offset(const struct cosview *v, const char *field, uint64_t *ret)
{
    const struct cosview_key *k = cosview_key(v, COSVIEW_OFFSET, field);
    if (k == NULL)
        return false;
    *ret = k->value;
    return true;
}

uint64_t cosview_size(const struct cosview *v, const char *name, uint64_t otherwise)
{
    const struct cosview_key *k = cosview_key(v, COSVIEW_SIZE, name);
    return k != NULL ? k->value : otherwise;
}

uint64_t cosview_number(const struct cosview *v, const char *name, uint64_t otherwise, uint64_t max)
{
    const struct cosview_key *k = cosview_key(v, COSVIEW_NUMBER, name);
    if (k == NULL || k->value <= max)
        return k != NULL ? k->value : otherwise;
    problems_add(v->problems,
                 "NUMBER(%s) is %" PRIu64 ", more than %" PRIu64 "; %" PRIu64 " is assumed", name,
                 k->value, max, otherwise);
    return otherwise;
}

bool cosview_symbol(const struct cosview *v, const char *name, uint64_t *ret)
{
    const struct cosview_key *k = cosview_key(v, COSVIEW_SYMBOL, name);
    if (k == NULL)
        return false;
    const struct cosview_key *next = k + 1;
    if (next < v->keys + v->key_count && next->kind == COSVIEW_SYMBOL &&
        strcmp(next->name, name) == 0 && next->value != k->value)
        return false; /* static variables of two files bear this name */
    *ret = k->value;
    return true;
}

/* The symbol that holds an address; a label holds none, and counts where it stands if no other
 * symbol does. */
static const struct cosview_key *find_symbol(const struct cosview *v, uint64_t va)
{
    const struct cosview_key *label = NULL;
    uint32_t low = 0, high = v->symbol_count;
    while (low < high) { /* the first behind it */
        const uint32_t mid = low + (high - low) / 2;
        if (v->symbols[mid]->value <= va)
            low = mid + 1;
        else
            high = mid;
    }
    for (uint32_t i = low; i > 0 && i + LABELS_NEAR > low; i--) {
        const struct cosview_key *k = v->symbols[i - 1];
        if (va - k->value < k->size)
            return k;
        if (va == k->value && label == NULL)
            label = k;
    }
    return label;
}

const char *cosview_symbol_of(const struct cosview *v, uint64_t va, uint64_t *ret_offset)
{
    const struct cosview_key *k = find_symbol(v, va);
    if (k == NULL)
        return NULL;
    *ret_offset = va - k->value;
    return k->name;
}

const char *cosview_function(const struct cosview *v, uint64_t va, uint64_t *ret_offset)
{
    uint64_t start, end;
    const struct cosview_key *k =
        v->from.text(v->from.ctx, va, &start, &end) ? find_symbol(v, va) : NULL;
    if (k == NULL || k->size == 0)
        return NULL;
    *ret_offset = va - k->value;
    return k->name;
}

const char *cosview_caller(const struct cosview *v, uint64_t va, uint64_t *ret_offset)
{
    const char *name = va > 0 ? cosview_function(v, va - 1, ret_offset) : NULL;
    if (name != NULL)
        *ret_offset += 1;
    return name;
}
