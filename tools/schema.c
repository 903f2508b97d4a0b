/* schema.c - see schema.h. The reader walks the tables and the document side by side; `struct
 * reader` carries what an error line needs. */
#include "tools/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#define KEYS_MAX 64u       /* keys of one table, for suggestions */
#define NEAREST_LENGTH 32u /* longer names get no suggestion */

struct reader {
    yaml_document_t doc;
    const char *path;
    char *err;
    size_t err_size;
};

/* ---- errors ---------------------------------------------------------------------------------- */

static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NEAREST_LENGTH + 1];
    const size_t lb = strlen(b);

    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < lb; j++) {
            const size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            const size_t least = row[j] < row[j + 1] ? row[j] : row[j + 1];
            row[j + 1] = replaced < least + 1 ? replaced : least + 1;
        }
    }
    return row[lb];
}

const char *schema_nearest(const char *name, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance =
        strlen(name) / 3 + 2; /* a swap of two letters counts 2; most of it must be right */

    for (; strlen(name) <= NEAREST_LENGTH && *names != NULL; names++) {
        if (strlen(*names) > NEAREST_LENGTH)
            continue;
        const size_t distance = edit_distance(name, *names);
        if (distance < best_distance) {
            best = *names;
            best_distance = distance;
        }
    }
    return best;
}

static int __attribute__((format(printf, 4, 5)))
fail(struct reader *r, const yaml_node_t *at, const char *key, const char *format, ...)
{
    va_list args;
    int used = snprintf(r->err, r->err_size, "%s:%zu:%zu: %s: ", r->path, at->start_mark.line + 1,
                        at->start_mark.column + 1, key);
    if (used < 0 || (size_t)used >= r->err_size)
        return -1;
    va_start(args, format);
    (void)vsnprintf(r->err + used, r->err_size - (size_t)used, format, args);
    va_end(args);
    return -1;
}

/* "what 'name'; did you mean 'nearest'?", or the list of what is allowed. */
static int fail_name(struct reader *r, const yaml_node_t *at, const char *key, const char *what,
                     const char *name, const char *const *names)
{
    const char *nearest = schema_nearest(name, names);
    char allowed[512] = "";
    size_t used = 0;

    if (nearest != NULL)
        return fail(r, at, key, "%s; did you mean '%s'?", what, nearest);
    for (; *names != NULL && used < sizeof allowed; names++)
        used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s",
                                 used > 0 ? ", " : "", *names);
    return fail(r, at, key, "%s; allowed: %s", what, allowed);
}

