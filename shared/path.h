/* path.h - paths with a bound, and where things lie in a host's folder.
 *
 * A host is a folder that holds what an ESX host's disks hold, and in run/ what the simulator
 * itself keeps about it; tools that diagnose a host never look there. The names below are relative
 * to the host's folder. docs/FORMATS.md says what is in each file. */
#ifndef SHARED_PATH_H
#define SHARED_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_SIZE 4096u /* bytes of every buffer for a path, its zero included */
/* A host's folder has a path at least this much shorter, so that all below it has one, too. */
#define PATH_BELOW_HOST 512u

/* ---- what the simulator keeps ---------------------------------------------------------------- */
#define PATH_RUN "run"
#define PATH_PLAN "run/plan.json"
#define PATH_FAULTS "run/faults"
#define PATH_DRAWN "run/drawn"
#define PATH_START "run/start.json"
#define PATH_RESULT "run/result.json"
#define PATH_JOURNAL "run/journal"
#define PATH_LOCK "run/vmkernel.lock"

/* ---- what an ESX host holds ------------------------------------------------------------------ */
#define PATH_ESXCONF "etc/vmware/esx.conf"
#define PATH_DUMP_PARTITION "dev/vmkcore"
#define PATH_VOLUMES "vmfs/volumes" /* a folder per datastore, named by its UUID */
#define PATH_DUMPS "root"           /* where ESX 3.x brings dumps to safety, and ESX 4.x: */
#define PATH_DUMPS_4 "var/core"
#define PATH_OLD_CORES "root/old_cores"

#define PATH_LOGS "var/log"
#define PATH_VMKERNEL_LOG "var/log/vmkernel"
#define PATH_VMKWARNING_LOG "var/log/vmkwarning"
#define PATH_VMKSUMMARY_LOG "var/log/vmksummary"
#define PATH_MESSAGES_LOG "var/log/messages"
#define PATH_MEMINFO "proc/meminfo"

#define PATH_CONSOLE "console" /* the last screen, in three forms */
#define PATH_SCREEN_TEXT "console/psod.txt"
#define PATH_SCREEN_ANSI "console/psod.ans"
#define PATH_SCREEN_PNG "console/psod.png"

/** Make a path by a format. @return 0, or -ENAMETOOLONG with ret cut and terminated */
int __attribute__((format(printf, 2, 3))) path_format(char ret[PATH_SIZE], const char *format, ...);

/** FOLDER/NAME. @return as path_format() */
int path_join(char ret[PATH_SIZE], const char *folder, const char *name);

/** The folder in which `path` lies: "." for a bare name, "/" for one in the root. @return as
 * path_format() */
int path_folder(char ret[PATH_SIZE], const char *path);

/** The path of a file beside the running program; `name` may begin with "../". @return 0 or -errno
 */
int path_beside(char ret[PATH_SIZE], const char *name);

/** Does the name end so, with something in front of it? */
bool path_has_suffix(const char *name, const char *suffix);

/** Are these `len` bytes a name that can be part of a path without surprises: letters, digits,
 * '.', '_', '-', and no '.' in front? */
bool path_is_plain(const char *name, size_t len);

#endif /* SHARED_PATH_H */
