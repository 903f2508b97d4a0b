/* plan.c - see plan.h. One table per record names each member with its kind and place; the same
 * table writes and reads, so that the two cannot drift apart. Reading is strict: a member that is
 * missing, unknown, of another type or too large is an error, since a plan that was half understood
 * would give another run under the same name. JSON integers are signed 64-bit, so unsigned ones end
 * at 2^63 - 1. */
#include "shared/plan.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "shared/err.h"
#include "shared/io.h"
#include "shared/units.h"

#define FILE_BYTES_MAX (16 * MB)

enum kind {
    TEXT,
    U32,
    I32,
    U64,
    I64,
    /* by the C type that a list has */
    AS_uint32_t = U32,
    AS_int32_t = I32,
    AS_uint64_t = U64,
    AS_int64_t = I64,
};
struct field {
    const char *name;
    enum kind kind;
    size_t offset, size;
};
struct table {
    const struct field *field;
    size_t count;
};
#define FIELD(type, member, kind) FIELD_AT(#member, type, member, kind)
#define FIELD_AT(key, type, member, kind)                                            \
    {                                                                                \
        key, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
    }
#define TABLE(fields)                                \
    {                                                \
        fields, sizeof(fields) / sizeof((fields)[0]) \
    }

#define PLAN_TEXT(member, ...) FIELD(plan, member, TEXT),
#define PLAN_NUMBER(member, ctype, ...) FIELD(plan, member, AS_##ctype),
static const struct field plan_fields[] = {
#include "shared/plan.def"
};
#define BOOT_TEXT(member, ...) FIELD(boot_params, member, TEXT),
#define BOOT_NUMBER(member, ctype, ...) FIELD(boot_params, member, AS_##ctype),
static const struct field boot_fields[] = {
#include "shared/plan.def"
    FIELD_AT("sysrq_m_ns", boot_params, sysrq_ns[BOOT_SYSRQ_M], U64),
    FIELD_AT("sysrq_t_ns", boot_params, sysrq_ns[BOOT_SYSRQ_T], U64),
    FIELD_AT("sysrq_p_ns", boot_params, sysrq_ns[BOOT_SYSRQ_P], U64),
};
#define PROGRAM_TEXT(member, ...) FIELD(boot_program, member, TEXT),
#define PROGRAM_NUMBER(member, ctype, ...) FIELD(boot_program, member, AS_##ctype),
static const struct field program_fields[] = {
#include "shared/plan.def"
};
#define FAULT_TEXT(id, key, member, ...) FIELD(fault, member, TEXT),
#define FAULT_NUMBER(id, key, member, ctype, ...) FIELD(fault, member, AS_##ctype),
static const struct field fault_fields[] = {
    FIELD(fault, type, U32),   FIELD(fault, flags, U32),
#include "shared/fault.def"
    FIELD(fault, unless, U32), FIELD(fault, unless_pct, U32), FIELD(fault, unless_name, TEXT),
};
static const struct table plan_table = TABLE(plan_fields);
static const struct table boot_table = TABLE(boot_fields);
static const struct table program_table = TABLE(program_fields);
static const struct table fault_table = TABLE(fault_fields);

/* ---- writing --------------------------------------------------------------------------------- */

static json_t *encode_field(const struct field *f, const unsigned char *at)
{
    int64_t v = 0;

    if (f->kind == TEXT)
        return json_stringn((const char *)at, strnlen((const char *)at, f->size));
    memcpy(&v, at, f->size); /* little-endian: the low bytes */
    if (f->kind == I32)
        v = (int32_t)v;
    return f->kind == U64 && v < 0 ? NULL : json_integer(v);
}

/* Adds the record to `object`; jansson refuses NULL values, so a failure inside shows here. */
static int encode(const struct table *t, const void *record, json_t *object)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct field *f = &t->field[i];
        if (json_object_set_new(object, f->name,
                                encode_field(f, (const unsigned char *)record + f->offset)) != 0)
            return -1;
    }
    return 0;
}

static json_t *encode_array(const struct table *t, const void *first, size_t size, uint32_t count)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *object = json_object();
        if (encode(t, (const unsigned char *)first + i * size, object) != 0 ||
            json_array_append(array, object) != 0) {
            json_decref(object);
            json_decref(array);
            return NULL;
        }
        json_decref(object);
    }
    return array;
}

static json_t *encode_plan(const struct plan *p)
{
    json_t *root = json_object();
    json_t *boot = json_object();
    const struct boot_params *b = &p->boot;

    int bad = json_object_set_new(root, "schema", json_string(PLAN_SCHEMA));
    bad |= encode(&plan_table, p, root);
    bad |= encode(&boot_table, b, boot);
    bad |= json_object_set_new(
        boot, "program",
        encode_array(&program_table, b->program, sizeof b->program[0], b->program_count));
    bad |= json_object_set_new(
        boot, "fault", encode_array(&fault_table, b->fault, sizeof b->fault[0], b->fault_count));
    bad |= json_object_set_new(root, "boot", boot);
    if (bad == 0)
        return root;
    json_decref(root);
    return NULL;
}

int plan_save(const char *path, const struct plan *plan, struct err *err)
{
    struct err_place r = { err, path, 1 };
    if (plan->boot.program_count > BOOT_PROGRAMS_MAX || plan->boot.fault_count > BOOT_FAULTS_MAX)
        return err_at(&r, "too many programs or faults");
    json_t *root = encode_plan(plan);
    char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (text == NULL)
        return err_at(&r, "a text is not UTF-8 or a number exceeds 2^63 - 1");
    const size_t len = strlen(text);
    text[len] = '\n'; /* in the place of its zero */
    const int error = io_replace(AT_FDCWD, path, text, len + 1, true);
    free(text);
    return error == 0 ? 0 : err_at(&r, "cannot write: %s", err_text(error));
}

