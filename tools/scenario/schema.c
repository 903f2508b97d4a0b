/* schema.c - see schema.h. The reader walks the tables and the document side by side; `struct
 * reader` carries what an error line needs. */
#include "tools/scenario/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

/* A line of words as YAML, and for each byte of that where its word stands. */
struct words {
    char *text;
    size_t *at;
    size_t length;
    yaml_mark_t start; /* of the line */
};
struct reader {
    yaml_document_t doc;
    const char *path;
    char *err;
    size_t err_size;
    const struct words *words; /* NULL: a file */
};

/* ---- errors ---------------------------------------------------------------------------------- */

static yaml_mark_t place_of(const struct reader *r, yaml_mark_t mark)
{
    if (r->words == NULL)
        return mark;
    yaml_mark_t place = r->words->start;
    place.column += r->words->at[mark.column < r->words->length ? mark.column : 0];
    return place;
}

static int __attribute__((format(printf, 4, 5)))
fail(struct reader *r, const yaml_node_t *at, const char *key, const char *format, ...)
{
    va_list args;
    const yaml_mark_t place = place_of(r, at->start_mark);
    int used = snprintf(r->err, r->err_size, "%s:%zu:%zu: %s: ", r->path, place.line + 1,
                        place.column + 1, key);
    if (used < 0 || (size_t)used >= r->err_size)
        return -1;
    va_start(args, format);
    (void)vsnprintf(r->err + used, r->err_size - (size_t)used, format, args);
    va_end(args);
    return -1;
}

static int fail_key(struct reader *r, const yaml_node_t *at, const char *name, const char *what,
                    const struct schema_key *table)
{
    char why[SCHEMA_WHY_MAX];
    schema_suggest_key(what, name, table, why, sizeof why);
    return fail(r, at, name, "%s", why);
}

static int fail_syntax(const struct reader *r, const yaml_parser_t *parser)
{
    const yaml_mark_t place = place_of(r, parser->problem_mark);
    (void)snprintf(r->err, r->err_size, "%s:%zu:%zu: YAML: %s", r->path, place.line + 1,
                   place.column + 1, parser->problem != NULL ? parser->problem : "no memory");
    return -1;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The text of a node that is one value; NULL for others, and for one with a zero byte inside. */
static const char *scalar(const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE ||
        strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
        return NULL;
    return (const char *)node->data.scalar.value;
}

static int read_scalar(struct reader *r, const yaml_node_t *node, const struct schema_key *k,
                       void *at)
{
    char why[SCHEMA_WHY_MAX];

    if (scalar(node) == NULL)
        return fail(r, node, k->name, "a single value is wanted here");
    if (schema_value(k, scalar(node), at, why, sizeof why) != 0)
        return fail(r, node, k->name, "%s", why);
    return 0;
}

/* [from, to], or one value for both where the key allows it. */
static int read_pair(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                     unsigned char *at)
{
    const yaml_node_t *from = node, *to = node;

    if (k->spread != SCHEMA_ONE_OR_TWO || node->type != YAML_SCALAR_NODE) {
        if (node->type != YAML_SEQUENCE_NODE ||
            node->data.sequence.items.top - node->data.sequence.items.start != 2)
            return fail(r, node, k->name, "[from, to] is wanted here");
        from = yaml_document_get_node(&r->doc, node->data.sequence.items.start[0]);
        to = yaml_document_get_node(&r->doc, node->data.sequence.items.start[1]);
    }
    if (read_scalar(r, from, k, at) != 0 || read_scalar(r, to, k, at + k->second) != 0)
        return -1;
    return schema_falls(k, at, at + k->second) ? fail(r, node, k->name, "[from, to] with from > to")
                                               : 0;
}

/* ---- maps and lists -------------------------------------------------------------------------- */

static int read_list(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                     unsigned char *record);

static int read_map(struct reader *r, yaml_node_t *node, const char *name,
                    const struct schema_key *table, void *record, uint64_t *said);

static int read_value(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                      unsigned char *record)
{
    if (k->kind == SCHEMA_MAP)
        return read_map(r, node, k->name, k->table, record + k->offset, NULL);
    if (k->kind == SCHEMA_LIST)
        return read_list(r, node, k, record);
    if (k->spread != SCHEMA_ONE)
        return read_pair(r, node, k, record + k->offset);
    return read_scalar(r, node, k, record + k->offset);
}

static yaml_node_t *pair_of(struct reader *r, yaml_node_t *map, const char *name,
                            yaml_node_t **ret_key)
{
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++) {
        yaml_node_t *key = yaml_document_get_node(&r->doc, p->key);
        if (scalar(key) != NULL && strcmp(scalar(key), name) == 0) {
            *ret_key = key;
            return yaml_document_get_node(&r->doc, p->value);
        }
    }
    return NULL;
}

