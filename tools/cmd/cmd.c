/* cmd.c - see cmd.h: what all commands say in the same words. */
#include "tools/cmd/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *own_name = ""; /* of a program with a name of its own, "" = `lostbeat` */

void cmd_called(const char *name)
{
    own_name = name;
}

int cmd_help(const struct cmd *c)
{
    (void)fputs(c->help, stdout);
    return CMD_OK;
}

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
    (void)fprintf(stderr, "`%s%s --help` tells more.\n", own_name[0] != '\0' ? "" : "lostbeat ",
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

int cmd_bad_option(const struct cmd *c, char **argv)
{
    return cmd_usage(c, "unknown option, or one without its value: %s", argv[optind - 1]);
}
