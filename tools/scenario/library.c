/* library.c - see library.h. */
#include "tools/scenario/library.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/io.h"
#include "shared/path.h"
#include "tools/scenario/schema.h"

static const char suffix[] = ".yaml";

struct names {
    char **name;
    size_t count;
};

static int add_name(void *arg, const char *entry)
{
    struct names *n = arg;
    if (entry[0] == '.' || !path_has_suffix(entry, suffix))
        return 0;
    char **more = realloc(n->name, (n->count + 2) * sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    n->name = more;
    more[n->count] = strndup(entry, strlen(entry) - strlen(suffix));
    if (more[n->count] == NULL)
        return -ENOMEM;
    more[++n->count] = NULL;
    return 0;
}

int library_names(char **ret[], struct err *err)
{
    char folder[PATH_SIZE] = "../scenarios";
    struct names n = { calloc(1, sizeof *n.name), 0 };
    int error = n.name == NULL ? -ENOMEM : path_beside(folder, "../scenarios");
    if (error == 0)
        error = io_list(folder, add_name, &n);
    if (error == 0) {
        *ret = n.name;
        return 0;
    }
    if (n.name != NULL)
        library_free_names(n.name);
    return err_file(err, error, folder);
}

void library_free_names(char **names)
{
    for (char **n = names; *n != NULL; n++)
        free(*n);
    free(names);
}

int library_find(const char *scenario, char ret[PATH_SIZE], struct err *err)
{
    char folder[PATH_SIZE], **names = NULL;
    int error;

    if (strchr(scenario, '/') != NULL || path_has_suffix(scenario, suffix)) {
        error = path_format(ret, "%s", scenario);
        return error == 0 ? 0 : err_file(err, error, scenario);
    }
    error = library_names(&names, err);
    if (error != 0)
        return error;
    assert(names != NULL);
    char **found = names;
    while (*found != NULL && strcmp(*found, scenario) != 0)
        found++;
    const char *nearest = schema_nearest(scenario, (const char *const *)names);
    if (*found == NULL && nearest != NULL)
        error = err_set(err, -ENOENT, "no scenario '%s'; did you mean '%s'?", scenario, nearest);
    else if (*found == NULL)
        error = err_set(err, -ENOENT, "no scenario '%s'; `lostbeat list` shows them", scenario);
    else if (path_beside(folder, "../scenarios") != 0 ||
             path_format(ret, "%s/%s%s", folder, scenario, suffix) != 0)
        error = err_file(err, -ENAMETOOLONG, scenario);
    library_free_names(names);
    return error;
}