static int check_keys(struct reader *r, yaml_node_t *map, const struct schema_key *table,
                      const char *unknown)
{
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++) {
        yaml_node_t *key = yaml_document_get_node(&r->doc, p->key);
        yaml_node_t *first = NULL;
        const struct schema_key *k = table;
        if (scalar(key) == NULL)
            return fail(r, key, "(key)", "a name is wanted here");
        while (k->name != NULL && strcmp(k->name, scalar(key)) != 0)
            k++;
        if (k->name == NULL)
            return fail_key(r, key, scalar(key), unknown, table);
        (void)pair_of(r, map, k->name, &first);
        if (first != key)
            return fail(r, key, k->name, "stands twice");
    }
    return 0;
}

/* Keys are read in the order of the table, whatever order the file has; *said collects which. */
static int read_map(struct reader *r, yaml_node_t *node, const char *name,
                    const struct schema_key *table, void *record, uint64_t *said)
{
    yaml_node_t *key = NULL;

    if (node->type != YAML_MAPPING_NODE)
        return fail(r, node, name, "keys with values are wanted here");
    if (check_keys(r, node, table, "unknown key") != 0)
        return -1;
    for (const struct schema_key *k = table; k->name != NULL; k++) {
        yaml_node_t *value = pair_of(r, node, k->name, &key);
        if (value != NULL && read_value(r, value, k, record) != 0)
            return -1;
        if (value != NULL && said != NULL)
            *said |= k->said;
    }
    return 0;
}

static bool same_identity(const struct schema_key *table, const unsigned char *a,
                          const unsigned char *b)
{
    for (const struct schema_key *k = table; k->name != NULL; k++) {
        if (k->identity && memcmp(a + k->offset, b + k->offset, k->size) != 0)
            return false;
    }
    return true;
}

/* The table of an item: the list's, or that of the sort that the item says it is. NULL with the
 * error reported. */
static const struct schema_key *table_of_item(struct reader *r, yaml_node_t *node,
                                              const struct schema_key *k)
{
    const struct schema_list *l = k->list;
    char what[96], why[SCHEMA_WHY_MAX];
    yaml_node_t *key = NULL;

    if (l->sort_key == NULL)
        return l->table;
    yaml_node_t *sort =
        node->type != YAML_MAPPING_NODE ? NULL : pair_of(r, node, l->sort_key, &key);
    if (sort == NULL || scalar(sort) == NULL) {
        (void)fail(r, sort != NULL ? sort : node, l->sort_key, "missing, or no single value");
        return NULL;
    }
    const struct schema_key *table = l->table_of(scalar(sort));
    if (table == NULL) {
        (void)snprintf(what, sizeof what, "unknown value '%.60s'", scalar(sort));
        schema_suggest(what, scalar(sort), l->sorts, why, sizeof why);
        (void)fail(r, sort, l->sort_key, "%s", why);
        return NULL;
    }
    (void)snprintf(what, sizeof what, "'%.60s' has no such key", scalar(sort));
    return check_keys(r, node, table, what) == 0 ? table : NULL;
}

/* The inherited item that `draft` names, or a new one behind the last. The file's own earlier items
 * are not looked at, so several programs may bear one name. NULL when there is no room. */
static unsigned char *place_item(const struct schema_list *l, const struct schema_key *table,
                                 const unsigned char *draft, unsigned char *items,
                                 int64_t inherited, int64_t *count)
{
    for (int64_t i = 0; i < inherited; i++) {
        if (same_identity(table, draft, items + (size_t)i * l->item_size))
            return items + (size_t)i * l->item_size;
    }
    if ((size_t)*count >= l->item_max)
        return NULL;
    unsigned char *at = items + (size_t)*count * l->item_size;
    memcpy(at, l->fresh, l->item_size);
    ++*count;
    return at;
}

