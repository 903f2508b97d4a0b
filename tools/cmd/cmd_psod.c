/* cmd_psod.c - `lostbeat psod`: draws the purple screen again, from a host, a zdump or a text. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/io.h"
#include "shared/picture.h"
#include "shared/screen.h"
#include "shared/zdump.h"
#include "tools/cmd/cmd.h"
#include "tools/parse/dumpview.h"

#define ERROR_MAX 512
#define PATH_ROOM 4096
static const char slot_magic[] = "VMKZDUMP";

struct arguments {
    const char *format;
    bool json;
};

struct found {
    char text[SCREEN_TEXT_MAX];
    char source[PATH_ROOM];
    bool whole; /* false: a part of the screen is missing in a damaged dump */
};

/* ---- finding the text ------------------------------------------------------------------------ */

static int take_text(const char *source, const char *text, size_t length, struct found *ret,
                     char *err)
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
    const ssize_t length = io_peek(path, text, sizeof text);
    if (length < 0) {
        (void)snprintf(err, ERROR_MAX, "%s: %s", path, err_text((int)length));
        return -1;
    }
    return take_text(path, text, (size_t)length, ret, err);
}

static int from_zdump(const char *path, struct found *ret, char *err)
{
    struct zdump z;
    int status = -1;

    if (zdump_load(path, dumpview_newest_slot(path), &z, err, ERROR_MAX) != 0)
        return -1;
    const struct zdump_section *screen = zdump_find(&z, ZDUMP_SCREEN);
    if (screen == NULL || screen->data_len == 0) {
        (void)snprintf(err, ERROR_MAX, "%s: the dump holds no screen", path);
    } else {
        ret->whole = screen->health == ZDUMP_WHOLE;
        status = take_text(path, screen->data, screen->data_len, ret, err);
    }
    zdump_free(&z);
    return status;
}

static bool starts_with_magic(const char *path)
{
    char head[sizeof slot_magic - 1];
    return io_peek(path, head, sizeof head) == (ssize_t)sizeof head &&
           memcmp(head, slot_magic, sizeof head) == 0;
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

/* As text or JSON: line by line. */
static int print_lines(const struct found *f, bool json)
{
    struct out o = cmd_out(json);
    out_begin(&o, "lostbeat/psod/1");
    out_str(&o, "source", NULL, f->source);
    out_bool(&o, "whole", f->whole);
    out_array(&o, "lines");
    for (const char *p = f->text; *p != '\0';) {
        const size_t length = strcspn(p, "\n");
        out_strn(&o, NULL, "%s\n", p, length);
        p += length + (p[length] == '\n');
    }
    out_end(&o);
    return out_finish(&o);
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

static int draw(const char *path, const struct arguments *a)
{
    static struct found f;
    char err[ERROR_MAX];
    int status;

    if (find(path, &f, err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    if (a->json || strcmp(a->format, "text") == 0)
        status = print_lines(&f, a->json);
    else
        status = strcmp(a->format, "ansi") == 0 ? print_ansi(f.text) : print_png(f.text);
    if (status != 0 || fflush(stdout) != 0)
        return cmd_fail(CMD_USAGE, "the screen cannot be drawn as %s", a->format);
    return f.whole ? CMD_OK
                   : cmd_fail(CMD_BAD,
                              "%s: the dump is damaged; this is what could be read of the screen",
                              path);
}

static const char *take_format(void *member, const char *text)
{
    memcpy(member, &text, sizeof text);
    return strcmp(text, "text") == 0 || strcmp(text, "ansi") == 0 || strcmp(text, "png") == 0
               ? NULL
               : "text, ansi or png";
}

static int run(int argc, char **argv)
{
    struct arguments a = { .format = "text" };
    const int status = cmd_options(&cmd_psod, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    if (strcmp(a.format, "png") == 0 && !a.json && isatty(STDOUT_FILENO) == 1)
        return cmd_usage(&cmd_psod, "a picture is nothing for a terminal; redirect it: > psod.png");
    return draw(argv[optind], &a);
}

static const struct cmd_option options[] = {
    CMD_TAKE("format", 0, "F", format, take_format,
             "text: the text (default)\n"
             "ansi: 80 columns in the colours of ESX, for a terminal with 24-bit colour\n"
             "png: the same as a picture, to a file: > psod.png"),
    CMD_JSON("one object: schema \"lostbeat/psod/1\", source, whole, lines"),
    CMD_OPTIONS_END,
};

const struct cmd cmd_psod = {
    .name = "psod",
    .summary = "draws the purple screen of a host, a zdump or a text",
    .usage = "HOST|FILE [--format text|ansi|png] [--json]",
    .about =
        "Draws a purple screen: of a host directory, from a dump partition or vmkernel-zdump, or "
        "from the text of any screen, also of a real host.",
    .options = options,
    .more =
        "Exit status: 0 drawn, 1 drawn in part from a damaged dump, 2 no screen to be found there.",
    .operand = "host, dump or screen's text",
    .least = 1,
    .most = 1,
    .run = run,
};
