/* out.c - see out.h. */
#include "tools/out/out.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put(struct out *o, const char *key, json_t *v)
{
    json_t *in = o->stack[o->depth - 1];
    assert(json_is_array(in) == (key == NULL));
    if ((key == NULL ? json_array_append_new(in, v) : json_object_set_new(in, key, v)) != 0)
        o->failed = true;
}

static void open_value(struct out *o, const char *key, json_t *v)
{
    assert(o->depth < OUT_DEPTH_MAX);
    if (o->depth > 0)
        put(o, key, v);
    o->stack[o->depth++] = v;
}

void out_begin(struct out *o, const char *schema)
{
    assert(o->depth == 0);
    if (!o->json)
        return;
    open_value(o, NULL, schema != NULL ? json_object() : json_array());
    if (schema != NULL)
        out_str(o, "schema", NULL, schema);
}

int out_finish(struct out *o)
{
    int status = o->failed ? -1 : 0;
    if (o->json) {
        assert(o->depth == 1);
        o->depth = 0;
        const size_t digits = o->digits > 0 ? o->digits : OUT_DIGITS;
        if (status == 0)
            status = json_dumpf(o->stack[0], o->to, JSON_INDENT(2) | JSON_REAL_PRECISION(digits));
        (void)fputc('\n', o->to);
        json_decref(o->stack[0]);
    }
    return status == 0 && fflush(o->to) == 0 && ferror(o->to) == 0 ? 0 : -1;
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

/* ---- values ---------------------------------------------------------------------------------- */

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

void out_real(struct out *o, const char *key, const char *format, double v)
{
    if (o->json)
        put(o, key, isfinite(v) ? json_real(v) : json_null());
    else if (format != NULL && isfinite(v))
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

/* A copy in which `is_bad` bytes are '?'. @return owned by the caller; NULL = no memory */
static char *cleaned(const char *v, bool (*is_bad)(unsigned char))
{
    char *copy = strdup(v);
    for (char *c = copy; c != NULL && *c != '\0'; c++)
        if (is_bad((unsigned char)*c))
            *c = '?';
    return copy;
}

static bool is_not_ascii(unsigned char c)
{
    return c >= 0x7f;
}

static bool acts_on_terminals(unsigned char c)
{
    return iscntrl(c) && c != '\t' && c != '\n';
}

void out_str(struct out *o, const char *key, const char *format, const char *v)
{
    if (o->json && v == NULL) {
        put(o, key, json_null());
    } else if (o->json) {
        json_t *text = json_string(v);
        char *copy = text == NULL ? cleaned(v, is_not_ascii) : NULL;
        put(o, key, text != NULL ? text : json_string(copy));
        free(copy);
    } else if (format != NULL && v != NULL) {
        char *copy = cleaned(v, acts_on_terminals);
        (void)fprintf(o->to, format, copy != NULL ? copy : "?");
        free(copy);
    }
}

void out_strn(struct out *o, const char *key, const char *format, const char *v, size_t length)
{
    char *copy = strndup(v, length);
    out_str(o, key, format, copy);
    free(copy);
}

void out_bool(struct out *o, const char *key, bool v)
{
    if (o->json)
        put(o, key, json_boolean(v));
}

/* Words from column `indent` on; blanks at the beginning of a line stay. */
static void fold(FILE *to, unsigned indent, const char *v)
{
    unsigned column = indent;
    bool break_line = false;
    for (;; v++) {
        const size_t blanks = column == indent || break_line ? strspn(v, " ") : 0;
        const unsigned word = (unsigned)(blanks + strcspn(v + blanks, " \n"));
        if (break_line || (column > indent && column + 1 + word > OUT_COLUMNS)) {
            (void)fprintf(to, "\n%*s", word > 0 ? (int)indent : 0, "");
            column = indent;
        }
        (void)fprintf(to, "%s%.*s", column > indent ? " " : "", (int)word, v);
        column += word + (column > indent);
        v += word;
        if (*v == '\0')
            break;
        break_line = *v == '\n';
    }
    (void)fputc('\n', to);
}

void out_prose(struct out *o, const char *key, unsigned indent, const char *v)
{
    if (o->json) {
        out_str(o, key, NULL, v);
        return;
    }
    char *copy = cleaned(v, acts_on_terminals);
    fold(o->to, indent, copy != NULL ? copy : "?");
    free(copy);
}

/* ---- text ------------------------------------------------------------------------------------ */

void out_text(struct out *o, const char *format, ...)
{
    va_list args;
    if (o->json)
        return;
    va_start(args, format);
    (void)vfprintf(o->to, format, args);
    va_end(args);
}

void out_section(struct out *o, const char *title)
{
    out_text(o, "\n");
    out_style(o, OUT_BOLD);
    out_text(o, "%s", title);
    out_style(o, OUT_PLAIN);
    out_text(o, "\n");
}

void out_style(struct out *o, enum out_style style)
{
    static const char *const codes[] = { "0", "1", "2", "31", "32", "33", "36" };
    if (o->colour && !o->json)
        (void)fprintf(o->to, "\033[%sm", codes[style]);
}