static int read_map_item(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                         unsigned char *items, int64_t inherited, int64_t *count)
{
    const struct schema_list *l = k->list;
    const struct schema_key *table = table_of_item(r, node, k);
    char why[SCHEMA_WHY_MAX];
    int status = -1;

    unsigned char *draft = table == NULL ? NULL : malloc(l->item_size);
    if (draft == NULL)
        return -1;
    memcpy(draft, l->fresh, l->item_size);
    if (read_map(r, node, k->name, table, draft, NULL) == 0) {
        unsigned char *at = place_item(l, table, draft, items, inherited, count);
        if (at == NULL)
            (void)fail(r, node, k->name, "more than %zu items", l->item_max);
        else
            status =
                read_map(r, node, k->name, table, at,
                         l->said_offset == 0 ? NULL : (uint64_t *)(void *)(at + l->said_offset));
        if (status == 0 && l->check != NULL && l->check(at, why, sizeof why) != 0)
            status = fail(r, node, k->name, "%s", why);
    }
    free(draft);
    return status;
}

/* ---- lines of words -------------------------------------------------------------------------- */

/*     line  = item { ("and" | "then") item }
 *     item  = SORT { KEY "=" VALUE | FLAG }
 *     VALUE = as in a file, without blanks; a range is [from,to]
 *
 * The line is rewritten as the list that it would be in a file, and read as such; "then" is a key
 * of the item behind it. */
#define BLANKS " \t\n"
#define ROOM_PER_BYTE 32u /* of the list, which quotes and names what the line implies */

static void put(struct words *w, const char *text, size_t length, size_t at)
{
    for (size_t i = 0; i < length; i++) {
        w->at[w->length] = at;
        w->text[w->length++] = text[i];
    }
}

static void put_quoted(struct words *w, const char *text, size_t length, size_t at)
{
    put(w, "'", 1, at);
    for (size_t i = 0; i < length; i++)
        put(w, text[i] == '\'' ? "''" : text + i, text[i] == '\'' ? 2 : 1, at);
    put(w, "'", 1, at);
}

static void put_value(struct words *w, const char *text, size_t length, size_t at)
{
    const char *comma = memchr(text, ',', length);

    if (length < 2 || text[0] != '[' || text[length - 1] != ']' || comma == NULL) {
        put_quoted(w, text, length, at);
        return;
    }
    put(w, "[", 1, at);
    put_quoted(w, text + 1, (size_t)(comma - text) - 1, at);
    put(w, ",", 1, at);
    put_quoted(w, comma + 1, (size_t)(text + length - comma) - 2, at);
    put(w, "]", 1, at);
}

static void put_pair(struct words *w, const char *text, size_t length, size_t at)
{
    const char *equals = memchr(text, '=', length);
    const size_t key = equals == NULL ? length : (size_t)(equals - text);

    put(w, ", ", 2, at);
    put_quoted(w, text, key, at);
    put(w, ": ", 2, at);
    if (equals == NULL)
        put(w, "true", 4, at);
    else
        put_value(w, equals + 1, length - key - 1, at);
}

static void rewrite(const char *line, const char *sort_key, struct words *w)
{
    bool first = true; /* of an item */
    size_t at = strspn(line, BLANKS), length;

    put(w, "[{", 2, at);
    for (; (length = strcspn(line + at, BLANKS)) != 0; at += strspn(line + at, BLANKS)) {
        const char *word = line + at;
        const bool and = length == 3 && memcmp(word, "and", 3) == 0;
        const bool then = length == 4 && memcmp(word, "then", 4) == 0;
        if (first) {
            put(w, sort_key, strlen(sort_key), at);
            put(w, ": ", 2, at);
            put_quoted(w, word, length, at);
        } else if (and || then) {
            const size_t next = at + length + strspn(word + length, BLANKS);
            put(w, "}, {", 4, next);
            if (then)
                put(w, "then: true, ", 12, next);
        } else {
            put_pair(w, word, length, at);
        }
        first = !first && (and || then);
        at += length;
    }
    put(w, "}]", 2, at);
}

static int read_words(const char *path, const char *line, yaml_mark_t start,
                      const struct schema_key *k, void *record, char *err, size_t err_size)
{
    const size_t room = (strlen(line) + 1) * ROOM_PER_BYTE;
    struct words w = { .text = malloc(room), .at = malloc(room * sizeof *w.at), .start = start };
    struct reader r = { .path = path, .err = err, .err_size = err_size, .words = &w };
    yaml_parser_t parser;
    int status = -1;

    (void)snprintf(err, err_size, "%s: no memory", path);
    if (w.text != NULL && w.at != NULL && yaml_parser_initialize(&parser) == 1) {
        rewrite(line, k->list->sort_key, &w);
        yaml_parser_set_input_string(&parser, (const unsigned char *)w.text, w.length);
        if (yaml_parser_load(&parser, &r.doc) != 1) {
            (void)fail_syntax(&r, &parser);
        } else {
            status = read_list(&r, yaml_document_get_root_node(&r.doc), k, record);
            yaml_document_delete(&r.doc);
        }
        yaml_parser_delete(&parser);
    }
    free(w.text);
    free(w.at);
    return status;
}

