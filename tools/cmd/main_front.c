/* main_front.c - `lostbeat`: hands over to the program that has the command.
 *
 *     lostbeat crash ...    -> lostbeat-crash
 *     everything else       -> lostbeat-tools
 *
 * A program that can draw and pack loads 45 libraries, which takes longer than a post-mortem on an
 * 800-MB core; so that one command is linked apart. This one is linked with nothing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM 4096

int main(int argc, char **argv)
{
    char path[PATH_ROOM];
    const char *program =
        argc > 1 && strcmp(argv[1], "crash") == 0 ? "lostbeat-crash" : "lostbeat-tools";
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    char *slash = NULL;
    if (length > 0) {
        path[length] = '\0';
        slash = strrchr(path, '/');
    }
    if (slash == NULL || slash + 1 + strlen(program) >= path + sizeof path) {
        (void)fprintf(stderr, "lostbeat: cannot tell where this program lies\n");
        return 2;
    }
    memcpy(slash + 1, program, strlen(program) + 1);
    (void)execv(path, argv);
    (void)fprintf(stderr, "lostbeat: cannot start %s: build it with `make`\n", path);
    return 2;
}
