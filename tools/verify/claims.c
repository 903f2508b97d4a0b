/* claims.c - see claims.h. */
#include "tools/verify/claims.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/parse/memory.h"
#include "tools/parse/text.h"

struct claim_place claim_line(struct claim_place at, uint32_t line)
{
    at.line = line;
    return at;
}

static void add(struct claims *c, struct claim_place at, const char *value, const char *key,
                va_list args)
{
    struct claim *claim = PARSE_ADD(c->claim, c->count, c->room);
    *claim = (struct claim){ .value = memory_text(value), .place = at, .order = c->count };
    if (strlen(value) > CLAIM_VALUE_MAX)
        claim->value[CLAIM_VALUE_MAX] = '\0';
    (void)vsnprintf(claim->key, sizeof claim->key, key, args);
    c->sorted = false;
}

void claim_text(struct claims *c, struct claim_place at, const char *value, const char *key, ...)
{
    va_list args;
    va_start(args, key);
    add(c, at, value, key, args);
    va_end(args);
}

void claim_number(struct claims *c, struct claim_place at, int64_t value, const char *key, ...)
{
    char text[32];
    va_list args;
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    va_start(args, key);
    add(c, at, text, key, args);
    va_end(args);
}

static int by_key(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    const int order = strcmp(x->key, y->key);
    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

static int key_of(const void *key, const void *claim)
{
    return strcmp(key, ((const struct claim *)claim)->key);
}

const struct claim *claim_find(struct claims *c, const char *key)
{
    if (!c->sorted && c->count > 0) {
        qsort(c->claim, c->count, sizeof *c->claim, by_key);
        c->sorted = true;
    }
    const struct claim *found =
        c->count > 0 ? bsearch(key, c->claim, c->count, sizeof *c->claim, key_of) : NULL;
    while (found != NULL && found > c->claim && strcmp(found[-1].key, key) == 0)
        found--; /* the first one under a key stays */
    return found;
}

bool claim_get(struct claims *c, const char *key, int64_t *ret)
{
    const struct claim *claim = claim_find(c, key);
    char *end;
    if (claim == NULL)
        return false;
    const int64_t value = strtoll(claim->value, &end, 10);
    if (end == claim->value)
        return false;
    *ret = value;
    return true;
}

void claims_free(struct claims *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        free(c->claim[i].value);
    free(c->claim);
    *c = (struct claims){ 0 };
}
