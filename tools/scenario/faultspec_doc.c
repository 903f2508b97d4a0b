/* faultspec_doc.c - see faultspec_doc.h. */
#include "tools/scenario/faultspec_doc.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/scenario/faultspec.h"

#define COLUMNS 100u

/* Keys that nearly every type has; the list names those that it lacks. */
static const char *const common[] = { "then",  "at",     "for",    "every",
                                      "times", "unless", "chance", NULL };

/* The knob of fail-page-alloc is another `times`. */
static bool is_common(const struct schema_key *k)
{
    return schema_listed(k->name, common) && k->offset != offsetof(struct fault, fail_times);
}

static void print_keys(FILE *to)
{
    (void)fputs("| key | means |\n|---|---|\n", to);
    for (size_t n = 0; faultspec_keys[n].name != NULL; n++)
        (void)fprintf(to, "| `%s`%s | %s |\n", faultspec_keys[n].name,
                      faultspec_keys[n].spread == SCHEMA_ONE_OR_TWO ? " †" : "",
                      faultspec_keys[n].help);
}

/* The type's keys with `need`, those that are common left out, behind `before`. @return are there
 * some? */
static bool print_needed(FILE *to, uint32_t type, enum faultspec_need need, const char *before,
                         const char *between)
{
    const struct schema_key *k;
    bool some = false;

    for (size_t n = 0; (k = faultspec_key_of(type, n)) != NULL; n++) {
        if (faultspec_need(type, k) != need || (need == FAULTSPEC_MAY && is_common(k)))
            continue;
        (void)fprintf(to, "%s`%s`", some ? between : before, k->name);
        if (faultspec_default(type, k) != 0)
            (void)fprintf(to, " (%" PRId64 ")", faultspec_default(type, k));
        some = true;
    }
    return some;
}

static bool has_common(uint32_t type, const char *name)
{
    const struct schema_key *k;

    for (size_t n = 0; (k = faultspec_key_of(type, n)) != NULL; n++) {
        if (is_common(k) && strcmp(k->name, name) == 0)
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

/* A list's item, folded at COLUMNS. */
static void print_folded(FILE *to, const char *text)
{
    size_t column = 0;

    for (const char *word = text; *word != '\0';) {
        const size_t length = strcspn(word, " ");
        const bool folds = column != 0 && column + 1 + length > COLUMNS;
        const char *before = column == 0 ? "" : folds ? "\n  " : " ";
        (void)fprintf(to, "%s%.*s", before, (int)length, word);
        column = folds ? 2 + length : column + strlen(before) + length;
        word += length + (word[length] == ' ');
    }
    (void)fputc('\n', to);
}

static void print_type(FILE *to, uint32_t type)
{
    char *text = NULL;
    size_t length = 0;
    FILE *item = open_memstream(&text, &length);

    if (item == NULL)
        return;
    (void)fprintf(item, "* `%s`: %s.", fault_name(type), faultspec_help(type));
    const bool must = print_needed(item, type, FAULTSPEC_MUST, " Needs ", ", ");
    if (print_needed(item, type, FAULTSPEC_EITHER, must ? ", " : " Needs ", " or ") || must)
        (void)fputc('.', item);
    if (print_needed(item, type, FAULTSPEC_MAY, " May have ", ", "))
        (void)fputc('.', item);
    (void)fputs(" Common keys: ", item);
    print_common(item, type);
    (void)fputc('.', item);
    if (fclose(item) == 0)
        print_folded(to, text);
    free(text);
}

void faultspec_print_doc(FILE *to)
{
    print_keys(to);
    (void)fputc('\n', to);
    for (uint32_t type = 1; type < FAULT_TYPES; type++)
        print_type(to, type);
}
