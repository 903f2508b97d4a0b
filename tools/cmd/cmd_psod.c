/* cmd_psod.c - `lostbeat psod`: draws the purple screen again, from a host, a zdump or a text. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "shared/picture.h"
#include "shared/screen.h"
#include "shared/zdump.h"
#include "tools/cmd/cmd.h"

#define ERROR_MAX 512
#define PATH_ROOM 4096
static const char slot_magic[] = "VMKZDUMP";

struct found {
    char text[SCREEN_TEXT_MAX];
    char source[PATH_ROOM];
    bool whole; /* false: a part of the screen is missing in a damaged dump */
};

/* ---- finding the text ------------------------------------------------------------------------ */

static int keep(const char *source, const char *text, size_t length, struct found *ret, char *err)
{
    if (length >= sizeof ret->text || memchr(text, '\0', length) != NULL) {
        (void)snprintf(err, ERROR_MAX, "%s: neither a zdump nor the text of a screen", source);
        return -1;
    }
    memcpy(ret->text, text, length);
    ret->text[length] = '\0';
    (void)snprintf(ret->source, sizeof ret->source, "%s", source);
    return 0;
}

static int from_text(const char *path, struct found *ret, char *err)
{
    char text[SCREEN_TEXT_MAX];
    FILE *f = fopen(path, "re");

    if (f == NULL) {
        (void)snprintf(err, ERROR_MAX, "%s: %s", path, strerror(errno));
        return -1;
    }
    const size_t length = fread(text, 1, sizeof text, f);
    const bool bad = ferror(f) != 0;
    (void)fclose(f);
    if (bad) {
        (void)snprintf(err, ERROR_MAX, "%s: %s", path, strerror(errno));
        return -1;
    }
    return keep(path, text, length, ret, err);
}

/* The slot that was written last; slot 0 when no header can be read, whose sections may still be
 * there. */
static uint32_t newest_slot(const char *path)
{
    uint32_t newest = 0, count = 1;
    int64_t newest_s = INT64_MIN;
    char err[ERROR_MAX];

    for (uint32_t i = 0; i < count; i++) {
        struct zdump z;
        if (zdump_load(path, i, &z, err, sizeof err) != 0)
            break;
        if (z.slot_ok && z.slot.slot_count <= ZDUMP_SLOTS_MAX && i == 0)
            count = z.slot.slot_count;
        if (z.slot_ok && z.slot.state != ZDUMP_EMPTY && z.slot.epoch_s > newest_s) {
            newest = i;
            newest_s = z.slot.epoch_s;
        }
        zdump_free(&z);
    }
    return newest;
}

static int from_zdump(const char *path, struct found *ret, char *err)
{
    struct zdump z;
    int status = -1;

    if (zdump_load(path, newest_slot(path), &z, err, ERROR_MAX) != 0)
        return -1;
    const struct zdump_section *screen = zdump_find(&z, ZDUMP_SCREEN);
    if (screen == NULL || screen->data_len == 0) {
        (void)snprintf(err, ERROR_MAX, "%s: the dump holds no screen", path);
    } else {
        ret->whole = screen->health == ZDUMP_WHOLE;
        status = keep(path, screen->data, screen->data_len, ret, err);
    }
    zdump_free(&z);
    return status;
}

static bool starts_with_magic(const char *path)
{
    char head[sizeof slot_magic - 1] = { 0 };
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return false;
    const size_t got = fread(head, 1, sizeof head, f);
    (void)fclose(f);
    return got == sizeof head && memcmp(head, slot_magic, sizeof head) == 0;
}

static int from_host(const char *dir, struct found *ret, char *err)
{
    char path[PATH_ROOM];
    struct stat st;

    (void)snprintf(err, ERROR_MAX, "%s: the path is too long", dir);
    if ((size_t)snprintf(path, sizeof path, "%s/console/psod.txt", dir) >= sizeof path)
        return -1;
    if (stat(path, &st) != 0 && errno == ENOENT) {
        (void)snprintf(err, ERROR_MAX, "%s: no purple screen: there is no console/psod.txt", dir);
        return -1;
    }
    return from_text(path, ret, err);
}

