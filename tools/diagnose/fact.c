/* fact.c - see fact.h. */
#include "tools/diagnose/fact.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *unit;
    enum artefact artefact;
} facts[FACTS] = {
#define FACT_ROW(id, text, in, told_by) [id] = { text, in, ARTEFACT_##told_by },
    FACT_LIST(FACT_ROW)
#undef FACT_ROW
};

static void copy(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from != NULL ? from : "");
}

void fact_set(struct facts *f, enum fact_id id, double value, const char *who, const char *file,
              uint32_t line, const char *text)
{
    assert(id < FACTS);
    struct fact *to = &f->fact[id];
    if (to->known)
        return;
    to->known = true;
    to->value = value;
    to->line = line;
    copy(to->who, sizeof to->who, who);
    copy(to->file, sizeof to->file, file);
    copy(to->text, sizeof to->text, text);
}

void fact_forget(struct facts *f, enum fact_id id)
{
    assert(id < FACTS);
    f->fact[id] = (struct fact){ 0 };
}

void facts_forget_file(struct facts *f, const char *file)
{
    for (int id = 0; id < FACTS; id++)
        if (f->fact[id].known && strcmp(f->fact[id].file, file) == 0)
            fact_forget(f, (enum fact_id)id);
}

const char *fact_name(enum fact_id id)
{
    return facts[id].name;
}

const char *fact_unit(enum fact_id id)
{
    return facts[id].unit;
}

enum artefact fact_artefact(enum fact_id id)
{
    return facts[id].artefact;
}

const char *artefact_name(enum artefact a)
{
    static const char *const names[ARTEFACTS] = {
        [ARTEFACT_SCREEN] = "purple screen",  [ARTEFACT_VMKSUMMARY] = "vmksummary",
        [ARTEFACT_VMKLOG] = "vmkernel log",   [ARTEFACT_MESSAGES] = "messages",
        [ARTEFACT_MEMINFO] = "/proc/meminfo", [ARTEFACT_CORE] = "cos-core",
        [ARTEFACT_ZDUMP] = "vmkernel-zdump",  [ARTEFACT_TOP] = "top log",
    };
    return names[a];
}
