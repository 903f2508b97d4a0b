#!/bin/bash
# pressure.sh - the closed loop end to end: 95 % of RAM for a virtual day, nightly jobs and all, and a ramp of swap, each
# within one percent of its order whenever the loop looked; the journal in run/ tells.
. "$(dirname "$0")/../lib/hosts.sh"
ROOT=$(cd "$(dirname "$0")/../.." && pwd)

# scenario NAME FAULT: a host of 272 MB with that one fault
scenario() {
    cat >"$TMP/$1.yaml" <<END
name: $1
title: a closed loop
cause: none
teaches: nothing
source: tests/tools/pressure.sh
inherits: $ROOT/tools/scenarios/hosts/esx-3.5-272.yaml
faults:
  - $2
duration: 34h
expect:
  outcome: survived
END
}
# worst NAME: the largest distance between what was ordered and what was reached, ppm
worst() {
    jq -s '[.[] | select(.what == "level") | .value[0] - .value[1] | fabs] | max' "$TMP/$1/run/journal"
}
# levels NAME: how often the loop told
levels() {
    jq -s '[.[] | select(.what == "level")] | length' "$TMP/$1/run/journal"
}
run() {
    "$LOSTBEAT" run "$TMP/$1.yaml" --seed "$2" --host "$TMP/$1" --json >"$TMP/$1.json"
}

scenario ram '{type: pressure, at: 6h, level: 95%, within: 1h, hold: 24h}'
check "a day under 95 % of RAM leaves the host alive" run ram 1
check "the loop told of its ramp and of each ten minutes" test "$(levels ram)" -ge 240
check "RAM stayed within one percent of what was ordered" test "$(worst ram)" -le 10000
check "the OOM killer had no work" bash -c "! grep -q 'Out of Memory' '$TMP/ram/var/log/messages'"
check "the memory came back" test "$(awk '/^MemFree/ {print $2}' "$TMP/ram/proc/meminfo")" -gt 60000

scenario swap '{type: pressure, name: archiver, at: 6h, level: 80%, within: 1h, hold: 4h, resource: swap}'
check "80 % of swap leaves the host alive" run swap 1
check "swap stayed within one percent of what was ordered" test "$(worst swap)" -le 10000
check "the slots came back" test "$(awk '/^SwapFree/ {print $2}' "$TMP/swap/proc/meminfo")" -gt 500000

scenario shape '{type: pressure, name: archiver, at: 6h, level: 60%, within: 10m, hold: 1h, resource: swap, shape: step}'
check "a step is there within its time" run shape 1
check "the host has it ten minutes later" test "$(jq -s '[.[] | select(.what == "level" and .at_ns > 22200e9)][0].value[1]' \
    "$TMP/shape/run/journal")" -ge 590000

# One rule of when a fault is over: for the console that ends it, and for what comes `then`.
"$LOSTBEAT" run healthy --host "$TMP/then" --json --fault none --fault \
    "spike target=vmware-hostd size=10MB at=1h within=10m hold=20m for=2h then kill target=VMap" \
    >"$TMP/then.json"
events='[.[] | .type + " " + .what + " " + (.at_ns / 6e10 | tostring)] | join(", ")'
equal "the next fault begins when the one before ends" \
    "$(jq -rs "$events" "$TMP/then/run/journal")" "spike begins 60, spike ends 90, kill begins 90"
tap_done
