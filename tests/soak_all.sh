#!/bin/bash
# soak_all.sh BUILD - what takes hours: `make soak`.
#
#     PARTS="hostile sweep fuzz scenarios"   which parts, in this order
#     HOSTILE_RUNS=10000  consoles that were taken over, against a whole VMkernel (test_hostile)
#     FUZZ_S=600          seconds for each fuzz target
#     SEEDS=100           seeds of each scenario (soak.sh)
#     JOBS=2              how many run at a time
#
# Each part says in a line how much it did and what it found; what its programs said lies in
# BUILD/soak/PART*.log. Ends with these lines once more, and with 1 when something was found.
set -u
build=$1
here=$(cd "$(dirname "$0")" && pwd)
logs=$build/soak
runs=${HOSTILE_RUNS:-10000}
jobs=${JOBS:-2}
mkdir -p "$logs"
LOSTBEAT_BIN=$(cd "$build/bin" && pwd) || exit 2
export LOSTBEAT_BIN JOBS="$jobs"

# Worker I of $jobs takes its share of the seeds 1..N.
hostile() {
    local i first=1 share pids=() status=0
    rm -f "$logs"/hostile-*.log
    for ((i = 0; i < jobs; i++)); do
        share=$((runs / jobs + (i < runs % jobs)))
        HOSTILE_FIRST=$first HOSTILE_RUNS=$share "$build/tests/sim/test_hostile" >"$logs/hostile-$i.log" 2>&1 &
        pids+=($!)
        first=$((first + share))
    done
    for i in "${pids[@]}"; do wait "$i" || status=1; done
    # "# N hostile consoles: N lost-heartbeat, N cos-panic, ..." of each, added up.
    cat "$logs"/hostile-*.log | awk '
        /^# [0-9]+ hostile/ { total += $2; for (i = 5; i < NF; i += 2) sum[$(i + 1)] += $i; names = $0 }
        END {
            printf "%d hostile consoles outlived:", total
            n = split(names, word, " ")
            for (i = 6; i <= n; i += 2) printf " %d %s", sum[word[i]], word[i]
            print ""
        }'
    grep -h 'HOSTILE_FIRST' "$logs"/hostile-*.log
    return "$status"
}

sweep() {
    local status=0
    {
        "$build/tests/fault/test_sweep" && SWEEP=full "$here/tools/sweep.py"
    } >"$logs/sweep.log" 2>&1 || status=1
    sed -n 's/^# \(swept\)/\1/p' "$logs/sweep.log"
    grep -A 20 '^not ok\|^lost:' "$logs/sweep.log" | head -40
    return "$status"
}

fuzz() {
    local status=0
    make --no-print-directory -C "$here/.." BUILD="$build" FUZZ_S="${FUZZ_S:-600}" fuzz >"$logs/fuzz.log" 2>&1 || status=1
    grep '^ok \|^FAIL \|executions, ' "$logs/fuzz.log"
    return "$status"
}

scenarios() {
    local status=0
    "$here/soak.sh" "$build" >"$logs/scenarios.log" 2>&1 || status=1
    grep -- '--seed' "$logs/scenarios.log"
    tail -n 1 "$logs/scenarios.log"
    return "$status"
}

run_part() {
    case $1 in
    hostile) hostile ;;
    sweep) sweep ;;
    fuzz) fuzz ;;
    scenarios) scenarios ;;
    *) echo "there is no such part; PARTS is some of: hostile sweep fuzz scenarios" && return 1 ;;
    esac
}

bad=0
: >"$logs/figures"
for part in ${PARTS:-hostile sweep fuzz scenarios}; do
    begin=$(date +%s)
    word=ok
    said=$(run_part "$part") || word=FAIL bad=1
    printf '%-5s %s, %d s:\n      %s\n' "$word" "$part" $(($(date +%s) - begin)) "${said//$'\n'/$'\n'      }" |
        tee -a "$logs/figures"
done
echo ----
cat "$logs/figures"
exit "$bad"
