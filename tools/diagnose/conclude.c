/* conclude.c - see diagnose.h: the phases behind the reading, in order. */
#include "tools/diagnose/diagnose.h"

#include <stdlib.h>
#include <string.h>

#include "tools/diagnose/check.h"
#include "tools/diagnose/readers/extract.h"
#include "tools/diagnose/readers/failure.h"

#define FNAME_BYTES 8u /* of a name in vmksummary: man ps, `fname` */

/* vmksummary cuts names at 8 bytes and has no pids; where a core knows the process, facts get
 * both. */
static void give_full_names(struct diagnosis *d)
{
    for (int id = 0; id < FACTS; id++) {
        struct fact *f = &d->facts.fact[id];
        for (uint32_t i = 0; f->known && f->who[0] != '\0' && i < d->memory.top_count; i++) {
            const struct diagnosis_process *p = &d->memory.top[i];
            const bool cut = strlen(f->who) == FNAME_BYTES;
            if (p->pid == 0 ||
                (cut ? strncmp(f->who, p->name, FNAME_BYTES) != 0 : strcmp(f->who, p->name) != 0))
                continue;
            memcpy(f->who, p->name, sizeof f->who); /* both are FACT_WHO_MAX bytes */
            f->pid = f->pid != 0 ? f->pid : p->pid;
            break;
        }
    }
}

void diagnosis_conclude(struct diagnosis *d)
{
    reading_end(d);
    failure_decide(d);
    extract_facts(d);
    give_full_names(d);
    check_contradictions(d);
    verdict_reach(&d->facts, &d->verdict);
}

void diagnosis_free(struct diagnosis *d)
{
    if (d == NULL)
        return;
    reading_free(d->reading);
    free(d->hour);
    free(d);
}
