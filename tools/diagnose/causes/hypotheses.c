/* hypotheses.c - all causes, from the list. */
#include "tools/diagnose/causes/hypothesis.h"

const struct hypothesis *const hypotheses[] = {
#define CAUSE_ENTRY(id, name) &cause_##id,
    CAUSE_LIST(CAUSE_ENTRY)
#undef CAUSE_ENTRY
        NULL,
};
