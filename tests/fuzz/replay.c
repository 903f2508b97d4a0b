/* replay.c - runs a fuzz target over files and folders, without libFuzzer: `make check` does so
 * with each target's corpus.
 *
 * Usage: fuzz_X FILE|FOLDER...   Prints one line "ok N - fuzz_X: n inputs"; a failed check aborts.
 * No input at all is a failure. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static unsigned inputs;

static _Noreturn void give_up(const char *path)
{
    fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
    exit(2);
}

static void run_file(const char *path, size_t size)
{
    uint8_t *data = malloc(size + 1);
    FILE *file = fopen(path, "rb");
    if (data == NULL || file == NULL || fread(data, 1, size, file) != size)
        give_up(path);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    inputs++;
}

static void run(const char *path)
{
    struct stat st;
    struct dirent **names;
    char inner[4096];

    if (stat(path, &st) != 0)
        give_up(path);
    if (!S_ISDIR(st.st_mode)) {
        run_file(path, (size_t)st.st_size);
        return;
    }
    const int count = scandir(path, &names, NULL, alphasort);
    if (count < 0)
        give_up(path);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.') {
            (void)snprintf(inner, sizeof inner, "%s/%s", path, names[i]->d_name);
            run(inner);
        }
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    for (int i = 1; i < argc; i++)
        run(argv[i]);
    printf("%sok 1 - %s survives %u inputs\n", inputs > 0 ? "" : "not ",
           slash != NULL ? slash + 1 : argv[0], inputs);
    return inputs > 0 ? 0 : 1;
}
