#!/bin/bash
# run.sh BUILD PROGRAM... - run test programs, two at a time, and count: cmocka binaries and scripts,
# both in TAP. TEST_JOBS=N runs N at a time.
#
# A program that prints no TAP counts as one test by its exit status. Tests that a plan ("1..N")
# announced and that never reported count as failed, so a crash is never a pass. What a program said
# lies in BUILD/log/; of failing ones it is shown. The ten slowest are named, then comes the line
# "N passed, N failed".
set -u
export LC_ALL=C
if [ "$1" = --one ]; then
    shift
    one=yes
fi
build=$1
shift
mkdir -p "$build/log"
LOSTBEAT_BIN=$(cd "$build/bin" && pwd)
export LOSTBEAT_BIN
export CMOCKA_MESSAGE_OUTPUT=TAP

# Fuzz targets are replayed over their corpus.
arguments_of() {
    case $1 in
    */fuzz/fuzz_*) printf '%s' "tests/fuzz/corpus/$(basename "$1" | sed 's/^fuzz_//')" ;;
    esac
}

# How long a program may take: 600 s, or what it says in a comment "timeout: N s" near its top.
timeout_of() {
    local own=
    case $1 in
    *.sh | *.py) own=$(sed -n '1,12s/^#.*timeout: \([0-9]*\) s.*/\1/p' "$1") ;;
    esac
    printf '%s' "${own:-${TEST_TIMEOUT_S:-600}}"
}

# Run one program: its line comes at once, its counts and its seconds go to BUILD/log/NAME.counts.
run_one() { # program
    local name log start p f s status=0 figures
    name=$(basename "$1")
    log=$build/log/$name.log
    start=$(date +%s%N)
    # shellcheck disable=SC2046
    timeout "$(timeout_of "$1")" "./${1#./}" $(arguments_of "$1") >"$log" 2>&1 || status=$?
    read -r p f s < <(awk '
        /^1\.\.[0-9]+/ { plan += substr($1, 4) }
        /^ok / { if (toupper($0) ~ /# *SKIP/) s++; else p++ }
        /^not ok / { f++ }
        END { if (plan > p + f + s) f = plan - p - s; printf "%d %d %d\n", p, f, s }' "$log")
    if [ $((p + f + s)) -eq 0 ]; then
        if [ "$status" -eq 0 ]; then p=1; else f=1; fi
    elif [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
    fi
    echo "$p $f $s $((($(date +%s%N) - start) / 100000000)) $name" >"$build/log/$name.counts"
    if [ "$f" -eq 0 ]; then
        # A sweep or a campaign says how wide it was.
        figures=$(sed -n 's/^# \(swept .*\|[0-9]* hostile .*\)/\1/p' "$log" | tail -n 1)
        echo "ok    $name: $p${figures:+ ($figures)}"
    else
        printf '%s\n' "FAIL  $name: $p passed, $f failed, exit status $status; $log says:" \
            "$(tail -n 60 "$log" | sed 's/^/      /')"
    fi
}
if [ -n "${one:-}" ]; then
    run_one "$1"
    exit
fi

# The slowest of the last time come first, so that none is left alone at the end; then the new ones.
in_order() {
    local program tenths
    for program in "$@"; do
        tenths=$(cut -d' ' -f4 "$build/log/$(basename "$program").counts" 2>/dev/null)
        echo "${tenths:-999999} $program"
    done | sort -s -k1,1nr | cut -d' ' -f2-
}
in_order "$@" >"$build/log/order"
for program in "$@"; do rm -f "$build/log/$(basename "$program").counts"; done
xargs -d '\n' -n 1 -P "${TEST_JOBS:-2}" "$0" --one "$build" <"$build/log/order"

# A program without counts was killed together with its runner.
for program in "$@"; do
    cat "$build/log/$(basename "$program").counts" 2>/dev/null || echo "0 1 0 0 $(basename "$program")"
done | sort -k4,4nr >"$build/log/counts"
echo "the slowest:"
head -n 10 "$build/log/counts" | awk '{ printf "%7.1f s  %s\n", $4 / 10, $5 }'
awk '{ p += $1; f += $2; s += $3 }
    END { printf "%d passed, %d failed%s\n", p, f, s ? ", " s " skipped" : ""; exit f > 0 || p == 0 }' \
    "$build/log/counts"
