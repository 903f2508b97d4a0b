/* lib.c - the few libc functions that a freestanding kernel needs. */
#include "cos/kernel/kernel.h"

#ifndef COS_HOSTED /* a hosted (sanitizer) build has these from libc, where the sanitizer watches \
                      them */
void *memcpy(void *to, const void *from, size_t n)
{
    void *ret = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n)::"memory");
    return ret;
}

void *memset(void *to, int byte, size_t n)
{
    void *ret = to;
    /* String instructions are fast for pages and slow to start: small fields are cleared word by
     * word. */
    if (byte == 0 && n <= 256 && n % 8 == 0) {
        for (size_t i = 0; i < n / 8; i++)
            ((volatile uint64_t *)to)[i] = 0;
        return ret;
    }
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(byte) : "memory");
    return ret;
}

void *memmove(void *to, const void *from, size_t n)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t < f || t >= f + n)
        return memcpy(to, from, n);
    while (n-- > 0)
        t[n] = f[n];
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n] != '\0')
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}
#endif

void strcopy(char *to, const char *from, size_t n)
{
    size_t i = 0;
    for (; i + 1 < n && from[i] != '\0'; i++)
        to[i] = from[i];
    for (; i < n; i++)
        to[i] = '\0';
}

#ifndef COS_HOSTED
/* ---- formatting ------------------------------------------------------------------------------ */
struct out {
    char *to;
    size_t n, len;
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->n)
        o->to[o->len] = c;
    o->len++;
}

static void put_padded(struct out *o, const char *s, size_t len, int width, bool left, char pad)
{
    const size_t blanks = width > 0 && (size_t)width > len ? (size_t)width - len : 0;
    for (size_t i = 0; !left && i < blanks; i++)
        put(o, pad);
    for (size_t i = 0; i < len; i++)
        put(o, s[i]);
    for (size_t i = 0; left && i < blanks; i++)
        put(o, ' ');
}

struct spec {
    bool left, zero, blank;
    int width, precision; /* -1 = none */
    int longs;
};

static void put_number(struct out *o, const struct spec *sp, uint64_t value, bool negative,
                       unsigned base, bool upper)
{
    char digits[24];
    size_t n = sizeof digits;
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    int least = sp->precision >= 0 ? sp->precision : 1;
    do {
        digits[--n] = set[value % base];
        value /= base;
        least--;
    } while ((value != 0 || least > 0) && n > 1);
    const bool zero_pad = sp->zero && !sp->left && sp->precision < 0;
    if (negative && zero_pad) {
        put(o, '-');
        put_padded(o, digits + n, sizeof digits - n, sp->width - 1, false, '0');
        return;
    }
    if (negative)
        digits[--n] = '-';
    put_padded(o, digits + n, sizeof digits - n, sp->width, sp->left, zero_pad ? '0' : ' ');
}

static const char *parse_flags(const char *f, struct spec *sp)
{
    for (;; f++) {
        if (*f == '-')
            sp->left = true;
        else if (*f == '0')
            sp->zero = true;
        else if (*f == ' ')
            sp->blank = true;
        else
            return f;
    }
}

static const char *parse_int(const char *f, int *ret)
{
    int n = 0;
    while (*f >= '0' && *f <= '9')
        n = n * 10 + (*f++ - '0');
    *ret = n;
    return f;
}

static uint64_t get_signed_or_not(int longs, bool is_signed, va_list *ap)
{
    if (longs > 0)
        return va_arg(*ap, uint64_t);
    return is_signed ? (uint64_t)(int64_t)va_arg(*ap, int) : (uint64_t)va_arg(*ap, unsigned);
}

int vsnprintf(char *to, size_t n, const char *format, va_list args)
{
    struct out o = { to, n, 0 };
    va_list ap;
    va_copy(ap, args);
    for (const char *f = format; *f != '\0'; f++) {
        if (*f != '%') {
            put(&o, *f);
            continue;
        }
        struct spec sp = { .precision = -1 };
        f = parse_flags(f + 1, &sp);
        if (*f == '*') {
            sp.width = va_arg(ap, int);
            f++;
        } else {
            f = parse_int(f, &sp.width);
        }
        if (*f == '.')
            f = parse_int(f + 1, &sp.precision);
        for (; *f == 'l' || *f == 'z'; f++)
            sp.longs++;
        switch (*f) {
        case 'd':
        case 'i': {
            const int64_t v = (int64_t)get_signed_or_not(sp.longs, true, &ap);
            put_number(&o, &sp, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, 10, false);
            break;
        }
        case 'u':
            put_number(&o, &sp, get_signed_or_not(sp.longs, false, &ap), false, 10, false);
            break;
        case 'x':
        case 'X':
            put_number(&o, &sp, get_signed_or_not(sp.longs, false, &ap), false, 16, *f == 'X');
            break;
        case 'c': {
            const char c = (char)va_arg(ap, int);
            put_padded(&o, &c, 1, sp.width, sp.left, ' ');
            break;
        }
        case 's': {
            const char *s = va_arg(ap, const char *);
            size_t len = 0;
            while ((sp.precision < 0 || len < (size_t)sp.precision) && s[len] != '\0')
                len++;
            put_padded(&o, s, len, sp.width, sp.left, ' ');
            break;
        }
        case '%':
            put(&o, '%');
            break;
        default:
            ASSERT(!"a conversion that vsnprintf knows");
        }
    }
    va_end(ap);
    if (n > 0)
        to[o.len < n ? o.len : n - 1] = '\0';
    return (int)o.len;
}

int snprintf(char *to, size_t n, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int len = vsnprintf(to, n, format, ap);
    va_end(ap);
    return len;
}
#endif
