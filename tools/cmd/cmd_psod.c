/* cmd_psod.c - `lostbeat psod`: draws the purple screen again, from a host, a zdump or a text. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/io.h"
#include "shared/path.h"
#include "shared/picture.h"
#include "shared/screen.h"
#include "shared/zdump.h"
#include "tools/cmd/cmd.h"
#include "tools/parse/dumpview.h"

#define SLOT_MAGIC "VMKZDUMP"
#define SLOT_MAGIC_BYTES 8

struct arguments {
    const char *format;
    bool json;
};

struct found {
    char text[SCREEN_TEXT_MAX];
    char source[PATH_SIZE];
    bool whole; /* false: a part of the screen is missing in a damaged dump */
};

/* ---- finding the text ------------------------------------------------------------------------ */

static int take_text(const char *source, const char *text, size_t length, struct found *ret,
                     struct err *err)
{
    if (length >= sizeof ret->text || memchr(text, '\0', length) != NULL)
        return err_set(err, ERR_SYNTAX, "%s: neither a zdump nor the text of a screen", source);
    memcpy(ret->text, text, length);
    ret->text[length] = '\0';
    (void)snprintf(ret->source, sizeof ret->source, "%s", source);
    return 0;
}

static int from_zdump(const char *path, struct found *ret, struct err *err)
{
    struct zdump z;
    int status;
    if (zdump_load(path, dumpview_newest_slot(path), &z, err) != 0)
        return ERR_SYNTAX;
    const struct zdump_section *screen = zdump_find(&z, ZDUMP_SCREEN);
    if (screen == NULL || screen->data_len == 0) {
        status = err_set(err, ERR_SYNTAX, "%s: the dump holds no screen", path);
    } else {
        ret->whole = screen->health == ZDUMP_WHOLE;
        status = take_text(path, screen->data, screen->data_len, ret, err);
    }
    zdump_free(&z);
    return status;
}

/* @return 0, or a code of err.h with one line in err */
static int find(const char *path, struct found *ret, struct err *err)
{
    char below[PATH_SIZE], text[SCREEN_TEXT_MAX];
    ssize_t length = io_peek(path, text, sizeof text);
    *ret = (struct found){ .whole = true };
    if (length == -EISDIR) {
        const int status = path_join(below, path, PATH_SCREEN_TEXT);
        length = status == 0 ? io_peek(below, text, sizeof text) : status;
        if (length == -ENOENT)
            return err_set(err, -ENOENT, "%s: no purple screen: there is no " PATH_SCREEN_TEXT,
                           path);
        path = below;
    }
    if (length < 0)
        return err_file(err, (int)length, path);
    if (length >= SLOT_MAGIC_BYTES && memcmp(text, SLOT_MAGIC, SLOT_MAGIC_BYTES) == 0)
        return from_zdump(path, ret, err);
    return take_text(path, text, (size_t)length, ret, err);
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
    struct err err = { .text = "" };
    int status;

    if (find(path, &f, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
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
