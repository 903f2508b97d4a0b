/* profile.h - what differs between releases of ESX, as data.
 *
 * A profile holds numbers and texts and no behaviour. Another release is another record in
 * profile.c, never another `if`. Texts are templates in which {name} stands for a value
 * (profile_format), so that the order of values may differ between releases too.
 *
 * Sources (docs/sources.md): [KB308590/Screen] for everything that its screen prints (build, world
 * base, message forms with their line numbers, 9-byte names, cr4); [D] in the comments below =
 * computed from numbers that it and two other screens print. */
#ifndef VMK_PROFILE_H
#define VMK_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile {
    const char *name;    /* "esx-3.5" */
    const char *build;   /* "123630" */
    const char *product; /* first line of the screen */
    bool bluescreen;     /* the screen repeats the headline as "@BlueScreen: <headline>" */
    /* Forms of log lines, without the stamp. */
    const char *form_lost_heartbeat;  /* {comm} {pid} {t} {to} {clt} */
    const char *form_cos_error;       /* {headline} */
    const char *form_cos_dump;        /* {uuid} {name} */
    const char *form_cos_dump_failed; /* {uuid} {name} {why} */
    const char *form_cos_dump_none;   /* {why} */
    const char *form_lost_serial;     /* {serial} */
    const char *form_rpc_open;        /* {seq} {op} {comm} {pid} {age_s} {world} */
    const char *form_command_open;    /* {serial} {op} {slot} {age_s} */
    const char *form_starve;          /* {id} {name} {ready_s} {keeper} {keeper_name} */
    const char *form_world_start;     /* {id} {name} {flags} */
    const char *form_ring;            /* {what} {new} {all} */
    uint32_t clt;                     /* the `clt` of the alert; nobody knows what it means */
    /* Headlines of the ways in which a COS can end; [KB1006802] lists Oops, CosPanic and COS Error,
     * the rest is OUR CHOICE. */
    const char *headline_lost_heartbeat, *headline_oops, *headline_panic, *headline_dead,
        *headline_runaway;
    /* Worlds. */
    uint32_t world_base;     /* id of the console world; idleN is base + N */
    uint32_t world_name_max; /* bytes of a name on the screen */
    uint32_t helper_queues;  /* helperQ-N: queues Q */
    uint32_t helpers_per_queue;
    uint32_t dump_helper;          /* which helper, counted from 0, writes the COS core */
    uint32_t dump_pcpu;            /* on which pCPU it does */
    uint32_t driver_worlds;        /* worlds of drivers and services behind the helpers */
    uint32_t vm_world_base_offset; /* the first VM's worlds begin at world_base + pcpus + this */
    /* Registers that the VMkernel adds to the COS's. */
    uint32_t cr3_base; /* cr3 = this + bytes of COS RAM [D, two screens] */
    uint32_t cr4;
    uint32_t blk_dev_base; /* symbol "nearest" to COS addresses: offset = ip - this, mod 2^32 [D] */
};

/** The profile of that name, NULL if there is none. */
const struct profile *profile_find(const char *name);

struct profile_value { /* what {name} becomes: `text` if it is not NULL, else `number` in decimal */
    const char *name;
    const char *text;
    uint64_t number;
};

/** Fill a template. A {name} that is not among the values is our bug (assertion).
 *  @return bytes written without the zero; a result that does not fit is cut, and always terminated
 */
size_t profile_format(char *to, size_t size, const char *form, const struct profile_value *values,
                      size_t count);

#endif /* VMK_PROFILE_H */
