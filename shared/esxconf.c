/* esxconf.c - see esxconf.h. */
#include "shared/esxconf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/err.h"
#include "shared/io.h"
#include "shared/path.h"
#include "shared/units.h"

#define FILE_BYTES_MAX MB
static const char volumes[] = "/vmfs/volumes/";

/* ---- reading --------------------------------------------------------------------------------- */
static bool is_clean(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return true;
}

static int take(char *to, size_t size, const char *from, size_t len)
{
    if (len >= size)
        return -1;
    memcpy(to, from, len);
    to[len] = '\0';
    return 0;
}

/* KEY = "VALUE", or a comment, or nothing. */
static int parse_line(const struct err_place *at, const char *text, size_t len,
                      struct esxconf_line *ret)
{
    static const char middle[] = " = \"";
    if (!is_clean(text, len))
        return err_at(at, "a byte that is no printable ASCII");
    if (len == 0 || text[0] == '#')
        return take(ret->value, sizeof ret->value, text, len) == 0
                   ? 0
                   : err_at(at, "a comment of more than %u bytes", ESXCONF_VALUE_MAX - 1);
    const char *split = memmem(text, len, middle, sizeof middle - 1);
    if (text[0] != '/' || split == NULL || text[len - 1] != '"')
        return err_at(at, "a line KEY = \"VALUE\" is wanted, KEY beginning with '/'");
    const char *value = split + sizeof middle - 1;
    if (value > text + len - 1)
        return err_at(at, "the value has one quote only");
    const size_t value_len = (size_t)(text + len - 1 - value);
    if (memchr(value, '"', value_len) != NULL)
        return err_at(at, "a quote inside the value");
    if (take(ret->key, sizeof ret->key, text, (size_t)(split - text)) != 0)
        return err_at(at, "a key of more than %u bytes", ESXCONF_KEY_MAX - 1);
    if (take(ret->value, sizeof ret->value, value, value_len) != 0)
        return err_at(at, "a value of more than %u bytes", ESXCONF_VALUE_MAX - 1);
    return 0;
}

/* Room for one more line, zeroed. */
static struct esxconf_line *grow(struct esxconf *c)
{
    struct esxconf_line *line = realloc(c->line, (c->count + 1) * sizeof *line);
    if (line == NULL)
        return NULL;
    c->line = line;
    c->line[c->count] = (struct esxconf_line){ 0 };
    return &c->line[c->count];
}

static int parse_next(const struct err_place *at, const char *text, size_t len, struct esxconf *c)
{
    struct esxconf_line *line = grow(c);
    if (line == NULL)
        return err_at(at, "not enough memory");
    if (c->count == ESXCONF_LINES_MAX)
        return err_at(at, "more than %u lines", ESXCONF_LINES_MAX);
    if (parse_line(at, text, len, line) != 0)
        return ERR_SYNTAX;
    if (line->key[0] != '\0' && esxconf_get(c, line->key) != NULL)
        return err_at(at, "%s stands here for the second time", line->key);
    c->count++;
    return 0;
}

int esxconf_parse(const char *path, const char *text, size_t len, struct esxconf *ret,
                  struct err *err)
{
    struct err_place at = { .err = err, .file = path };
    struct esxconf c = { 0 };
    for (size_t from = 0; from < len;) {
        const char *end = memchr(text + from, '\n', len - from);
        const size_t bytes = end != NULL ? (size_t)(end - (text + from)) : len - from;
        at.line++;
        if (parse_next(&at, text + from, bytes, &c) != 0) {
            esxconf_free(&c);
            *ret = c;
            return ERR_SYNTAX;
        }
        from += bytes + 1;
    }
    *ret = c;
    return 0;
}

int esxconf_load(const char *path, struct esxconf *ret, struct err *err)
{
    char *text = NULL;
    size_t len;
    const int error = io_read_file(path, FILE_BYTES_MAX, &text, &len);
    *ret = (struct esxconf){ 0 };
    if (error == -EFBIG)
        return err_set(err, error, "%s: larger than 1 MB, so no esx.conf", path);
    if (error != 0)
        return err_file(err, error, path);
    const int result = esxconf_parse(path, text, len, ret, err);
    free(text);
    return result;
}

/* ---- values ---------------------------------------------------------------------------------- */
static struct esxconf_line *find(const struct esxconf *c, const char *key)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcasecmp(c->line[i].key, key) == 0)
            return &c->line[i];
    return NULL;
}

const char *esxconf_get(const struct esxconf *c, const char *key)
{
    assert(key[0] != '\0');
    const struct esxconf_line *line = find(c, key);
    return line != NULL ? line->value : NULL;
}

int esxconf_set(struct esxconf *c, const char *key, const char *value)
{
    const size_t len = strlen(value);
    assert(key[0] == '/' && strlen(key) < ESXCONF_KEY_MAX);
    if (len >= ESXCONF_VALUE_MAX || !is_clean(value, len) || strchr(value, '"') != NULL)
        return -1;
    struct esxconf_line *line = find(c, key);
    if (line == NULL) {
        line = c->count < ESXCONF_LINES_MAX ? grow(c) : NULL;
        if (line == NULL)
            return -1;
        (void)take(line->key, sizeof line->key, key, strlen(key));
        c->count++;
    }
    return take(line->value, sizeof line->value, value, len);
}

void esxconf_free(struct esxconf *c)
{
    free(c->line);
    *c = (struct esxconf){ 0 };
}

/* ---- writing --------------------------------------------------------------------------------- */
int esxconf_save(const char *path, const struct esxconf *c)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->count; i++) {
        const struct esxconf_line *l = &c->line[i];
        if (l->key[0] != '\0')
            (void)fprintf(f, "%s = \"%s\"\n", l->key, l->value);
        else
            (void)fprintf(f, "%s\n", l->value);
    }
    const int error = fclose(f) != 0 ? -ENOMEM : io_replace(AT_FDCWD, path, text, len, true);
    free(text);
    return error;
}

/* ---- the core file --------------------------------------------------------------------------- */
enum esxconf_core esxconf_core_parse(const char *value, char uuid[ESXCONF_UUID_MAX],
                                     char name[ESXCONF_NAME_MAX])
{
    if (value == NULL || value[0] == '\0')
        return ESXCONF_CORE_EMPTY;
    if (strncmp(value, volumes, sizeof volumes - 1) != 0)
        return ESXCONF_CORE_NOT_VMFS;
    const char *store = value + sizeof volumes - 1;
    const size_t store_len = strcspn(store, "/");
    if (store[store_len] != '/')
        return ESXCONF_CORE_NAME;
    const char *file = store + store_len + 1;
    const size_t file_len = strlen(file);
    if (!path_is_plain(store, store_len) || store_len >= ESXCONF_UUID_MAX ||
        !path_is_plain(file, file_len) || file_len >= ESXCONF_NAME_MAX)
        return ESXCONF_CORE_NAME;
    (void)take(uuid, ESXCONF_UUID_MAX, store, store_len);
    (void)take(name, ESXCONF_NAME_MAX, file, file_len);
    return ESXCONF_CORE_OK;
}

const char *esxconf_core_reason(enum esxconf_core core)
{
    switch (core) {
    case ESXCONF_CORE_OK:
        return "it is valid";
    case ESXCONF_CORE_EMPTY:
        return "it is empty: no core is wanted";
    case ESXCONF_CORE_NOT_VMFS:
        return "it does not begin with /vmfs/volumes/";
    case ESXCONF_CORE_NAME:
        return "it is not /vmfs/volumes/UUID/NAME, a datastore and a file of plain letters in it";
    }
    return "it is unknown";
}
