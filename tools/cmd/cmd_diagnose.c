/* cmd_diagnose.c - `lostbeat diagnose`: from the artefacts to the cause. */
#include <getopt.h>
#include <limits.h>

#include "shared/err.h"
#include "tools/cmd/cmd.h"
#include "tools/diagnose/reports/report.h"

struct arguments {
    bool json, why;
    const char *html;
};

/* Reads all paths. @return how many artefacts. A path that cannot be read is reported
 * and passed over. */
static int read_all(struct diagnosis *d, char **paths)
{
    struct err err;
    int found = 0;
    for (; *paths != NULL; paths++) {
        const int got = diagnosis_read(d, *paths, &err);
        if (got < 0)
            (void)cmd_fail(CMD_USAGE, "%s", err.text);
        else if (got == 0)
            (void)cmd_fail(CMD_USAGE, "%s: nothing in it that a diagnosis could use", *paths);
        found += got > 0 ? got : 0;
    }
    return found;
}

static int report(const struct diagnosis *d, const struct arguments *a)
{
    struct err err;
    struct out o = cmd_out(a->json);
    if (a->html != NULL && report_diagnosis_html(d, a->html, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    const bool sure = report_diagnosis(d, a->why, &o);
    return cmd_finish(&o, sure ? CMD_OK : CMD_BAD);
}

static int run(int argc, char **argv)
{
    struct arguments a = { .json = false };
    int status = cmd_options(&cmd_diagnose, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    struct diagnosis *d = diagnosis_create();
    if (d == NULL)
        return cmd_fail(CMD_USAGE, "no memory");
    status = CMD_USAGE;
    if (read_all(d, argv + optind) > 0) {
        diagnosis_conclude(d);
        status = report(d, &a);
    }
    diagnosis_free(d);
    return status;
}

static const struct cmd_option options[] = {
    CMD_JSON("the diagnosis as JSON (lostbeat/diagnose/1)"),
    CMD_FLAG("why", 0, why,
             "how each figure comes about, with its arithmetic (JSON has it always)"),
    CMD_TEXT("html", 0, "FILE", html,
             "a page with the plots: memory by program, swap, latency of the beats"),
    CMD_OPTIONS_END,
};

const struct cmd cmd_diagnose = {
    .name = "diagnose",
    .summary = "find the cause in what a host left behind",
    .usage = "[--json] [--why] [--html FILE] PATH...",
    .about =
        "Finds the cause of a lost heartbeat in what the host left behind. PATH is a host "
        "directory, a vm-support bundle (.tgz, or unpacked), or single files in any mix: the "
        "purple screen as text, vmksummary, the vmkernel log, messages, /proc/meminfo, a "
        "vmkernel-zdump, a cos-core (also .gz), logs of `top -b`, SysRq output. What a file is "
        "is seen by what it holds. A host's run/ folder is never read.",
    .options = options,
    .more =
        "Weights of evidence are decibans: +10 makes a cause ten times as likely.\n\n"
        "Exit status: 0 the cause is found (confidence at least 0.8), 1 it is not sure, 2 nothing "
        "could be read.\n\n"
        "Examples:\n"
        "  lostbeat diagnose hosts/kb-308590-1\n"
        "  lostbeat diagnose --html report.html esx-2009-11-13--07.20.1.tgz\n"
        "  lostbeat diagnose psod.txt vmksummary meminfo",
    .operand = "host, bundle or files",
    .least = 1,
    .most = INT_MAX,
    .run = run,
};
