/* faultspec_doc.c - see faultspec_doc.h. */
#include "tools/scenario/faultspec_doc.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "tools/scenario/faultspec.h"

/* Keys that nearly every type has; the table names those that it lacks. */
static const char *const common[] = { "at", "for", "every", "times", "unless", "chance", NULL };

/* The knob of fail-page-alloc is another `times`. */
static bool is_common(const struct faultspec_key *k)
{
    return schema_listed(k->key.name, common) && k->to_offset != offsetof(struct fault, fail_times);
}

static void print_keys(FILE *to)
{
    (void)fputs("| key | means |\n|---|---|\n", to);
    for (size_t n = 0; faultspec_keys[n].key.name != NULL; n++)
        (void)fprintf(to, "| `%s`%s | %s |\n", faultspec_keys[n].key.name,
                      faultspec_keys[n].key.spread == SCHEMA_ONE_OR_TWO ? " †" : "",
                      faultspec_keys[n].help);
}

/* The type's keys with `need`, those that are common left out, behind `before` when there are some.
 */
static bool print_needed(FILE *to, uint32_t type, enum faultspec_need need, const char *before,
                         const char *between)
{
    const struct faultspec_key *k;
    bool some = false;

    for (size_t n = 0; (k = faultspec_key_of(type, n)) != NULL; n++) {
        if (faultspec_need(type, k) != need || (need == FAULTSPEC_MAY && is_common(k)))
            continue;
        (void)fprintf(to, "%s`%s`", some ? between : before, k->key.name);
        if (faultspec_default(type, k) != 0)
            (void)fprintf(to, " (%" PRId64 ")", faultspec_default(type, k));
        some = true;
    }
    return some;
}

static bool has_common(uint32_t type, const char *name)
{
    const struct faultspec_key *k;

    for (size_t n = 0; (k = faultspec_key_of(type, n)) != NULL; n++) {
        if (is_common(k) && strcmp(k->key.name, name) == 0)
            return true;
    }
    return false;
}

static void print_common(FILE *to, uint32_t type)
{
    const char *before = "all but ";

    if (!has_common(type, "at")) {
        (void)fputs("`chance` alone", to);
        return;
    }
    for (size_t i = 0; common[i] != NULL; i++) {
        if (has_common(type, common[i]))
            continue;
        (void)fprintf(to, "%s`%s`", before, common[i]);
        before = ", ";
    }
    if (*before == 'a')
        (void)fputs("all", to);
}

void faultspec_print_doc(FILE *to)
{
    print_keys(to);
    (void)fputs("\n| type | does | must have | may have | of the common keys |\n"
                "|---|---|---|---|---|\n",
                to);
    for (uint32_t type = 1; type < FAULT_TYPES; type++) {
        (void)fprintf(to, "| `%s` | %s | ", fault_name(type), faultspec_help(type));
        const bool some = print_needed(to, type, FAULTSPEC_MUST, "", ", ");
        (void)print_needed(to, type, FAULTSPEC_EITHER, some ? ", " : "", " or ");
        (void)fputs(" | ", to);
        (void)print_needed(to, type, FAULTSPEC_MAY, "", ", ");
        (void)fputs(" | ", to);
        print_common(to, type);
        (void)fputs(" |\n", to);
    }
}