int schema_read_words(const char *path, const char *text, const struct schema_key *k, void *record,
                      char *err, size_t err_size)
{
    return read_words(path, text, (yaml_mark_t){ 0 }, k, record, err, err_size);
}

static int read_text_item(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                          unsigned char *record)
{
    char why[SCHEMA_WHY_MAX];
    unsigned char *items = record + k->offset;
    int64_t *count = (int64_t *)(void *)(items + k->list->count_offset);

    if (scalar(node) == NULL)
        return fail(r, node, k->name, "a text without zero bytes is wanted here");
    if (k->list->words) {
        /* Right as long as the line stands on one line of its file and has no escapes. */
        yaml_mark_t start = node->start_mark;
        start.column += node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return read_words(r->path, scalar(node), start, k, record, r->err, r->err_size);
    }
    if (k->list->read_text(scalar(node), items, count, why, sizeof why) == 0)
        return 0;
    return fail(r, node, k->name, "%s", why);
}

static int read_inner_item(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                           unsigned char *items, int64_t *count)
{
    const struct schema_list *l = k->list;

    if ((size_t)*count >= l->item_max)
        return fail(r, node, k->name, "more than %zu items", l->item_max);
    unsigned char *at = items + (size_t)*count * l->item_size;
    memcpy(at, l->fresh, l->item_size);
    ++*count;
    return read_list(r, node, l->inner, at);
}

static int read_list(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                     unsigned char *record)
{
    const struct schema_list *l = k->list;
    unsigned char *items = record + k->offset;
    int64_t *count = (int64_t *)(void *)(items + l->count_offset);
    const int64_t inherited = r->words == NULL ? *count : 0; /* a line adds to what there is */
    int status = 0;

    if (node->type != YAML_SEQUENCE_NODE)
        return fail(r, node, k->name, "a list is wanted here");
    for (yaml_node_item_t *i = node->data.sequence.items.start;
         status == 0 && i < node->data.sequence.items.top; i++) {
        yaml_node_t *item = yaml_document_get_node(&r->doc, *i);
        if (item->type == YAML_SCALAR_NODE && (l->words || l->read_text != NULL))
            status = read_text_item(r, item, k, record);
        else if (item->type == YAML_SEQUENCE_NODE && l->inner != NULL)
            status = read_inner_item(r, item, k, items, count);
        else if (l->table != NULL || l->table_of != NULL)
            status = read_map_item(r, item, k, items, inherited, count);
        else
            status =
                fail(r, item, k->name,
                     l->inner != NULL ? "a list is wanted here" : "a single value is wanted here");
    }
    return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int read_document(struct reader *r, const struct schema_key *table, void *record)
{
    yaml_node_t *root = yaml_document_get_root_node(&r->doc);
    if (root == NULL) {
        (void)snprintf(r->err, r->err_size, "%s:1:1: YAML: the file is empty", r->path);
        return -1;
    }
    return read_map(r, root, "(file)", table, record, NULL);
}

static int read_parser(struct reader *r, yaml_parser_t *parser, const struct schema_key *table,
                       void *record)
{
    if (yaml_parser_load(parser, &r->doc) != 1)
        return fail_syntax(r, parser);
    const int status = read_document(r, table, record);
    yaml_document_delete(&r->doc);
    return status;
}

int schema_read_text(const char *path, const char *text, size_t length,
                     const struct schema_key *table, void *record, char *err, size_t err_size)
{
    struct reader r = { .path = path, .err = err, .err_size = err_size };
    yaml_parser_t parser;

    if (yaml_parser_initialize(&parser) != 1) {
        (void)snprintf(err, err_size, "%s: no memory", path);
        return -1;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    const int status = read_parser(&r, &parser, table, record);
    yaml_parser_delete(&parser);
    return status;
}

int schema_read(const char *path, const struct schema_key *table, void *record, char *err,
                size_t err_size)
{
    struct reader r = { .path = path, .err = err, .err_size = err_size };
    yaml_parser_t parser;

    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(err, err_size, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (yaml_parser_initialize(&parser) != 1) {
        (void)snprintf(err, err_size, "%s: no memory", path);
        (void)fclose(file);
        return -1;
    }
    yaml_parser_set_input_file(&parser, file);
    const int status = read_parser(&r, &parser, table, record);
    yaml_parser_delete(&parser);
    (void)fclose(file);
    return status;
}