static int fail_key(struct reader *r, const yaml_node_t *at, const char *name,
                    const struct schema_key *table)
{
    const char *names[KEYS_MAX + 1] = { NULL };
    for (size_t i = 0; i < KEYS_MAX && table[i].name != NULL; i++)
        names[i] = table[i].name;
    return fail_name(r, at, name, "unknown key", name, names);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static int check_range(struct reader *r, const yaml_node_t *node, const struct schema_key *k,
                       int64_t value)
{
    const struct quantity_unit *units = NULL;
    char least[32], most[32];

    if ((k->least == 0 && k->most == 0) || (value >= k->least && value <= k->most))
        return 0;
    if (k->kind == SCHEMA_QUANTITY || k->kind == SCHEMA_SPREAD)
        units = k->units;
    if (k->kind == SCHEMA_DURATION || k->kind == SCHEMA_PERIOD || k->kind == SCHEMA_INSTANT)
        units = quantity_time;
    (void)snprintf(least, sizeof least, "%" PRId64, k->least);
    (void)snprintf(most, sizeof most, "%" PRId64, k->most);
    if (units != NULL) {
        quantity_format(k->least, units, least, sizeof least);
        quantity_format(k->most, units, most, sizeof most);
    }
    return fail(r, node, k->name, "'%s' is out of range (%s to %s)", scalar(node), least, most);
}

static int fail_units(struct reader *r, const yaml_node_t *node, const struct schema_key *k)
{
    char text[128] = "";
    size_t used = 0;
    for (const struct quantity_unit *u = k->units; u->name != NULL && used < sizeof text; u++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? ", " : "",
                                 u->name);
    return fail(r, node, k->name, "'%s' is not a number with a unit (%s)", scalar(node), text);
}

static int read_text(struct reader *r, const yaml_node_t *node, const struct schema_key *k,
                     char *at)
{
    const char *text = scalar(node);
    const size_t length = node->data.scalar.length;

    if (length == 0 || length >= k->size || strlen(text) != length)
        return fail(r, node, k->name, "a text of 1 to %zu bytes is wanted", k->size - 1);
    if (k->kind == SCHEMA_CHOICE) {
        const char *const *choice = k->choices;
        while (*choice != NULL && strcmp(*choice, text) != 0)
            choice++;
        if (*choice == NULL) {
            char what[96];
            (void)snprintf(what, sizeof what, "unknown value '%.60s'", text);
            return fail_name(r, node, k->name, what, text, k->choices);
        }
    }
    memset(at, 0, k->size);
    memcpy(at, text, length);
    return 0;
}

static int read_flag(struct reader *r, const yaml_node_t *node, const struct schema_key *k,
                     int64_t *ret)
{
    if (strcmp(scalar(node), "true") != 0 && strcmp(scalar(node), "false") != 0)
        return fail(r, node, k->name, "'%s' is neither true nor false", scalar(node));
    *ret = strcmp(scalar(node), "true") == 0;
    return 0;
}

static int read_instant(struct reader *r, const yaml_node_t *node, const struct schema_key *k,
                        struct schema_instant *ret)
{
    struct schema_instant i = { 0, 0 };
    if (quantity_date(scalar(node), &i.value) == 0) {
        i.local = 1;
    } else if (quantity_duration(scalar(node), &i.value) != 0) {
        return fail(
            r, node, k->name,
            "'%s' is neither a time since boot (42d14h, 42:14:03) nor a date (2009-10-01 14:54)",
            scalar(node));
    }
    *ret = i;
    return 0;
}

static int read_number(struct reader *r, const yaml_node_t *node, const struct schema_key *k,
                       int64_t *ret)
{
    const char *text = scalar(node);
    int64_t value;

    switch (k->kind) {
    case SCHEMA_QUANTITY:
    case SCHEMA_SPREAD:
        if (quantity_parse(text, k->units, &value) != 0)
            return fail_units(r, node, k);
        break;
    case SCHEMA_DURATION:
    case SCHEMA_PERIOD:
        if (quantity_duration(text, &value) != 0)
            return fail(r, node, k->name, "'%s' is not a duration (90s, 42d14h, 42:14:03)", text);
        break;
    case SCHEMA_DATE:
        if (quantity_date(text, &value) != 0)
            return fail(r, node, k->name, "'%s' is not a date (2009-10-01 14:54)", text);
        break;
    case SCHEMA_OFFSET:
        if (quantity_offset(text, &value) != 0)
            return fail(r, node, k->name, "'%s' is not an offset from UTC (\"-05:00\")", text);
        break;
    default:
        if (quantity_integer(text, &value) != 0)
            return fail(r, node, k->name, "'%s' is not a whole number", text);
    }
    if (check_range(r, node, k, value) != 0)
        return -1;
    *ret = value;
    return 0;
}

static int read_scalar(struct reader *r, const yaml_node_t *node, const struct schema_key *k,
                       void *at)
{
    if (scalar(node) == NULL)
        return fail(r, node, k->name, "a single value is wanted here");
    switch (k->kind) {
    case SCHEMA_TEXT:
    case SCHEMA_CHOICE:
        return read_text(r, node, k, at);
    case SCHEMA_FLAG:
        return read_flag(r, node, k, at);
    case SCHEMA_INSTANT:
        return read_instant(r, node, k, at);
    default:
        return read_number(r, node, k, at);
    }
}

/* [from, to]; a SPREAD may also be one value. */
static int read_pair(struct reader *r, yaml_node_t *node, const struct schema_key *k, int64_t *at)
{
    int64_t pair[2];

    if (k->kind == SCHEMA_SPREAD && scalar(node) != NULL) {
        if (read_number(r, node, k, &pair[0]) != 0)
            return -1;
        pair[1] = pair[0];
    } else {
        if (node->type != YAML_SEQUENCE_NODE ||
            node->data.sequence.items.top - node->data.sequence.items.start != 2)
            return fail(r, node, k->name, "[from, to] is wanted here");
        for (int i = 0; i < 2; i++) {
            const yaml_node_t *item =
                yaml_document_get_node(&r->doc, node->data.sequence.items.start[i]);
            if (scalar(item) == NULL)
                return fail(r, item, k->name, "a single value is wanted here");
            if (read_number(r, item, k, &pair[i]) != 0)
                return -1;
        }
        if (pair[0] > pair[1])
            return fail(r, node, k->name, "[from, to] with from > to");
    }
    memcpy(at, pair, sizeof pair);
    return 0;
}

/* ---- maps and lists -------------------------------------------------------------------------- */

static int read_list(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                     unsigned char *record);

static int read_map(struct reader *r, yaml_node_t *node, const char *name,
                    const struct schema_key *table, void *record);

static int read_value(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                      unsigned char *record)
{
    switch (k->kind) {
    case SCHEMA_MAP:
        return read_map(r, node, k->name, k->table, record + k->offset);
    case SCHEMA_LIST:
        return read_list(r, node, k, record);
    case SCHEMA_SPREAD:
    case SCHEMA_PERIOD:
        return read_pair(r, node, k, (int64_t *)(void *)(record + k->offset));
    default:
        return read_scalar(r, node, k, record + k->offset);
    }
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

static int check_keys(struct reader *r, yaml_node_t *map, const struct schema_key *table)
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
            return fail_key(r, key, scalar(key), table);
        (void)pair_of(r, map, k->name, &first);
        if (first != key)
            return fail(r, key, k->name, "stands twice");
    }
    return 0;
}

