/* library.c - see library.h. */
#include "tools/scenario/library.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/scenario/schema.h"

static const char suffix[] = ".yaml";

int library_beside(const char *name, char ret[LIBRARY_PATH_MAX])
{
    char self[LIBRARY_PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

    if (length <= 0)
        return -1;
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL)
        return -1;
    slash[1] = '\0';
    return (size_t)snprintf(ret, LIBRARY_PATH_MAX, "%s%s", self, name) < LIBRARY_PATH_MAX ? 0 : -1;
}

static bool has_suffix(const char *name)
{
    const size_t length = strlen(name);
    return length > strlen(suffix) && strcmp(name + length - strlen(suffix), suffix) == 0;
}

static int is_scenario(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && has_suffix(entry->d_name);
}

/* Not alphasort: it follows the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int library_names(char **ret[], char *err, size_t err_size)
{
    char folder[LIBRARY_PATH_MAX];
    struct dirent **entries = NULL;

    if (library_beside("../scenarios", folder) != 0) {
        (void)snprintf(err, err_size, "cannot tell where this program lies");
        return -1;
    }
    const int count = scandir(folder, &entries, is_scenario, by_bytes);
    if (count < 0) {
        (void)snprintf(err, err_size, "%s: %s", folder, strerror(errno));
        return -1;
    }
    char **names = calloc((size_t)count + 1, sizeof *names);
    for (int i = 0; i < count; i++) {
        if (names != NULL)
            names[i] = strndup(entries[i]->d_name, strlen(entries[i]->d_name) - strlen(suffix));
        free(entries[i]);
    }
    free(entries);
    if (names == NULL)
        return -1;
    *ret = names;
    return 0;
}

void library_free_names(char **names)
{
    for (char **n = names; *n != NULL; n++)
        free(*n);
    free(names);
}

static int unknown_scenario(const char *scenario, char **names, char *err, size_t err_size)
{
    const char *nearest = schema_nearest(scenario, (const char *const *)names);
    if (nearest != NULL)
        (void)snprintf(err, err_size, "no scenario '%s'; did you mean '%s'?", scenario, nearest);
    else
        (void)snprintf(err, err_size, "no scenario '%s'; `lostbeat list` shows them", scenario);
    return -1;
}

int library_find(const char *scenario, char ret[LIBRARY_PATH_MAX], char *err, size_t err_size)
{
    char folder[LIBRARY_PATH_MAX];
    char **names;
    int status;

    if (strchr(scenario, '/') != NULL || has_suffix(scenario)) {
        (void)snprintf(err, err_size, "the path is too long");
        return (size_t)snprintf(ret, LIBRARY_PATH_MAX, "%s", scenario) < LIBRARY_PATH_MAX ? 0 : -1;
    }
    if (library_names(&names, err, err_size) != 0 || library_beside("../scenarios", folder) != 0)
        return -1;
    char **found = names;
    while (*found != NULL && strcmp(*found, scenario) != 0)
        found++;
    if (*found == NULL) {
        status = unknown_scenario(scenario, names, err, err_size);
    } else {
        (void)snprintf(err, err_size, "the path is too long");
        status = (size_t)snprintf(ret, LIBRARY_PATH_MAX, "%s/%s%s", folder, scenario, suffix) <
                         LIBRARY_PATH_MAX
                     ? 0
                     : -1;
    }
    library_free_names(names);
    return status;
}