static int find(const char *path, struct found *ret, char *err)
{
    struct stat st;

    *ret = (struct found){ .whole = true };
    if (stat(path, &st) != 0) {
        (void)snprintf(err, ERROR_MAX, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (S_ISDIR(st.st_mode))
        return from_host(path, ret, err);
    return starts_with_magic(path) ? from_zdump(path, ret, err) : from_text(path, ret, err);
}

/* ---- drawing it ------------------------------------------------------------------------------ */

static int print_ansi(const char *text)
{
    static char drawn[SCREEN_ANSI_MAX];
    if (screen_ansi(text, drawn, sizeof drawn) < 0)
        return -1;
    return fputs(drawn, stdout) == EOF ? -1 : 0;
}

static int print_json(const struct found *f)
{
    json_t *lines = json_array();
    for (const char *p = f->text; *p != '\0';
         p += p[strcspn(p, "\n")] == '\n' ? strcspn(p, "\n") + 1 : strcspn(p, "\n"))
        (void)json_array_append_new(lines, json_stringn(p, strcspn(p, "\n")));
    json_t *root = json_pack("{s:s, s:s, s:b, s:o}", "schema", "lostbeat/psod/1", "source",
                             f->source, "whole", f->whole, "lines", lines);
    const int status = root == NULL ? -1 : json_dumpf(root, stdout, JSON_INDENT(2));
    json_decref(root);
    return status == 0 && fputc('\n', stdout) != EOF ? 0 : -1;
}

static int print_png(const char *text)
{
    struct picture picture;
    if (picture_draw(text, NULL, 0, &picture) != 0)
        return -1;
    const size_t written = fwrite(picture.png, 1, picture.size, stdout);
    free(picture.png);
    return written == picture.size ? 0 : -1;
}

static int draw(const char *path, const char *format)
{
    static struct found f;
    char err[ERROR_MAX];
    int status;

    if (find(path, &f, err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    if (strcmp(format, "json") == 0)
        status = print_json(&f);
    else if (strcmp(format, "ansi") == 0)
        status = print_ansi(f.text);
    else if (strcmp(format, "png") == 0)
        status = print_png(f.text);
    else
        status = fputs(f.text, stdout) == EOF ? -1 : 0;
    if (status != 0 || fflush(stdout) != 0)
        return cmd_fail(CMD_USAGE, "the screen cannot be drawn as %s", format);
    return f.whole ? CMD_OK
                   : cmd_fail(CMD_BAD,
                              "%s: the dump is damaged; this is what could be read of the screen",
                              path);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = { { "format", required_argument, NULL, 'f' },
                                             { "json", no_argument, NULL, 'j' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    const char *format = "text";

    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (o == 'h')
            return cmd_help(&cmd_psod);
        if (o != 'f' && o != 'j')
            return cmd_bad_option(&cmd_psod, argv);
        format = o == 'j' ? "json" : optarg;
    }
    if (strcmp(format, "text") != 0 && strcmp(format, "ansi") != 0 && strcmp(format, "png") != 0 &&
        strcmp(format, "json") != 0)
        return cmd_usage(&cmd_psod, "--format wants text, ansi or png, not '%s'", format);
    if (strcmp(format, "png") == 0 && isatty(STDOUT_FILENO) == 1)
        return cmd_usage(&cmd_psod, "a picture is nothing for a terminal; redirect it: > psod.png");
    if (optind + 1 != argc)
        return cmd_usage(&cmd_psod, optind == argc ? "which host, zdump or text?"
                                                   : "one host or file is wanted");
    return draw(argv[optind], format);
}

const struct cmd cmd_psod = {
    .name = "psod",
    .summary = "draws the purple screen of a host, a zdump or a text",
    .help =
        "usage: lostbeat psod HOST|FILE [--format text|ansi|png] [--json]\n"
        "\n"
        "Draws a purple screen: of a host directory, from a dump partition or vmkernel-zdump, or "
        "from\n"
        "the text of any screen, also of a real host.\n"
        "\n"
        "  --format text   the text (default)\n"
        "  --format ansi   80 columns in the colours of ESX, for a terminal with 24-bit colour\n"
        "  --format png    the same as a picture, to a file: > psod.png\n"
        "  --json          one object: schema \"lostbeat/psod/1\", source, whole, lines\n"
        "\n"
        "Exit status: 0 drawn, 1 drawn in part from a damaged dump, 2 no screen to be found "
        "there.\n",
    .run = run,
};