/* ---- reading --------------------------------------------------------------------------------- */

static int decode_text(const struct err_place *r, const char *where, const struct field *f,
                       json_t *value, unsigned char *at)
{
    if (!json_is_string(value))
        return err_at(r, "%s%s: a text is wanted", where, f->name);
    if (json_string_length(value) >= f->size ||
        strlen(json_string_value(value)) != json_string_length(value))
        return err_at(r, "%s%s: longer than %zu bytes or with a zero inside", where, f->name,
                      f->size - 1);
    memset(at, 0, f->size);
    memcpy(at, json_string_value(value), json_string_length(value));
    return 0;
}

static int decode_number(const struct err_place *r, const char *where, const struct field *f,
                         json_t *value, unsigned char *at)
{
    static const struct {
        int64_t least, most;
    } range[] = { [U32] = { 0, UINT32_MAX },
                  [I32] = { INT32_MIN, INT32_MAX },
                  [U64] = { 0, INT64_MAX },
                  [I64] = { INT64_MIN, INT64_MAX } };

    if (!json_is_integer(value))
        return err_at(r, "%s%s: a whole number is wanted", where, f->name);
    const int64_t v = json_integer_value(value);
    if (v < range[f->kind].least || v > range[f->kind].most)
        return err_at(r, "%s%s: %lld is out of range", where, f->name, (long long)v);
    /* Little-endian two's complement: the low bytes of the 64-bit value are the 32-bit value. */
    memcpy(at, &v, f->size);
    return 0;
}

static bool in_table(const struct table *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->field[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool in_list(const char *const *names, const char *name)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Fills the record from `object`. `others` are names that the caller reads itself. */
static int decode(const struct err_place *r, const char *where, const struct table *t,
                  json_t *object, const char *const *others, void *record)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return err_at(r, "%s an object is wanted", where);
    json_object_foreach(object, key, value)
    {
        if (!in_table(t, key) && !in_list(others, key))
            return err_at(r, "%s%s: unknown", where, key);
    }
    for (size_t i = 0; i < t->count; i++) {
        const struct field *f = &t->field[i];
        unsigned char *at = (unsigned char *)record + f->offset;
        value = json_object_get(object, f->name);
        if (value == NULL)
            return err_at(r, "%s%s: missing", where, f->name);
        if ((f->kind == TEXT ? decode_text : decode_number)(r, where, f, value, at) != 0)
            return ERR_SYNTAX;
    }
    return 0;
}

/* Reads boot.<name>[]: at most `most` records of `size` bytes into `first`. */
static int decode_array(const struct err_place *r, const char *name, const struct table *t,
                        json_t *array, void *first, size_t size, uint32_t most, uint32_t *ret_count)
{
    static const char *const none[] = { NULL };
    char where[64];

    if (!json_is_array(array) || json_array_size(array) > most)
        return err_at(r, "boot.%s: an array of at most %u is wanted", name, most);
    for (uint32_t i = 0; i < json_array_size(array); i++) {
        (void)snprintf(where, sizeof where, "boot.%s[%u].", name, i);
        if (decode(r, where, t, json_array_get(array, i), none,
                   (unsigned char *)first + i * size) != 0)
            return ERR_SYNTAX;
    }
    *ret_count = (uint32_t)json_array_size(array);
    return 0;
}

static int decode_plan(const struct err_place *r, json_t *root, struct plan *p)
{
    static const char *const root_others[] = { "schema", "boot", NULL };
    static const char *const boot_others[] = { "program", "fault", NULL };
    struct boot_params *b = &p->boot;
    const char *schema = json_string_value(json_object_get(root, "schema"));
    json_t *boot = json_object_get(root, "boot");

    if (schema == NULL || strcmp(schema, PLAN_SCHEMA) != 0)
        return err_at(r, "schema: \"%s\" is wanted", PLAN_SCHEMA);
    if (decode(r, "", &plan_table, root, root_others, p) != 0 ||
        decode(r, "boot.", &boot_table, boot, boot_others, b) != 0)
        return ERR_SYNTAX;
    if (decode_array(r, "program", &program_table, json_object_get(boot, "program"), b->program,
                     sizeof b->program[0], BOOT_PROGRAMS_MAX, &b->program_count) != 0)
        return ERR_SYNTAX;
    return decode_array(r, "fault", &fault_table, json_object_get(boot, "fault"), b->fault,
                        sizeof b->fault[0], BOOT_FAULTS_MAX, &b->fault_count);
}

int plan_load(const char *path, struct plan *ret, struct err *err)
{
    struct err_place r = { err, path, 1 };
    json_error_t problem;
    char *text = NULL;
    size_t len;

    const int error = io_read_file(path, FILE_BYTES_MAX, &text, &len);
    if (error != 0)
        return err_file(err, error, path);
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
    free(text);
    if (root == NULL) {
        r.line = problem.line > 0 ? (size_t)problem.line : 1;
        return err_at(&r, "%s", problem.text);
    }
    struct plan *plan = calloc(1, sizeof *plan);
    int status = plan == NULL ? err_at(&r, "no memory") : decode_plan(&r, root, plan);
    if (plan != NULL && status == 0)
        *ret = *plan;
    free(plan);
    json_decref(root);
    return status;
}
