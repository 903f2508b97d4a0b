/* why.h - how the figures of a diagnosis come about, in sentences with their arithmetic. */
#ifndef TOOLS_DIAGNOSE_WHY_H
#define TOOLS_DIAGNOSE_WHY_H

#include "tools/diagnose/diagnose.h"

#define WHY_MAX 400u

/** Sentence number i. @return false behind the last one */
bool why_sentence(const struct diagnosis *d, uint32_t i, char *to, size_t size);

#endif /* TOOLS_DIAGNOSE_WHY_H */
