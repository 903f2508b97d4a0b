#!/bin/bash
# verify.sh - `lostbeat verify`: a host of ours agrees with itself, docs/verify.md is the program's
# table, and what is no host is refused.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
docs=$(cd "$(dirname "$0")/../../docs" && pwd)
need_kb_host
"$LOSTBEAT" verify --json "$kb_host" >"$TMP/v.json"
equal "kb-308590 agrees with itself" "$?" 0
check "in more than 60 kinds of figures and thousands of pairs" jq -e '.rows_agreeing > 60 and .rows_differing == 0 and .pairs > 5000' "$TMP/v.json"
equal "the shape is lostbeat/verify/1" "$(json "$TMP/v.json" .schema)" lostbeat/verify/1
"$LOSTBEAT" verify --rows >"$TMP/rows"
equal "docs/verify.md holds the table of this program" "$(grep '^| ' "$docs/verify.md" | grep -vc '^| number')" "$(grep -c '^| ' "$TMP/rows" | awk '{print $1 - 1}')"
check "line by line" sh -c 'grep -F "| " "$1" | while IFS= read -r line; do grep -qxF "$line" "$2" || { echo "$line"; exit 1; }; done' - "$TMP/rows" "$docs/verify.md"
cp -r "$kb_host/console" "$kb_host/proc" "$kb_host/dev" "$TMP/" && mkdir -p "$TMP/var" && cp -r "$kb_host/var/log" "$TMP/var/"
sed -i 's/eax=0x/eax=0x7/' "$TMP/console/psod.txt"
"$LOSTBEAT" verify "$TMP" >"$TMP/out"
equal "an edited screen is found: status 1" "$?" 1
check "and named with both places" grep -q "the screen's text" "$TMP/out"
"$LOSTBEAT" verify "$TMP/nothing" >/dev/null 2>"$TMP/err"
equal "no host: status 2 and one line" "$? $(wc -l <"$TMP/err")" "2 1"
tap_done
