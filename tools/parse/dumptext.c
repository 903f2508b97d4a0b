/* dumptext.c - see dumptext.h. */
#include "tools/parse/dumptext.h"

#include <stdio.h>
#include <string.h>

#include "tools/parse/scan.h"

void dumptext_begin(struct dumptext *d, const struct zdump *z, enum zdump_type section)
{
    const struct zdump_section *s = zdump_find(z, section);
    d->line = 0;
    d->text[0] = '\0';
    d->kind = "";
    d->field_count = 0;
    d->section = section;
    d->rest = s != NULL && s->data != NULL ? s->data : "";
}

/* The length of a key at `at` with '=' behind it; 0 = there is none. */
static size_t key_length(const char *at)
{
    const size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return at[n] == '=' ? n : 0;
}

static bool takes_the_rest(const struct dumptext *d, const char *key)
{
    return d->section == ZDUMP_STATE || strcmp(key, "name") == 0 ||
           (strcmp(key, "comm") == 0 && strcmp(d->kind, "task") == 0);
}

/* Zero-terminates the word at *at and steps behind it and the blanks that follow. */
static char *cut_word(char **at)
{
    char *word = *at;
    *at += strcspn(*at, " ");
    const size_t blanks = strspn(*at, " ");
    **at = '\0';
    *at += blanks;
    return word;
}

static void add_field(struct dumptext *d, const char *key, const char *value)
{
    if (d->field_count == DUMPTEXT_FIELDS_MAX)
        return;
    d->field[d->field_count].key = key;
    d->field[d->field_count++].value = value;
}

static void cut_record(struct dumptext *d)
{
    char *at = d->cut + strspn(d->cut, " ");
    d->kind = "";
    d->field_count = 0;
    if (*at != '\0' && key_length(at) == 0)
        d->kind = cut_word(&at);
    const bool is_frame = d->kind[0] == '#';
    if (is_frame)
        d->kind = "#";
    while (*at != '\0') {
        const size_t n = key_length(at);
        if (n == 0) {
            char *word = cut_word(&at);
            word[strcspn(word, "+")] = '\0';
            if (is_frame)
                add_field(d, "function", word);
            continue;
        }
        const char *key = at;
        at[n] = '\0';
        at += n + 1;
        add_field(d, key, takes_the_rest(d, key) ? at : cut_word(&at));
        if (takes_the_rest(d, key))
            return;
    }
}

bool dumptext_next(struct dumptext *d)
{
    if (*d->rest == '\0')
        return false;
    const size_t length = strcspn(d->rest, "\n");
    (void)snprintf(d->text, sizeof d->text, "%.*s",
                   (int)(length < sizeof d->text ? length : sizeof d->text - 1), d->rest);
    d->rest += length + (d->rest[length] == '\n');
    d->line++;
    memcpy(d->cut, d->text, sizeof d->cut);
    cut_record(d);
    return true;
}

bool dumptext_is(const struct dumptext *d, const char *kind)
{
    return strcmp(d->kind, kind) == 0;
}

bool dumptext_is_value(const struct dumptext *d)
{
    return d->field_count == 1 && dumptext_is(d, "");
}

const char *dumptext_value(const struct dumptext *d, const char *key)
{
    for (uint32_t i = 0; i < d->field_count; i++)
        if (strcmp(d->field[i].key, key) == 0)
            return d->field[i].value;
    return NULL;
}

bool dumptext_number(const struct dumptext *d, const char *key, int64_t *ret)
{
    const char *value = dumptext_value(d, key);
    return value != NULL && scan_i64(&value, ret);
}

bool dumptext_hex(const struct dumptext *d, const char *key, uint64_t *ret)
{
    const char *value = dumptext_value(d, key);
    return value != NULL && scan_hex(&value, ret);
}

/* Walks to the line `key=value`. */
static const char *find(struct dumptext *d, const struct zdump *z, enum zdump_type section,
                        const char *key)
{
    for (dumptext_begin(d, z, section); dumptext_next(d);)
        if (dumptext_is_value(d) && strcmp(d->field[0].key, key) == 0)
            return d->field[0].value;
    return NULL;
}

bool dumptext_find(const struct zdump *z, enum zdump_type section, const char *key, char *ret,
                   size_t size)
{
    struct dumptext d;
    const char *value = find(&d, z, section, key);
    if (value != NULL)
        (void)snprintf(ret, size, "%s", value);
    return value != NULL;
}

bool dumptext_find_number(const struct zdump *z, enum zdump_type section, const char *key,
                          int64_t *ret)
{
    struct dumptext d;
    const char *value = find(&d, z, section, key);
    return value != NULL && scan_i64(&value, ret);
}

bool dumptext_load(const struct zdump *z, enum zdump_type section, const char *name,
                   struct text *ret)
{
    const struct zdump_section *s = zdump_find(z, section);
    if (s == NULL || s->data == NULL)
        return false;
    text_from(name, s->data, s->data_len, ret);
    return true;
}
