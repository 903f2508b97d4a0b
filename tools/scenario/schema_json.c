/* schema_json.c - see schema_json.h. jansson refuses NULL values, so a lack of memory anywhere
 * shows as a NULL at the end. Keys stay in the order of the tables. */
#include "tools/scenario/schema_json.h"

#include <stdio.h>
#include <string.h>

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define NUMBER "[0-9]+(\\.[0-9]+)?"
#define DURATION \
    "(" NUMBER "(d|h|m|s|ms|us|ns))+|[0-9]+:[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{3})?)?"
#define DATE "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?"

static json_t *map(const struct schema_key *table);
static json_t *list(const struct schema_list *l);

static json_t *pattern(const char *text)
{
    return json_pack("{s:s, s:o}", "type", "string", "pattern", json_sprintf("^(%s)$", text));
}

static json_t *choices(const char *const *names)
{
    json_t *array = json_array();
    for (; *names != NULL; names++)
        (void)json_array_append_new(array, json_string(*names));
    return json_pack("{s:o}", "enum", array);
}

static json_t *named(const struct schema_name *names)
{
    json_t *array = json_array();
    for (; names->name != NULL; names++)
        (void)json_array_append_new(array, json_string(names->name));
    return json_pack("{s:o}", "enum", array);
}

static json_t *integer(const struct schema_key *k)
{
    if (k->least == 0 && k->most == 0)
        return json_pack("{s:s}", "type", "integer");
    return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)k->least,
                     "maximum", (json_int_t)k->most);
}

/* A number and one of the units; a unit without a name makes it a bare number, too. */
static json_t *quantity(const struct schema_key *k)
{
    char text[256] = "";
    size_t used = (size_t)snprintf(text, sizeof text, NUMBER " *(");
    bool bare = false;

    for (const struct quantity_unit *u = k->units; u->name != NULL && used < sizeof text; u++) {
        bare = bare || u->name[0] == '\0';
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", u != k->units ? "|" : "",
                                 u->name);
    }
    (void)snprintf(text + used, sizeof text - used, ")");
    if (!bare)
        return pattern(text);
    return json_pack("{s:[o, {s:s}]}", "anyOf", pattern(text), "type", "integer");
}

static json_t *one_value(const struct schema_key *k)
{
    switch (k->kind) {
    case SCHEMA_TEXT:
        return json_pack("{s:s, s:i, s:I}", "type", "string", "minLength", 1, "maxLength",
                         (json_int_t)k->size - 1);
    case SCHEMA_CHOICE:
        return choices(k->choices);
    case SCHEMA_NAMED:
        return named(k->names);
    case SCHEMA_FLAG:
        return json_pack("{s:s}", "type", "boolean");
    case SCHEMA_QUANTITY:
        return quantity(k);
    case SCHEMA_DURATION:
        return pattern(DURATION);
    case SCHEMA_DATE:
        return pattern(DATE);
    case SCHEMA_INSTANT:
        return pattern(DURATION "|" DATE);
    case SCHEMA_OFFSET:
        return pattern("[-+][0-9]{2}:[0-9]{2}");
    case SCHEMA_PARSED:
        return json_pack("{s:s}", "type", "string");
    case SCHEMA_MAP:
        return map(k->table);
    case SCHEMA_LIST:
        return list(k->list);
    default:
        return integer(k);
    }
}

static json_t *two_values(const struct schema_key *k)
{
    return json_pack("{s:s, s:o, s:i, s:i}", "type", "array", "items", one_value(k), "minItems", 2,
                     "maxItems", 2);
}

static json_t *value(const struct schema_key *k)
{
    json_t *v;

    if (k->spread == SCHEMA_ONE)
        v = one_value(k);
    else if (k->spread == SCHEMA_TWO)
        v = two_values(k);
    else
        v = json_pack("{s:[o, o]}", "anyOf", one_value(k), two_values(k));
    if (v != NULL && k->help != NULL)
        (void)json_object_set_new(v, "description", json_string(k->help));
    return v;
}

static json_t *map(const struct schema_key *table)
{
    json_t *properties = json_object();
    for (; table->name != NULL; table++)
        (void)json_object_set_new(properties, table->name, value(table));
    return json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
                     "additionalProperties", 0);
}

/* One sort of item: the map of its table, with the key that names the sort. */
static json_t *sort(const struct schema_list *l, const char *name)
{
    json_t *item = map(l->table_of(name));
    json_t *properties = json_object_get(item, "properties");

    (void)json_object_set_new(properties, l->sort_key, json_pack("{s:s}", "const", name));
    (void)json_object_set_new(item, "required", json_pack("[s]", l->sort_key));
    if (l->sort_help != NULL)
        (void)json_object_set_new(item, "description", json_string(l->sort_help(name)));
    return item;
}

static json_t *list(const struct schema_list *l)
{
    json_t *items = json_array();

    if (l->words || l->read_text != NULL)
        (void)json_array_append_new(items,
                                    json_pack("{s:s, s:i}", "type", "string", "minLength", 1));
    if (l->inner != NULL)
        (void)json_array_append_new(items, value(l->inner));
    if (l->table != NULL)
        (void)json_array_append_new(items, map(l->table));
    for (size_t i = 0; l->sorts != NULL && l->sorts[i] != NULL; i++)
        (void)json_array_append_new(items, sort(l, l->sorts[i]));
    return json_pack("{s:s, s:{s:o}, s:I}", "type", "array", "items", "anyOf", items, "maxItems",
                     (json_int_t)l->item_max);
}

json_t *schema_json(const char *title, const struct schema_key *table)
{
    json_t *root = json_pack("{s:s, s:s}", "$schema", DIALECT, "title", title);
    json_t *body = map(table);

    if (root == NULL || body == NULL || json_object_update(root, body) != 0) {
        json_decref(root);
        root = NULL;
    }
    json_decref(body);
    return root;
}
