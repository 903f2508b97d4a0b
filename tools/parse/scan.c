/* scan.c - see scan.h. */
#include "tools/parse/scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shared/calendar.h"

bool scan_text(const char **at, const char *literal)
{
    const size_t n = strlen(literal);
    if (strncmp(*at, literal, n) != 0)
        return false;
    *at += n;
    return true;
}

bool scan_blanks(const char **at)
{
    *at += strspn(*at, " \t");
    return true;
}

/* ---- numbers --------------------------------------------------------------------------------- */

int scan_digit(char c, unsigned base, bool *ret_repaired)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const int low = tolower((unsigned char)c);
    if (base == 16 && low >= 'a' && low <= 'f')
        return low - 'a' + 10;
    if (c == 'O' || c == 'o' || c == 'l' || c == 'I' || c == '|') {
        *ret_repaired = true;
        return low == 'o' ? 0 : 1;
    }
    return -1;
}

static bool number(const char **at, unsigned base, uint64_t *ret, unsigned *repairs)
{
    const char *p = *at;
    uint64_t value = 0;
    unsigned count = 0;

    for (;; p++) {
        bool repaired = false;
        const int digit = scan_digit(*p, base, &repaired);
        if (digit < 0 || (repaired && repairs == NULL))
            break;
        uint64_t next;
        if (__builtin_mul_overflow(value, base, &next) ||
            __builtin_add_overflow(next, (uint64_t)digit, &next))
            return false;
        value = next;
        count += repaired;
    }
    if (p == *at)
        return false;
    if (repairs != NULL)
        *repairs += count;
    *at = p;
    *ret = value;
    return true;
}

bool scan_u64(const char **at, uint64_t *ret)
{
    return number(at, 10, ret, NULL);
}

bool scan_hex(const char **at, uint64_t *ret)
{
    return number(at, 16, ret, NULL);
}

bool scan_typed_u64(const char **at, uint64_t *ret, unsigned *repairs)
{
    return number(at, 10, ret, repairs);
}

bool scan_typed_hex(const char **at, uint64_t *ret, unsigned *repairs)
{
    return number(at, 16, ret, repairs);
}

bool scan_i64(const char **at, int64_t *ret)
{
    const char *p = *at;
    uint64_t value;
    const bool minus = scan_text(&p, "-");
    if (!scan_u64(&p, &value) || value > INT64_MAX)
        return false;
    *at = p;
    *ret = minus ? -(int64_t)value : (int64_t)value;
    return true;
}

bool scan_fixed(const char **at, unsigned digits, uint64_t *ret)
{
    const char *p = *at;
    uint64_t value;

    if (!scan_u64(&p, &value))
        return false;
    const bool fraction = *p == '.';
    p += fraction;
    for (unsigned i = 0; i < digits; i++) {
        const int digit = fraction && isdigit((unsigned char)*p) ? *p++ - '0' : 0;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    while (fraction && isdigit((unsigned char)*p))
        p++;
    *at = p;
    *ret = value;
    return true;
}

/* ---- words ----------------------------------------------------------------------------------- */

bool scan_until(const char **at, const char *stop, char *ret, size_t size)
{
    const size_t n = strcspn(*at, stop);
    if (n == 0 || n >= size)
        return false;
    memcpy(ret, *at, n);
    ret[n] = '\0';
    *at += n;
    return true;
}

bool scan_word(const char **at, char *ret, size_t size)
{
    return scan_until(at, " \t", ret, size);
}

/* What is typed alike counts as equal. */
static int fold(char c)
{
    const int low = tolower((unsigned char)c);
    if (low == 'o')
        return '0';
    return low == 'l' || low == 'i' || low == '|' ? '1' : low;
}

const char *scan_phrase_first(const char *text, const char *phrase)
{
    (void)scan_blanks(&text);
    while (*phrase != '\0') {
        if (*phrase == ' ') {
            (void)scan_blanks(&text); /* typed text loses and gains blanks */
            phrase++;
        } else if (fold(*text) == fold(*phrase)) {
            text++;
            phrase++;
        } else {
            return NULL;
        }
    }
    return text;
}

const char *scan_phrase(const char *text, const char *phrase)
{
    for (; *text != '\0'; text++) {
        const char *end = scan_phrase_first(text, phrase);
        if (end != NULL)
            return end;
    }
    return NULL;
}

/* ---- times ----------------------------------------------------------------------------------- */

static bool two_digits(const char **at, unsigned most, uint8_t *ret)
{
    const char *p = *at;
    if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]))
        return false;
    const unsigned value = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
    if (value > most)
        return false;
    *ret = (uint8_t)value;
    *at = p + 2;
    return true;
}

bool scan_stamp(const char **at, struct scan_stamp *ret)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *p = *at;
    struct scan_stamp s = { 0 };
    uint64_t day;

    for (unsigned i = 0; i < 12 && s.month == 0; i++) {
        if (strncmp(p, months + i * 3, 3) == 0)
            s.month = (uint8_t)(i + 1);
    }
    if (s.month == 0)
        return false;
    p += 3;
    if (*p != ' ' || !scan_blanks(&p) || !scan_u64(&p, &day) || day < 1 || day > 31 ||
        !scan_text(&p, " "))
        return false;
    s.day = (uint8_t)day;
    if (!two_digits(&p, 23, &s.hour) || !scan_text(&p, ":") || !two_digits(&p, 59, &s.minute) ||
        !scan_text(&p, ":") || !two_digits(&p, 60, &s.second))
        return false;
    *at = p;
    *ret = s;
    return true;
}

bool scan_uptime(const char **at, uint64_t *ret_ms, unsigned *repairs)
{
    const char *p = *at;
    static const unsigned most[] = { 1000000, 23, 59, 59, 999 };
    static const unsigned factor[] = { 1, 24, 60, 60, 1000 };
    uint64_t ms = 0;
    unsigned found = 0;

    for (unsigned i = 0; i < 5; i++) {
        uint64_t part;
        if (i > 0 && !scan_text(&p, i < 4 ? ":" : "."))
            return false;
        if (!number(&p, 10, &part, repairs != NULL ? &found : NULL) || part > most[i])
            return false;
        ms = ms * factor[i] + part;
    }
    if (repairs != NULL)
        *repairs += found;
    *at = p;
    *ret_ms = ms;
    return true;
}

int64_t scan_stamp_near(const struct scan_stamp *s, int64_t near_s)
{
    struct calendar_date date;
    int64_t best = 0;
    bool any = false;

    calendar_from_epoch(near_s, 0, &date);
    const int32_t year = date.year;
    for (int32_t y = year - 1; y <= year + 1; y++) {
        date = (struct calendar_date){ .year = y,
                                       .month = s->month,
                                       .day = s->day,
                                       .hour = s->hour,
                                       .minute = s->minute,
                                       .second = s->second > 59 ? 59 : s->second };
        if (!calendar_is_valid(&date)) /* 29 February */
            continue;
        const int64_t at = calendar_to_epoch(&date, 0);
        if (!any || llabs(at - near_s) < llabs(best - near_s))
            best = at;
        any = true;
    }
    return any ? best : near_s;
}
