/* out.c - see out.h. */
#include "tools/crash/out.h"

#include <assert.h>
#include <stdarg.h>

static void put(struct out *o, const char *key, json_t *v)
{
    json_t *in = o->stack[o->depth - 1];
    if (json_is_array(in)) {
        assert(key == NULL);
        (void)json_array_append_new(in, v);
    } else {
        assert(key != NULL);
        (void)json_object_set_new(in, key, v);
    }
}

static void open_value(struct out *o, const char *key, json_t *v)
{
    assert(o->depth < OUT_DEPTH_MAX);
    put(o, key, v);
    o->stack[o->depth++] = v;
}

void out_begin(struct out *o, const char *name, const char *path)
{
    char schema[64];
    if (!o->json)
        return;
    (void)snprintf(schema, sizeof schema, "lostbeat/crash-%s/1", name);
    o->stack[0] = json_object();
    o->depth = 1;
    out_str(o, "schema", NULL, schema);
    out_str(o, "core", NULL, path);
}

void out_finish(struct out *o, const struct core *c)
{
    if (!o->json)
        return;
    assert(o->depth == 1);
    out_array(o, "problems");
    for (uint32_t i = 0; i < c->problem_count; i++)
        out_str(o, NULL, NULL, c->problems[i]);
    out_end(o);
    (void)json_dumpf(o->stack[0], o->to, JSON_INDENT(2));
    (void)fputc('\n', o->to);
    json_decref(o->stack[0]);
    o->depth = 0;
}

void out_text(struct out *o, const char *format, ...)
{
    va_list args;
    if (o->json)
        return;
    va_start(args, format);
    (void)vfprintf(o->to, format, args);
    va_end(args);
}

void out_array(struct out *o, const char *key)
{
    if (o->json)
        open_value(o, key, json_array());
}

void out_object(struct out *o, const char *key)
{
    if (o->json)
        open_value(o, key, json_object());
}

void out_end(struct out *o)
{
    if (!o->json)
        return;
    assert(o->depth > 1);
    o->depth--;
}

void out_u64(struct out *o, const char *key, const char *format, unsigned long long v)
{
    if (o->json)
        put(o, key, json_integer((json_int_t)v));
    else if (format != NULL)
        (void)fprintf(o->to, format, v);
}

void out_i64(struct out *o, const char *key, const char *format, long long v)
{
    if (o->json)
        put(o, key, json_integer(v));
    else if (format != NULL)
        (void)fprintf(o->to, format, v);
}

void out_hex(struct out *o, const char *key, const char *format, unsigned long long v)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%llx", v);
    if (o->json)
        put(o, key, json_string(digits));
    else if (format != NULL)
        (void)fprintf(o->to, format, v);
}

void out_str(struct out *o, const char *key, const char *format, const char *v)
{
    if (o->json) {
        json_t *text = json_string(v);
        put(o, key, text != NULL ? text : json_string("?")); /* a path that is no UTF-8 */
    } else if (format != NULL) {
        (void)fprintf(o->to, format, v);
    }
}

void out_bool(struct out *o, const char *key, bool v)
{
    if (o->json)
        put(o, key, json_boolean(v));
}

void out_bold(struct out *o, bool on)
{
    if (o->colour && !o->json)
        (void)fputs(on ? "\033[1m" : "\033[0m", o->to);
}
