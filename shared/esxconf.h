/* esxconf.h - HOST/etc/vmware/esx.conf: the host's options, as lines of
 *
 *     /adv/Misc/PsodOnCosPanic = "1"
 *
 * The VMkernel reads it at start, esxcfg-advcfg and esxcfg-dumppart read and change it. Lines that
 * nobody here knows stay as and where they are. A line that is no option is an error with its
 * number: a host that was set up wrongly must not start with half of its options. Values hold
 * printable ASCII but no quotes.
 *
 * Names and defaults of the options: [KB1032962]; the file's paths are OUR CHOICE. */
#ifndef SHARED_ESXCONF_H
#define SHARED_ESXCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

#define ESXCONF_LINES_MAX 4096u
#define ESXCONF_VALUE_MAX 256u /* bytes with zero */
#define ESXCONF_KEY_MAX 128u

#define ESXCONF_COS_CORE_FILE "/adv/Misc/CosCoreFile"
#define ESXCONF_PSOD_ON_COS_PANIC "/adv/Misc/PsodOnCosPanic"
#define ESXCONF_HOST_NAME "/adv/Misc/HostName"
#define ESXCONF_DUMP_PARTITION "/system/dumpPartition"

struct esxconf_line {
    char key[ESXCONF_KEY_MAX]; /* "" = a comment or an empty line; then `value` is its text */
    char value[ESXCONF_VALUE_MAX];
};
struct esxconf {
    size_t count;
    struct esxconf_line *line; /* owned; esxconf_free() */
};

/** Read the text of a file. `path` is for messages. @return 0, or -1 with one line "PATH:LINE:
 * what" in err and *ret empty */
int esxconf_parse(const char *path, const char *text, size_t len, struct esxconf *ret,
                  struct err *err);
/** Read `path`. @return as esxconf_parse() */
int esxconf_load(const char *path, struct esxconf *ret, struct err *err);

/** The value of `key`; upper and lower case are the same. NULL when it is not set. */
const char *esxconf_get(const struct esxconf *c, const char *key);

/** Set `key`, appended when it is new. @return 0, or -1 when the value cannot stand in the file, or
 * memory is short: nothing changed */
int esxconf_set(struct esxconf *c, const char *key, const char *value);

/** Write to `path`: temporary name, fsync, rename, fsync of the folder. @return 0 or -errno; the
 * file is then what it was */
int esxconf_save(const char *path, const struct esxconf *c);

/** Give back what esxconf_parse(), _load() or _set() took; harmless on an empty one. */
void esxconf_free(struct esxconf *c);

/* What a core file of the COS may be called. */
enum esxconf_core {
    ESXCONF_CORE_OK,
    ESXCONF_CORE_EMPTY, /* switched off */
    ESXCONF_CORE_NOT_VMFS,
    ESXCONF_CORE_NAME, /* a folder too deep, or a name that is none */
};
#define ESXCONF_UUID_MAX 48u
#define ESXCONF_NAME_MAX 128u

/** Take "/vmfs/volumes/UUID/NAME" apart, the one form that Misc.CosCoreFile may have: a datastore
 * and a file in it. The two buffers are written on ESXCONF_CORE_OK only. */
enum esxconf_core esxconf_core_parse(const char *value, char uuid[ESXCONF_UUID_MAX],
                                     char name[ESXCONF_NAME_MAX]);
/** What is wrong, as half a sentence: "must begin with /vmfs/volumes/". */
const char *esxconf_core_reason(enum esxconf_core core);

#endif /* SHARED_ESXCONF_H */
