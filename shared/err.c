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

int err_set(struct err *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return code;
}

int err_file(struct err *err, int code, const char *file)
{
    return err_set(err, code, "%s: %s", file, err_text(code));
}

int err_at(const struct err_place *at, const char *format, ...)
{
    va_list args;
    const size_t size = sizeof at->err->text;
    (void)snprintf(at->err->text, size, "%.*s:%zu: ", (int)PATH_SIZE, at->file, at->line);
    const size_t used = strlen(at->err->text);
    va_start(args, format);
    (void)vsnprintf(at->err->text + used, size - used, format, args);
    va_end(args);
    return ERR_SYNTAX;
}
