#!/bin/bash
# docs_tables.sh BIN - write what docs/ has of the tables in the code: docs/scenario.schema.json, and
# the tables of faults in docs/scenarios.md. Tests compare them, so this is for who changed a table.
set -eu
lostbeat=$1/lostbeat
page=docs/scenarios.md
"$lostbeat" list --schema >docs/scenario.schema.json.new
mv docs/scenario.schema.json.new docs/scenario.schema.json
{
    sed '/^<!-- fault keys -->/q' "$page"
    "$lostbeat" list --faults
    sed -n '/^<!-- end of fault keys -->/,$p' "$page"
} >"$page.new"
mv "$page.new" "$page"
