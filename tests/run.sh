#!/bin/sh
# run.sh BUILD PROGRAM... - run test programs one after another and count: cmocka binaries and
# scripts, both in TAP.
#
# A program that prints no TAP counts as one test by its exit status. Tests that a plan ("1..N")
# announced and that never reported count as failed, so a crash is never a pass. What a program said
# lies in BUILD/log/; of failing ones it is shown. Ends with "N passed, N failed".
set -u
build=$1
shift
mkdir -p "$build/log"
LOSTBEAT_BIN=$(cd "$build/bin" && pwd)
export LOSTBEAT_BIN
export CMOCKA_MESSAGE_OUTPUT=TAP
passed=0
failed=0
skipped=0

read_counts() {
    p=$1 f=$2 s=$3
}

# Fuzz targets are replayed over their corpus.
arguments_of() {
    case $1 in
    */fuzz/fuzz_*) printf '%s' "tests/fuzz/corpus/$(basename "$1" | sed 's/^fuzz_//')" ;;
    esac
}

# How long a program may take: 600 s, or what it says in a comment "timeout: N s" near its top.
timeout_of() {
    case $1 in
    *.sh | *.py) own=$(sed -n '1,12s/^#.*timeout: \([0-9]*\) s.*/\1/p' "$1") ;;
    *) own= ;;
    esac
    printf '%s' "${own:-${TEST_TIMEOUT_S:-600}}"
}

for program in "$@"; do
    name=$(basename "$program")
    log=$build/log/$name.log
    # shellcheck disable=SC2046
    timeout "$(timeout_of "$program")" "./${program#./}" $(arguments_of "$program") >"$log" 2>&1
    status=$?
    counts=$(awk '
        /^1\.\.[0-9]+/ { plan += substr($1, 4) }
        /^ok / { if (toupper($0) ~ /# *SKIP/) s++; else p++ }
        /^not ok / { f++ }
        END { if (plan > p + f + s) f = plan - p - s; printf "%d %d %d", p, f, s }' "$log")
    # shellcheck disable=SC2086
    read_counts $counts
    if [ $((p + f + s)) -eq 0 ]; then
        [ $status -eq 0 ] && p=1 || f=1
    elif [ $status -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" -eq 0 ]; then
        # A sweep or a campaign says how wide it was.
        figures=$(sed -n 's/^# \(swept .*\|[0-9]* hostile .*\)/\1/p' "$log" | tail -n 1)
        echo "ok    $name: $p${figures:+ ($figures)}"
    else
        echo "FAIL  $name: $p passed, $f failed, exit status $status; $log says:"
        tail -n 60 "$log" | sed 's/^/      /'
    fi
done
[ "$skipped" -eq 0 ] && echo "$passed passed, $failed failed" || echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
