/* claims.h - what artefacts say, as key and value with the place where it stands.
 *
 * "screen.eax" = "188564", "core.regs.eax" = "188564": a reader puts what one artefact says under
 * keys of its own; rows.c says which keys must agree. A key may end in an item's name
 * ("screen.pcpu.3.world"), so that lists are compared item by item. Values are text; numbers are
 * decimal. The place leads a person (and the test that edits each of them) to the very bytes. */
#ifndef TOOLS_VERIFY_CLAIMS_H
#define TOOLS_VERIFY_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLAIM_KEY_MAX 96u
#define CLAIM_VALUE_MAX 400u

struct claim_place {
    const char *file;    /* lives as long as the claims */
    const char *section; /* of a zdump, "" = none; static or as the file */
    uint32_t line;       /* from 1; 0 = not a text */
    uint64_t offset;     /* of a core: of the bytes in the file */
    uint32_t bytes;      /* 0 = unknown */
};

struct claim {
    char key[CLAIM_KEY_MAX];
    char *value; /* owned */
    struct claim_place place;
    uint32_t order; /* in which they came */
};

struct claims {
    struct claim *claim;
    uint32_t count, room;
    bool sorted;
};

/** The same file and section, another line. */
struct claim_place claim_line(struct claim_place at, uint32_t line);

/** Put a value under a key; the first one under a key stays. Values that are too long are cut. */
void __attribute__((format(printf, 4, 5)))
claim_text(struct claims *c, struct claim_place at, const char *value, const char *key, ...);
/** The same of a number. */
void __attribute__((format(printf, 4, 5)))
claim_number(struct claims *c, struct claim_place at, int64_t value, const char *key, ...);

/** The claim of that key, NULL when nobody made it. Sorts on first use. */
const struct claim *claim_find(struct claims *c, const char *key);
/** The number under a key. @return false when it is not there */
bool claim_get(struct claims *c, const char *key, int64_t *ret);

/** Give everything back; harmless on an empty record. */
void claims_free(struct claims *c);

#endif /* TOOLS_VERIFY_CLAIMS_H */
