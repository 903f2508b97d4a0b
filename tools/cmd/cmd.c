/* cmd.c - see cmd.h: what all commands do and say in the same way. */
#include "tools/cmd/cmd.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/host/hypervisor.h"

#define OPTIONS_MAX 16
#define LONG_OPTION 256 /* what getopt_long() returns for the first of a command's options */

static const char *own_name = ""; /* of a program with a name of its own, "" = `lostbeat` */

void cmd_called(const char *name)
{
    own_name = name;
}

/* ---- messages -------------------------------------------------------------------------------- */

static void complain(const char *who, const char *format, va_list args)
{
    if (own_name[0] != '\0')
        (void)fprintf(stderr, "%s: ", own_name);
    else
        (void)fprintf(stderr, "lostbeat%s%s: ", *who != '\0' ? " " : "", who);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
}

int cmd_usage(const struct cmd *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(c->name, format, args);
    va_end(args);
    (void)fprintf(stderr, "`%s%s --help` says more.\n", own_name[0] != '\0' ? "" : "lostbeat ",
                  c->name);
    return CMD_USAGE;
}

int cmd_fail(enum cmd_exit status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain("", format, args);
    va_end(args);
    return (int)status;
}

int cmd_vmkernel_ended(int status, const char *host_dir, const char *err)
{
    if (status < 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    if (status == 2)
        return cmd_fail(CMD_USAGE, "the vmkernel refused the host in %s", host_dir);
    if (status > 128)
        return cmd_fail(CMD_BAD,
                        "the vmkernel was ended by signal %d (%s); what there is lies in %s",
                        status - 128, strsignal(status - 128), host_dir);
    if (status != 0)
        return cmd_fail(CMD_BAD,
                        "the vmkernel met an error of the simulator (exit status %d); what there "
                        "is lies in %s",
                        status, host_dir);
    return CMD_OK;
}

/* ---- help ------------------------------------------------------------------------------------ */

/* "  -w, --to FOLDER  ". @return its columns */
static int option_lead(const struct cmd_option *o, char ret[40])
{
    const char letter[] = { '-', o->letter, ',', ' ', '\0' };
    return snprintf(ret, 40, "  %s--%s%s%s  ", o->letter != 0 ? letter : "", o->name,
                    o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
}

static int print_help(const struct cmd *c)
{
    struct out o = cmd_out(false);
    const char *before = own_name[0] != '\0' ? "" : "lostbeat ";
    char lead[40];
    int width = 0;
    out_text(&o, "usage: %s%s ", before, c->name);
    out_prose(&o, NULL, (unsigned)(8 + strlen(before) + strlen(c->name)), c->usage);
    out_text(&o, "\n");
    out_prose(&o, NULL, 0, c->about);
    out_text(&o, "\n");
    for (const struct cmd_option *i = c->options; i->name != NULL; i++)
        width = option_lead(i, lead) > width ? option_lead(i, lead) : width;
    for (const struct cmd_option *i = c->options; i->name != NULL; i++) {
        (void)option_lead(i, lead);
        out_text(&o, "%-*s", width, lead);
        out_prose(&o, NULL, (unsigned)width, i->help);
    }
    out_text(&o, "\n");
    out_prose(&o, NULL, 0, c->more);
    return cmd_finish(&o, CMD_OK);
}

/* ---- the command line ------------------------------------------------------------------------ */

static int take(const struct cmd *c, const struct cmd_option *o, void *arguments)
{
    char *member = (char *)arguments + o->member;
    const char *value = optarg;
    const bool yes = true;
    if (o->take != NULL) {
        const char *wanted = o->take(member, value);
        if (wanted != NULL)
            return cmd_usage(c, "--%s wants %s, not '%s'", o->name, wanted, value);
    } else if (o->value != NULL) {
        memcpy(member, &value, sizeof value);
    } else {
        memcpy(member, &yes, sizeof yes);
    }
    return CMD_GO;
}

/* The option that getopt_long() found; NULL when it knows none such. */
static const struct cmd_option *found(const struct cmd *c, int what)
{
    for (const struct cmd_option *o = c->options; o->name != NULL; o++)
        if (what == LONG_OPTION + (o - c->options) || (o->letter != 0 && what == o->letter))
            return o;
    return NULL;
}

static int check_operands(const struct cmd *c, int argc, char **argv)
{
    const int count = argc - optind;
    if (count < c->least)
        return cmd_usage(c, "which %s?", c->operand);
    if (count > c->most && c->most == 0)
        return cmd_usage(c, "no arguments are wanted, not '%s'", argv[optind]);
    return count > c->most ? cmd_usage(c, "one %s is wanted", c->operand) : CMD_GO;
}

int cmd_options(const struct cmd *c, int argc, char **argv, void *arguments)
{
    struct option all[OPTIONS_MAX + 2] = { { "help", no_argument, NULL, 'h' } };
    char letters[2 * OPTIONS_MAX + 2] = "h";
    size_t length = 1;
    for (int i = 0; c->options[i].name != NULL; i++) {
        const struct cmd_option *o = &c->options[i];
        assert(i < OPTIONS_MAX);
        all[i + 1] = (struct option){ o->name, o->value != NULL ? required_argument : no_argument,
                                      NULL, LONG_OPTION + i };
        if (o->letter != 0)
            letters[length++] = o->letter;
        if (o->letter != 0 && o->value != NULL)
            letters[length++] = ':';
    }
    opterr = 0;
    for (int what; (what = getopt_long(argc, argv, letters, all, NULL)) != -1;) {
        if (what == 'h')
            return print_help(c);
        const struct cmd_option *o = found(c, what);
        if (o == NULL)
            return cmd_usage(c, "unknown option, or one without its value: %s", argv[optind - 1]);
        const int status = take(c, o, arguments);
        if (status != CMD_GO)
            return status;
    }
    return check_operands(c, argc, argv);
}

const char *cmd_take_text(void *member, const char *text)
{
    struct cmd_texts *t = member;
    if (t->count == sizeof t->text / sizeof t->text[0])
        return "to be given less often";
    t->text[t->count++] = text;
    return NULL;
}

const char *cmd_take_seed(void *member, const char *text)
{
    uint64_t *seed = member;
    char *end;
    errno = 0;
    *seed = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *seed <= INT64_MAX
               ? NULL
               : "a number from 0 to 9223372036854775807";
}

const char *cmd_take_clock(void *member, const char *text)
{
    memcpy(member, &text, sizeof text);
    return hypervisor_clock_ok(text) ? NULL : "virtual, real or xN (N = 1, 2, ...)";
}

/* ---- results --------------------------------------------------------------------------------- */

struct out cmd_out(bool json)
{
    return (struct out){ .to = stdout, .json = json, .colour = isatty(STDOUT_FILENO) == 1 };
}

int cmd_finish(struct out *o, int status)
{
    if (out_finish(o) != 0)
        return cmd_fail(CMD_USAGE, "stdout: %s", strerror(errno));
    return status;
}
