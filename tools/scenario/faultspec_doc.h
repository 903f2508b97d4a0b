/* faultspec_doc.h - the tables of faultspec.c as docs/scenarios.md has them. */
#ifndef TOOLS_FAULTSPEC_DOC_H
#define TOOLS_FAULTSPEC_DOC_H

#include <stdio.h>

/** Print the keys of faults and the table of types in Markdown. */
void faultspec_print_doc(FILE *to);

#endif /* TOOLS_FAULTSPEC_DOC_H */
