/* zdump.h - the format of the VMkernel's own dump, and its reader.
 *
 * The dump partition (HOST/dev/vmkcore) is a file of a fixed size with equal slots; a slot, and a
 * vmkernel-zdump file taken from one, is
 *
 *     +0      slot header, 512 bytes               "VMKZDUMP", version, geometry, state, dump id,
 *                                                  uptime, build, host, reason
 *     +512    section 0: header 128 bytes, then its stored bytes, zero-padded to the next 512
 *     ...     section 1, 2, ...
 *     ...     end section (type END, no bytes)
 *
 * A section's stored bytes are one gzip member (ISA-L level 1, no name, no time). Each section
 * header says what follows, carries the dump's id, its own CRC-32, and the SHA-256 of the raw
 * bytes. So a dump that was cut at any byte is read up to the cut, a section that is damaged in its
 * middle costs that section only (the reader looks for the next header on a 512-byte boundary), and
 * what an older, longer dump left behind in the slot is recognised by its id.
 *
 * Numbers are little-endian. All fields not named are zero. The format is OUR CHOICE: the real one
 * is not public. docs/FORMATS.md has the tables. The reader trusts nothing: every length is checked
 * against the bytes at hand and the limits below. */
#ifndef SHARED_ZDUMP_H
#define SHARED_ZDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "shared/units.h"

#define ZDUMP_VERSION 1u
#define ZDUMP_ALIGN 512u          /* one sector */
#define ZDUMP_SLOT_HEADER 512u    /* bytes */
#define ZDUMP_SECTION_HEADER 128u /* bytes */
#define ZDUMP_SECTIONS_MAX 64u    /* of one dump; a writer uses about a dozen */
/* Bytes of one section uncompressed: 12,800 tasks with 64 frames of 80 bytes fit. */
#define ZDUMP_RAW_MAX (64 * MB)
#define ZDUMP_SLOTS_MAX 16u
#define ZDUMP_PARTITION_BYTES (110 * MB) /* about 100 MB on ESX 3.x; OUR CHOICE */

enum zdump_type { /* stored in files: never renumber */
                  ZDUMP_NOTES =
                      1, /* oddities met while dumping, one per line; "not stunned" among them */
                  ZDUMP_SCREEN = 2, /* the purple screen as text */
                  ZDUMP_LOG = 3,    /* VMkernel log ring, oldest line first */
                  ZDUMP_COS_LOG =
                      4, /* printk buffer of the COS in order, then the trace of its Oops */
                  ZDUMP_STATE = 5,  /* key=value: VMkernel, profile, COS */
                  ZDUMP_PCPUS = 6,  /* one pCPU per line with the world on it */
                  ZDUMP_WORLDS = 7, /* one world per line */
                  ZDUMP_HEARTBEATS =
                      8,          /* one beat per line: virtual time, sequence number, latency */
                  ZDUMP_RING = 9, /* key=value: counters of the heartbeat ring */
                  ZDUMP_COS_TASKS = 10, /* every COS task with its backtrace */
                  ZDUMP_VMNIX = 11,     /* calls of the COS: figures, and those without an answer */
                  ZDUMP_SCSI = 12,      /* the same of its disk's commands */
                  ZDUMP_END = 0xffff,
};

/* The sections that every dump has, in the order in the file, which is that of their worth: a dump
 * that is cut loses its end. */
#define ZDUMP_PARTS 12u
extern const enum zdump_type zdump_order[ZDUMP_PARTS];

enum zdump_slot_state {
    ZDUMP_EMPTY = 0,
    ZDUMP_WRITING = 1,
    ZDUMP_COMPLETE = 2,
    ZDUMP_COLLECTED = 3, /* a start has copied the dump to a file: the slot is free, what is in it
                            can still be read */
};

struct zdump_slot { /* the slot header */
    uint32_t version;
    uint32_t slot, slot_count;
    uint32_t state; /* enum zdump_slot_state; WRITING in a file = the dump was interrupted */
    uint64_t slot_bytes;
    uint64_t used_bytes; /* header to end section; 0 while WRITING */
    uint64_t dump_id;    /* stands in each section of the same dump */
    uint64_t uptime_ns;  /* virtual time since VMkernel boot when the dump began */
    int64_t epoch_s;     /* the same as UTC */
    char build[32];
    char host[64];
    char reason[96]; /* headline */
};

enum zdump_health {
    ZDUMP_WHOLE,   /* lengths and checksum agree */
    ZDUMP_CUT,     /* the file ends inside; `data` holds what could be unpacked */
    ZDUMP_CORRUPT, /* stored bytes unpack to something else; `data` holds what came out */
};

struct zdump_section {
    uint32_t type; /* enum zdump_type; unknown ones are kept */
    uint32_t index;
    char name[32]; /* printable, terminated */
    enum zdump_health health;
    uint64_t offset;    /* of the section header, from the slot's start */
    uint64_t raw_bytes; /* as the header says */
    uint64_t stored_bytes;
    unsigned char sha256[32]; /* of the raw bytes, as the header says */
    char *data;               /* unpacked bytes and a zero after them (owned by the dump) */
    size_t data_len;          /* <= raw_bytes */
};

struct zdump {
    bool slot_ok; /* a valid slot header was there; `slot` is zero otherwise */
    struct zdump_slot slot;
    bool complete; /* the end section was reached and every section is whole */
    uint64_t end;  /* from the slot's start to behind the last section, the end section included;
                      not more than there are bytes; 0 when nothing was found */
    uint32_t count;
    struct zdump_section sections[ZDUMP_SECTIONS_MAX];
};

/** Put a header into its on-disk form. */
void zdump_slot_encode(const struct zdump_slot *slot, unsigned char ret[ZDUMP_SLOT_HEADER]);
/** @return 0, or -1 when these are not the bytes of a slot header of a known version (*ret
 *  untouched) */
int zdump_slot_decode(const unsigned char *bytes, size_t len, struct zdump_slot *ret);

/** Pack one section: header, gzip member, padding. `dump_id` and `index` go into the header. type
 * END takes len 0.
 *  @return the bytes (malloc, caller frees) with *ret_len set to a multiple of ZDUMP_ALIGN; NULL
 *  when memory is short or len > ZDUMP_RAW_MAX */
unsigned char *zdump_section_pack(uint64_t dump_id, uint32_t index, enum zdump_type type,
                                  const char *name, const void *data, size_t len, size_t *ret_len);

/**
 * Read a dump from memory. Never fails on contents: what could be read is in *ret, each section
 * with its health; a file that is no dump at all gives slot_ok false and count 0. @return 0, or -1
 * when memory is short (*ret is then empty). Free with zdump_free().
 */
int zdump_parse(const void *bytes, size_t len, struct zdump *ret);

/**
 * Read slot `slot` of a dump partition, or (slot 0) a vmkernel-zdump file.
 *  @return 0; a code of err.h with one line in err when the file cannot be read or has no such
 *  slot. An empty slot is no error: slot.state says so.
 */
int zdump_load(const char *path, uint32_t slot, struct zdump *ret, struct err *err);

/** The first section of a type, or NULL. */
const struct zdump_section *zdump_find(const struct zdump *z, enum zdump_type type);
/** The name of a section type as it stands in files, e.g. "cos-log"; "unknown" if it has none. */
const char *zdump_type_name(uint32_t type);
/** "whole", "cut" or "corrupt". */
const char *zdump_health_name(enum zdump_health health);
/** Give back what zdump_parse() or zdump_load() filled; harmless on an empty one. */
void zdump_free(struct zdump *z);

#endif /* SHARED_ZDUMP_H */
