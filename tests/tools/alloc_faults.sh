#!/bin/bash
# alloc_faults.sh - failing allocations on whole hosts: each one failing stops the beats, every second
# one does not, and a host with a fault says nothing of it outside run/.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"

run() { # fault: what --json says is then in $TMP/run.json
    rm -rf "$TMP/host"
    "$LOSTBEAT" run healthy --host "$TMP/host" --json --fault "$1" >"$TMP/run.json" 2>"$TMP/err" || cat "$TMP/err" >&2
}
said() {
    json "$TMP/run.json" "$1"
}

run 'fail-page-alloc at=2h probability=100 times=-1'
equal "each allocation of order 0 fails from 2 h on: the heartbeat is lost" "$(said .outcome)" lost-heartbeat
equal "the last beat is the one before" "$(said .beats)" 120
equal "half an hour later" "$(said '.uptime_s / 60 | floor')" 150
check "the journal has it" grep -q '"fail-page-alloc"' "$TMP/host/run/journal"
check "no artefact has it" sh -c '! grep -rqiE "fail-page|fail_page|inject" "$1/var" "$1/console" "$1/proc" "$1/etc"' - "$TMP/host"

run 'fail-page-alloc at=2h probability=100 times=-1 interval=2'
equal "every second one fails: the host lives" "$(said .outcome)" survived
check "with fewer beats than a well one has" jq -e '.beats > 1500 and .beats < 4300' "$TMP/run.json"

run 'fail-page-alloc at=2h for=10m probability=100 times=-1'
equal "ten minutes of it: the host lives" "$(said .outcome) $(said .beats)" "survived 4310"

run 'fail-nth target=vmnixhbd at=2h count=1'
equal "one allocation of vmnixhbd fails: one beat is missing" "$(said .outcome) $(said .beats)" "survived 4319"
tap_done
