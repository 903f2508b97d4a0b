#!/bin/bash
# soak.sh BUILD - every scenario of the catalogue with many seeds: does each end as it says, and do
# its artefacts keep its secrets? `make soak`; hours.
#
#     SEEDS=100      seeds 1..N of each scenario
#     JOBS=2         runs at a time
#     SCENARIOS=...  only these
#
# What a run said lies in BUILD/soak/STAMP/SCENARIO/SEED, where STAMP stands for programs and
# scenarios; a soak that was ended goes on where it stopped. Ends with a table and "N passed, N
# failed", and with 1 when one failed.
set -u
build=$1
LOSTBEAT_BIN=$(cd "$build/bin" && pwd) || exit 2
export LOSTBEAT_BIN
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/lib/hosts.sh"
# shellcheck source=tests/lib/catalogue.sh
. "$(dirname "$0")/lib/catalogue.sh"
seeds=${SEEDS:-100}
jobs=${JOBS:-2}

stamp=$(cat "$BIN"/{cos,vmkernel,vmnixhbd,lostbeat} "$build"/scenarios/{,*/}*.yaml | sha256sum | cut -c1-12)
results=$build/soak/$stamp
mkdir -p "$results"
mapfile -t names < <(if [ -n "${SCENARIOS:-}" ]; then tr ' ' '\n' <<<"$SCENARIOS"; else catalogue_names; fi)
[ ${#names[@]} -gt 0 ] || exit 2

# Worker I of $jobs takes each run whose number leaves I over. Seed by seed, so that all scenarios
# are met early.
worker() { # index
    local n=0 seed name
    for ((seed = 1; seed <= seeds; seed++)); do
        for name in "${names[@]}"; do
            n=$((n + 1))
            [ $((n % jobs)) -eq "$1" ] || continue
            [ -s "$results/$name/$seed" ] && continue
            mkdir -p "$results/$name"
            catalogue_run "$TMP/run.$1" "$name" "$seed" >"$results/$name/$seed.new" 2>&1
            mv "$results/$name/$seed.new" "$results/$name/$seed"
            [ "$(head -c 3 "$results/$name/$seed")" = ok ] || echo "$name --seed $seed: $(head -1 "$results/$name/$seed")"
        done
    done
}
workers=()
for ((i = 0; i < jobs; i++)); do
    background worker "$i"
    workers+=("$background_pid")
done
wait "${workers[@]}"

passed=0
failed=0
printf '\n%-28s %8s %8s  %s\n' scenario passed failed "seeds that failed"
for name in "${names[@]}"; do
    good=0
    bad=()
    for ((seed = 1; seed <= seeds; seed++)); do
        if [ "$(cat "$results/$name/$seed" 2>/dev/null)" = ok ]; then good=$((good + 1)); else bad+=("$seed"); fi
    done
    passed=$((passed + good))
    failed=$((failed + ${#bad[@]}))
    printf '%-28s %8d %8d  %s\n' "$name" "$good" "${#bad[@]}" "${bad[*]}"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
