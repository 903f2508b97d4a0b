#!/bin/bash
# scenarios.sh BUILD - virtual seconds per second of every scenario, one after another, dumps
# included; hosts go as they end. SCENARIOS="a b" takes only these.
set -eu
lostbeat=$1/bin/lostbeat
goal=100000
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for name in ${SCENARIOS:-$("$lostbeat" list --json | jq -r '.[].name')}; do
    "$lostbeat" run "$name" --host "$tmp/host" --json >"$tmp/json" 2>"$tmp/err" || true
    rm -rf "$tmp/host"
    jq -r '[(.virtual_s / .wall_s | floor), .virtual_s, .wall_s, .scenario, .outcome, .as_expected] | @tsv' "$tmp/json" 2>/dev/null ||
        echo "speed of $name: no result: $(head -1 "$tmp/err")" >&2
done >"$tmp/table"
sort -n "$tmp/table" | awk -F'\t' -v goal=$goal '
    { printf "speed of %-26s %9d virtual seconds per second: %5.1f days in %5.1f s, %s%s\n",
             $4 ":", $1, $2 / 86400, $3, $5, $6 == "true" ? "" : " (UNEXPECTED)" }
    $2 >= 86400 && long == "" { long = $4; speed = $1 }
    # Half an hour of uptime is over before the dump is written: its pace says nothing.
    $2 < 86400 { short = short " " $4 }
    END {
        if (long != "")
            printf "slowest: %s with %d virtual seconds per second (goal: above %d)%s\n", long, speed, goal, (speed > goal ? "" : " NOT MET")
        if (short != "")
            printf "         of those that lived for a day; less than that lived%s\n", short
    }'
