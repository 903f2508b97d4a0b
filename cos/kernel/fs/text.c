/* text.c - see text.h. */
#include "cos/kernel/fs/text.h"

void text_put(struct text *t, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(t->to + t->len, t->size - t->len, format, ap);
    va_end(ap);
    ASSERT(n >= 0 && (uint32_t)n < t->size - t->len);
    t->len += (uint32_t)n;
}
