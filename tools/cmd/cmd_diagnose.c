/* cmd_diagnose.c - `lostbeat diagnose`: from the artefacts to the cause. */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/cmd/cmd.h"
#include "tools/diagnose/diagnosis.h"

static const char help[] =
    "usage: lostbeat diagnose [--json] [--why] [--html FILE] PATH...\n"
    "\n"
    "Finds the cause of a lost heartbeat in what the host left behind. PATH is a host\n"
    "directory, a vm-support bundle (.tgz, or unpacked), or single files in any mix: the\n"
    "purple screen as text, vmksummary, the vmkernel log, messages, /proc/meminfo, a\n"
    "vmkernel-zdump, a cos-core (also .gz), logs of `top -b`, SysRq output. What a file is\n"
    "is seen by what it holds. A host's run/ folder is never read.\n"
    "\n"
    "  --json       the diagnosis as JSON (lostbeat/diagnose/1)\n"
    "  --why        how each figure comes about, with its arithmetic (JSON has it always)\n"
    "  --html FILE  a page with the plots: memory by program, swap, latency of the beats\n"
    "\n"
    "Weights of evidence are decibans: +10 makes a cause ten times as likely.\n"
    "\n"
    "Exit status: 0 the cause is found (confidence at least 0.8), 1 it is not sure,\n"
    "2 nothing could be read.\n"
    "\n"
    "Examples:\n"
    "  lostbeat diagnose hosts/kb-308590-1\n"
    "  lostbeat diagnose --html report.html esx-2009-11-13--07.20.1.tgz\n"
    "  lostbeat diagnose psod.txt vmksummary meminfo\n";

struct options {
    bool json, why;
    const char *html;
};

static int parse(int argc, char **argv, struct options *o)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' },
                                             { "why", no_argument, NULL, 'w' },
                                             { "html", required_argument, NULL, 'h' },
                                             { "help", no_argument, NULL, '?' + 256 },
                                             { NULL, 0, NULL, 0 } };
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'j':
            o->json = true;
            break;
        case 'w':
            o->why = true;
            break;
        case 'h':
            o->html = optarg;
            break;
        case '?' + 256:
            (void)cmd_help(&cmd_diagnose);
            return -1;
        default:
            return cmd_bad_option(&cmd_diagnose, argv);
        }
    }
    if (optind == argc)
        return cmd_usage(&cmd_diagnose, "which host, bundle or files?");
    return CMD_OK;
}

/* Reads all paths. @return how many artefacts. A path that cannot be read is told and passed
 * over. */
static int read_all(struct diagnosis *d, char **paths)
{
    char err[4608];
    int found = 0;
    for (; *paths != NULL; paths++) {
        const int got = diagnosis_read(d, *paths, err, sizeof err);
        if (got < 0)
            (void)cmd_fail(CMD_USAGE, "%s", err);
        else if (got == 0)
            (void)cmd_fail(CMD_USAGE, "%s: nothing in it that a diagnosis could use", *paths);
        found += got > 0 ? got : 0;
    }
    return found;
}

static int report(const struct diagnosis *d, const struct options *o)
{
    char err[4608];
    if (o->html != NULL && report_diagnosis_html(d, o->html, err, sizeof err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    const int bad = o->json ? report_diagnosis_json(d)
                            : report_diagnosis_text(d, o->why, isatty(STDOUT_FILENO) == 1);
    if (bad != 0)
        return cmd_fail(CMD_USAGE, "cannot write the report");
    return d->verdict.best != NULL && d->verdict.confidence >= VERDICT_SURE ? CMD_OK : CMD_BAD;
}

static int run(int argc, char **argv)
{
    struct options o = { 0 };
    const int usage = parse(argc, argv, &o);
    if (usage != CMD_OK)
        return usage < 0 ? CMD_OK : usage;
    struct diagnosis *d = diagnosis_create();
    if (d == NULL)
        return cmd_fail(CMD_USAGE, "no memory");
    int status = CMD_USAGE;
    if (read_all(d, argv + optind) > 0) {
        diagnosis_conclude(d);
        status = report(d, &o);
    }
    diagnosis_free(d);
    return status;
}

const struct cmd cmd_diagnose = { "diagnose", "find the cause in what a host left behind", help,
                                  run };
