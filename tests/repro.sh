#!/bin/bash
# repro.sh BUILD NOSKIP_BUILD - every scenario of the catalogue gives the same bytes in other
# surroundings, and in a build that carries out each livelock step by step. `make repro`.
#
#     SCENARIOS=...       only these
#     NOSKIP_LIMIT_S=900  a run without the skip that takes longer is given up and told: what half
#                         an hour of livelock costs, page by page, depends on the memory in play
#
# TAP; ends with 1 when a digest differs.
set -u
LOSTBEAT_BIN=$(cd "$1/bin" && pwd) || exit 2
export LOSTBEAT_BIN
noskip=$(cd "$2/bin" && pwd)/lostbeat || exit 2
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/lib/hosts.sh"
# shellcheck source=tests/lib/surroundings.sh
. "$(dirname "$0")/lib/surroundings.sh"
limit_s=${NOSKIP_LIMIT_S:-900}
seed=1

without_skip() { # scenario
    local status=0
    timeout "$limit_s" "$noskip" run "$1" --seed "$seed" --host "$TMP/noskip" --json \
        >"$TMP/noskip.json" 2>"$TMP/noskip.err" || status=$?
    if [ "$status" -eq 124 ]; then
        skip "$1: the same bytes without the livelock skip" "more than $limit_s s"
    else
        same_digest "$1: the same bytes without the livelock skip" "$TMP/plain.json" \
            "$TMP/noskip.json" "$TMP/plain" "$TMP/noskip" "make repro SCENARIOS=$1"
    fi
}

for name in ${SCENARIOS:-$("$LOSTBEAT" list --json | jq -r '.[].name')}; do
    background run_strangely strange "$name" "$seed"
    other=$background_pid
    run_plainly plain "$name" "$seed"
    wait "$other"
    same_digest "$name: the same bytes in other surroundings" "$TMP/plain.json" \
        "$TMP/strange.json" "$TMP/plain" "$TMP/some where/else/strange" "make repro SCENARIOS=$name"
    rm -rf "$TMP/some where"
    without_skip "$name"
    rm -rf "$TMP/plain" "$TMP/noskip"
done
tap_done
