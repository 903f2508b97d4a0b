# surroundings.sh - a run in the present surroundings and one in strange ones, for tests that
# compare their digests. Sourced after hosts.sh.
# shellcheck shell=bash

run_plainly() { # name, scenario, seed: host in $TMP/NAME, report in $TMP/NAME.json
    "$LOSTBEAT" run "$2" --seed "$3" --host "$TMP/$1" --json >"$TMP/$1.json" 2>"$TMP/$1.err" ||
        cat "$TMP/$1.err"
}

# The same in another folder, time zone, language, environment, with other limits; the host is then
# in "$TMP/some where/else/NAME".
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

same_digest() { # claim, json file, json file, host, host, command that shows it again
    local one two
    one=$(json "$2" .digest) two=$(json "$3" .digest)
    if [ -n "$one" ] && [ "$one" = "$two" ]; then
        ok "$1"
    else
        not_ok "$1" "$one $two; again: $6; $(diff -rq "$4" "$5" | grep -v /run)"
    fi
}
