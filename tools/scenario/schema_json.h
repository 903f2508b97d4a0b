/* schema_json.h - the tables of schema.h as a JSON Schema, for editors that check YAML as it is
 * typed.
 *
 * Draft 2020-12. It is as strict as the reader about keys, names and units, but knows no ranges of
 * quantities and nothing of what a file inherits, so that no key is required. */
#ifndef TOOLS_SCHEMA_JSON_H
#define TOOLS_SCHEMA_JSON_H

#include <jansson.h>

#include "tools/scenario/schema.h"

/** The schema of files that `table` describes. @return an object to release, or NULL: no memory */
json_t *schema_json(const char *title, const struct schema_key *table);

#endif /* TOOLS_SCHEMA_JSON_H */
