#!/bin/bash
# reproducible.sh - the same seed gives the same bytes, whatever surrounds the run; another seed
# gives others.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"

digest() { # json file
    json "$1" .digest
}
run() { # name, scenario, seed: in the present surroundings
    "$LOSTBEAT" run "$2" --seed "$3" --host "$TMP/$1" --json >"$TMP/$1.json" 2>"$TMP/$1.err" ||
        cat "$TMP/$1.err"
}
# The same in another folder, time zone, language, environment, with other limits.
run_strangely() (
    cd / || exit
    mkdir -p "$TMP/some where/else"
    junk=$(printf '%05000d' 7)
    export JUNK=$junk TZ=Pacific/Chatham LANG=tr_TR.UTF-8 LC_ALL=C.UTF-8 HOSTNAME=other
    export MALLOC_PERTURB_=165
    ulimit -s 2048
    ulimit -n 256
    ulimit -c 0
    umask 0077
    "$LOSTBEAT" run "$2" --seed "$3" --host "$TMP/some where/else/$1" --json \
        >"$TMP/$1.json" 2>"$TMP/$1.err" || cat "$TMP/$1.err"
)
same() { # claim, json file, json file, host, host, command that shows it again
    local one two
    one=$(digest "$2") two=$(digest "$3")
    if [ -n "$one" ] && [ "$one" = "$two" ]; then
        ok "$1"
    else
        not_ok "$1" "$one $two; again: $6; $(diff -rq "$4" "$5" | grep -v /run)"
    fi
}

# The long one on the second processor while the short ones run. A build with sanitizers takes
# minutes for each of them and has nothing to add: it is digests within one build that compare.
if is_sanitized; then
    long_run=
else
    background run_strangely kb kb-308590 1
    long_run=$background_pid
fi

run a healthy 1
run_strangely b healthy 1
run c healthy 2
equal "healthy survives" "$(json "$TMP/a.json" .outcome)" survived
same "healthy: same seed, other surroundings, same digest" "$TMP/a.json" "$TMP/b.json" \
    "$TMP/a" "$TMP/some where/else/b" "lostbeat run healthy --seed 1 --host DIR"
check "healthy: another seed has another digest" \
    test "$(digest "$TMP/c.json")" != "$(digest "$TMP/a.json")"

claim="kb-308590: same seed, other surroundings, same digest"
if [ -n "$long_run" ]; then
    need_kb_host
    wait "$long_run"
    same "$claim" "$kb_json" "$TMP/kb.json" "$kb_host" "$TMP/some where/else/kb" \
        "lostbeat run kb-308590 --seed 1 --host DIR"
else
    skip "$claim" "sanitizers"
fi
tap_done
