/* cause_storage_hang.c - storage-hang.
 *
 * Commands of the console's disk never complete: whoever needs a page of it waits, vmnixhbd among
 * them. Memory looks full only because nothing can be written out.
 */
#include "tools/diagnose/causes/hypothesis.h"

static const struct rule rules[] = {
    { FACT_OTHER_SCREEN, AT_LEAST, 1, -60, "the screen is another one: {who}" },
    { FACT_DISK_WAITS, AT_LEAST, 600, 18,
      "a command of the console's disk has been outstanding for {value} s" },
    { FACT_DISK_RECOVERS, AT_LEAST, 1, 26,
      "the console tries to abort a command of its disk that did not come back" },
    { FACT_SERIAL_LOST, AT_LEAST, 1, 12,
      "the VMkernel could not find the serial number of a command ({value} lines)" },
    { FACT_DISK_RETRIES, AT_LEAST, 300, 10,
      "the console still retries a command of its disk after {value} s" },
    { FACT_HBD_IN_IO, AT_LEAST, 1, 10, "vmnixhbd waits for a page from the disk" },
    { FACT_HBD_GONE, AT_LEAST, 1, -30, "vmnixhbd is not among the tasks" },
    { FACT_HBD_STOPPED, AT_LEAST, 1, -30, "vmnixhbd was stopped" },
    { FACT_HBD_ASLEEP, AT_LEAST, 1, -20,
      "vmnixhbd sleeps until its next beat: it waits for no disk" },
    { FACT_HBD_IN_RPC, AT_LEAST, 1, -8, "vmnixhbd waits for a VMNIX call" },
    { FACT_COS_LAG, AT_LEAST, 300, -20,
      "the console's clock stands {value} s behind: it was not run" },
    { FACT_DISK_WAITS, BELOW, 60, -18, "no disk command was outstanding for long" },
    { .says = NULL },
};
static const char *const actions[] = {
    "Look at the storage under the console's disk and at the vmkernel log for lost or late "
    "commands.",
    "If a command's serial number passed 4294967295, install the update that fixes it and "
    "watch the counter.",
    ACTION_CORE_FILE,
    NULL,
};
const struct hypothesis cause_storage_hang = {
    .cause = "storage-hang",
    .prior = -10,
    .headline = "commands of the console's disk were never completed",
    .culprit = { FACTS },
    .rule = rules,
    .action = actions,
    .not_because = "the disk answered",
};
