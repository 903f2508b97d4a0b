# tap.sh - for end-to-end tests in bash: claims in TAP, processes in the background, and one failed
# host that all tests look at.
#
# A test sources it first and ends with tap_done. It then has: BIN and LOSTBEAT (the programs),
# BUILD_DIR, TMP (a folder that goes away, and with it every process started by `background`).
# tests/run.sh sets LOSTBEAT_BIN; by hand build/bin is taken.
# shellcheck shell=bash disable=SC2034
set -u
BIN=$(cd "${LOSTBEAT_BIN:-$(dirname "${BASH_SOURCE[0]}")/../../build/bin}" && pwd) || exit 2
BUILD_DIR=$(dirname "$BIN")
LOSTBEAT=$BIN/lostbeat
TMP=$(mktemp -d)
tap_count=0
tap_failed=0
tap_background=()

tap_cleanup() {
    local pid
    for pid in "${tap_background[@]}"; do
        kill -9 "$pid" 2>/dev/null
    done
    chmod -R u+w "$TMP" 2>/dev/null
    rm -rf "$TMP"
}
trap tap_cleanup EXIT

# ---- claims ----
ok() { # name
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1"
}
not_ok() { # name, why
    tap_count=$((tap_count + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $1"
    [ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/#   /'
}
skip() { # name, why
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}
check() { # name, command...: it must succeed; what it prints says why not
    local name=$1 said
    shift
    if said=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "${said:-failed: $*}"; fi
}
equal() { # name, got, wanted
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', wanted '$3'"; fi
}
tap_done() {
    echo "1..$tap_count"
    exit $((tap_failed > 0))
}
give_up() { # name, why: nothing behind this can be tried
    not_ok "$1" "$2"
    tap_done
}
json() { # file, jq expression
    jq -r "$2" "$1"
}

# ---- processes ----
background() { # command...: sets background_pid
    "$@" &
    background_pid=$!
    tap_background+=("$background_pid")
}
process_state() { # pid: one letter, nothing when it is gone
    sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null
}
is_gone() { # pid: ended; a zombie has
    local state
    state=$(process_state "$1")
    [ -z "$state" ] || [ "$state" = Z ]
}
now_ms() {
    date +%s%3N
}
until_true() { # seconds, command...
    local end=$(($(now_ms) + $1 * 1000))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(now_ms)" -lt "$end" ] || return 1
        sleep 0.05
    done
}
finished() { # pid, seconds
    until_true "$2" is_gone "$1"
}

# ---- the host that all look at ---- Runs kb-308590 with seed 1 once per build and sets kb_host,
# kb_json (what --json said) and kb_core.
need_kb_host() {
    local folder=$BUILD_DIR/kb-host
    kb_host=$folder/host
    kb_json=$folder/run.json
    if [ ! -s "$kb_json" ] || [ -n "$(find -L "$BIN" "$BUILD_DIR/scenarios" -type f -newer "$kb_json" -print -quit)" ]; then
        rm -rf "$folder"
        mkdir -p "$folder"
        "$LOSTBEAT" run kb-308590 --seed 1 --host "$kb_host" --json >"$kb_json.new" 2>"$folder/err"
        mv "$kb_json.new" "$kb_json"
    fi
    [ "$(json "$kb_json" .outcome)" = lost-heartbeat ] || give_up "kb-308590 ends in a lost heartbeat" "$(cat "$kb_json" "$folder/err")"
    kb_core=$kb_host/$(json "$kb_json" .artefacts.cos_core)
}