/* Keys are read in the order of the table, whatever order the file has. */
static int read_map(struct reader *r, yaml_node_t *node, const char *name,
                    const struct schema_key *table, void *record)
{
    yaml_node_t *key = NULL;

    if (node->type != YAML_MAPPING_NODE)
        return fail(r, node, name, "keys with values are wanted here");
    if (check_keys(r, node, table) != 0)
        return -1;
    for (const struct schema_key *k = table; k->name != NULL; k++) {
        yaml_node_t *value = pair_of(r, node, k->name, &key);
        if (value != NULL && read_value(r, value, k, record) != 0)
            return -1;
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

/* Where an item is to be read to: over the inherited one that it names, or behind the last. The
 * file's own earlier items are not looked at, so several programs may bear one name. NULL with the
 * error told. */
static unsigned char *place_item(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                                 unsigned char *items, int64_t inherited, int64_t *count)
{
    const struct schema_list *l = k->list;
    unsigned char *found = NULL;
    unsigned char *draft = malloc(l->item_size);

    if (draft == NULL)
        return NULL;
    memcpy(draft, l->fresh, l->item_size);
    if (read_map(r, node, k->name, l->table, draft) != 0) {
        free(draft);
        return NULL;
    }
    for (int64_t i = 0; i < inherited && found == NULL; i++) {
        if (same_identity(l->table, draft, items + (size_t)i * l->item_size))
            found = items + (size_t)i * l->item_size;
    }
    free(draft);
    if (found != NULL)
        return found;
    if ((size_t)*count >= l->item_max) {
        (void)fail(r, node, k->name, "more than %zu items", l->item_max);
        return NULL;
    }
    found = items + (size_t)*count * l->item_size;
    memcpy(found, l->fresh, l->item_size);
    ++*count;
    return found;
}

static int read_list(struct reader *r, yaml_node_t *node, const struct schema_key *k,
                     unsigned char *record)
{
    int64_t *count = (int64_t *)(void *)(record + k->list->count_offset);
    const int64_t inherited = *count;

    if (node->type != YAML_SEQUENCE_NODE)
        return fail(r, node, k->name, "a list is wanted here");
    for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top;
         i++) {
        yaml_node_t *item = yaml_document_get_node(&r->doc, *i);
        unsigned char *at = place_item(r, item, k, record + k->offset, inherited, count);
        if (at == NULL || read_map(r, item, k->name, k->list->table, at) != 0)
            return -1;
    }
    return 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int fail_syntax(const struct reader *r, const yaml_parser_t *parser)
{
    (void)snprintf(r->err, r->err_size, "%s:%zu:%zu: YAML: %s", r->path,
                   parser->problem_mark.line + 1, parser->problem_mark.column + 1,
                   parser->problem != NULL ? parser->problem : "no memory");
    return -1;
}

static int read_document(struct reader *r, const struct schema_key *table, void *record)
{
    yaml_node_t *root = yaml_document_get_root_node(&r->doc);
    if (root == NULL) {
        (void)snprintf(r->err, r->err_size, "%s:1:1: YAML: the file is empty", r->path);
        return -1;
    }
    return read_map(r, root, "(file)", table, record);
}

int schema_read(const char *path, const struct schema_key *table, void *record, char *err,
                size_t err_size)
{
    struct reader r = { .path = path, .err = err, .err_size = err_size };
    yaml_parser_t parser;
    int status = -1;

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
    if (yaml_parser_load(&parser, &r.doc) == 1) {
        status = read_document(&r, table, record);
        yaml_document_delete(&r.doc);
    } else {
        status = fail_syntax(&r, &parser);
    }
    yaml_parser_delete(&parser);
    (void)fclose(file);
    return status;
}
