/* err.c - see err.h. */
#include "shared/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int code;
    enum err_exit status;
    const char *text;
} list[] = {
#define ERR_ROW(name, value, status, text) { value, status, text },
    ERR_LIST(ERR_ROW)
#undef ERR_ROW
};
#define LIST_COUNT (sizeof list / sizeof list[0])

const char *err_text(int code)
{
    for (size_t i = 0; i < LIST_COUNT; i++)
        if (list[i].code == code)
            return list[i].text;
    return strerror(-code);
}

enum err_exit err_exit(int code)
{
    for (size_t i = 0; i < LIST_COUNT; i++)
        if (list[i].code == code)
            return list[i].status;
    return code == 0 ? ERR_EXIT_OK : ERR_EXIT_INPUT;
}

int err_set(char *err, size_t err_size, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err, err_size, format, args);
    va_end(args);
    return code;
}

int err_file(char *err, size_t err_size, int code, const char *file)
{
    return err_set(err, err_size, code, "%s: %s", file, err_text(code));
}

int err_at(const struct err_place *at, const char *format, ...)
{
    va_list args;
    const int used = snprintf(at->err, at->err_size, "%s:%zu: ", at->file, at->line);
    va_start(args, format);
    if (used > 0 && (size_t)used < at->err_size)
        (void)vsnprintf(at->err + used, at->err_size - (size_t)used, format, args);
    va_end(args);
    return ERR_SYNTAX;
}
