# hosts.sh - for the bash scripts in tests/tools that run real hosts: claims, deadlines, processes.
# Sourced, not run.
#
#     check "what should be so" command...     ok when the command succeeds
#     equal "what should be so" GOT WANTED
#     ok CLAIM / not_ok CLAIM [WHY]            when the script has found out by itself
# and at the end `tap_done`. Nothing sleeps for a fixed time: `until_true SECONDS command...` polls
# with a deadline. What a script starts with `background` is ended with it, by process id.
# shellcheck shell=bash
set -u
export LC_ALL=C
BIN=${LOSTBEAT_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/build/bin}
BUILD_DIR=$(dirname "$BIN")
LOSTBEAT=$BIN/lostbeat
TMP=$(mktemp -d "${TMPDIR:-/tmp}/lostbeat-test.XXXXXX")
tap_count=0
tap_failed=0
tap_children=()
# What the functions below hand back.
background_pid='' finished_status='' kb_host='' kb_json='' kb_core=''

# end_process PID: kill a child of ours, and keep the shell from telling.
end_process() {
    kill -9 "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

tap_cleanup() {
    local pid
    for pid in ${tap_children[@]+"${tap_children[@]}"}; do end_process "$pid"; done
    rm -rf "$TMP"
}
trap tap_cleanup EXIT
trap 'exit 130' INT TERM

ok() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1"
}

not_ok() {
    tap_count=$((tap_count + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $1"
    [ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/#   /' | head -n 40
}

skip() { # claim, reason
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

check() {
    local claim=$1 said
    shift
    if said=$("$@" 2>&1); then ok "$claim"; else not_ok "$claim" "$* says: $said"; fi
}

equal() {
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got \"$2\", wanted \"$3\""; fi
}

tap_done() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
    exit
}

# The last word when going on makes no sense.
give_up() {
    not_ok "$@"
    tap_done
}

now_ms() {
    date +%s%3N
}

until_true() {
    local end
    end=$(($(now_ms) + $1 * 1000))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(now_ms)" -lt "$end" ] || return 1
        sleep 0.02
    done
}

# background COMMAND...: start it; its process id is then in $background_pid.
background() {
    "$@" &
    background_pid=$!
    tap_children+=("$background_pid")
}

process_state() { # pid
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f1
}

is_gone() { # pid; a process that nobody has reaped yet is gone, too
    ! kill -0 "$1" 2>/dev/null || [ "$(process_state "$1")" = Z ]
}

# finished PID SECONDS: wait for a child with a deadline; its exit status is then in
# $finished_status.
finished() {
    until_true "$2" is_gone "$1" || return 1
    wait "$1"
    # shellcheck disable=SC2034
    finished_status=$?
}

is_sanitized() {
    nm -D "$BIN/vmkernel" 2>/dev/null | grep -q __asan
}

# `make check-long`: all of it, and not what a commit needs.
is_long() {
    [ -n "${LOSTBEAT_LONG:-}" ]
}

json() { # file, jq filter
    jq -r "$2" "$1"
}

# Sets $kb_host to a host on which kb-308590 ran to its end, $kb_json to what the run said, and
# $kb_core to its core. Made once per build and used by all scripts.
need_kb_host() {
    local cache=$BUILD_DIR/tests/hosts lock stamp want
    mkdir -p "$cache"
    exec {lock}>"$cache/lock"
    flock "$lock"
    kb_host=$cache/kb-308590-1
    kb_json=$kb_host.json
    stamp=$kb_host.of
    want=$(cat "$BIN"/{cos,vmkernel,vmnixhbd,lostbeat} "$BUILD_DIR"/scenarios/{,*/}*.yaml | sha256sum)
    # gdb complains of an executable that is newer than the core, whatever stands in it.
    if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || [ "$BIN/cos" -nt "$stamp" ]; then
        rm -rf "$kb_host" "$stamp"
        "$LOSTBEAT" run kb-308590 --seed 1 --host "$kb_host" --json >"$kb_json" 2>"$kb_host.err"
        [ -s "$kb_json" ] || give_up "kb-308590 runs to its end" "$(cat "$kb_host.err")"
        echo "$want" >"$stamp"
    fi
    exec {lock}>&-
    # shellcheck disable=SC2034
    kb_core=$kb_host/$(json "$kb_json" .artefacts.cos_core)
}
