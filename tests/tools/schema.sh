#!/bin/bash
# schema.sh - the JSON Schema of scenario files: as the program prints it, right about what the
# catalogue has, and of the reader's opinion about what is wrong.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
schema=$source_dir/docs/scenario.schema.json
check_schema=$source_dir/tests/lib/check_schema.py

"$LOSTBEAT" list --schema >"$TMP/schema.json"
check "docs/scenario.schema.json is what lostbeat list --schema prints" \
    cmp "$TMP/schema.json" "$schema"
mapfile -t files < <(find "$source_dir/tools/scenarios" -name '*.yaml' | LC_ALL=C sort)
check "every file of the catalogue is valid by it" python3 "$check_schema" "$schema" "${files[@]}"

# Each mistake must be one to both: to the schema and to the program.
wrong() { # what, YAML
    local file=$TMP/wrong.yaml
    printf 'inherits: %s/tools/scenarios/healthy.yaml\n%b\n' "$source_dir" "$2" >"$file"
    if python3 "$check_schema" "$schema" "$file" >"$TMP/said" 2>&1; then
        not_ok "the schema refuses $1" "$(cat "$file")"
    elif "$LOSTBEAT" run "$file" --host "$TMP/host" --json >"$TMP/said" 2>&1; [ $? -ne 2 ]; then
        not_ok "the program refuses $1" "$(cat "$file" "$TMP/said")"
    else
        ok "schema and program refuse $1"
    fi
    rm -rf "$TMP/host"
}
wrong "an unknown key" 'hots: {}'
wrong "an unknown key of the host" 'host: {rma: 32MB}'
wrong "a number without its unit" 'host: {ram: "800"}'
wrong "an unknown cause" 'cause: memory-leek'
wrong "an unknown fault" 'faults: [{type: lake, target: VMap}]'
wrong "a fault without a type" 'faults: [{target: VMap}]'
wrong "a key that a fault does not know" 'faults: [{type: kill, target: VMap, rate: 1MB/h}]'
wrong "a range of three" 'faults: [{type: leak, target: VMap, rate: [1MB/h, 2MB/h, 3MB/h]}]'
wrong "a duration without a unit" 'duration: "3"'
wrong "a text where a list belongs" 'expect: {messages: {contains: Oops}}'
wrong "a window of one end" 'expect: {uptime: [3d]}'
wrong "a draw of files without groups" 'draw: [a.yaml]'
tap_done
