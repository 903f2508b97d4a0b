#!/bin/bash
# same.sh OLD NEW - do two builds tell the same of every scenario? For work that moves or rewrites
# code and must change no outcome.
#
# OLD and NEW are build folders. Each scenario of the catalogue runs with one seed in both. Where
# the file `cos` is equal, so is the whole digest. Where it is not, addresses in the console's text
# may differ: then every file but core, dump partition and screen is equal byte for byte, and those
# are equal as text: crash's ps, kmem -i, log and traces, the sections of the dump and the screen,
# all without addresses.
#
#     SCENARIOS=...   only these
#     SEED=1
#     TOOLS=1         also what diagnose, explain, verify and forecast say of each host
#
# What a build's runs said lies in BUILD/same/SCENARIO-SEED and is made anew when the build
# changes. TAP; ends with 1 when something differs.
set -u
[ $# -eq 2 ] || { echo "usage: tests/same.sh OLD-BUILD NEW-BUILD" >&2; exit 2; }
old=$(cd "$1" && pwd) || exit 2
new=$(cd "$2" && pwd) || exit 2
LOSTBEAT_BIN=$new/bin
export LOSTBEAT_BIN
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/lib/hosts.sh"
seed=${SEED:-1}

# Addresses in the console, hexadecimal or decimal, bytes of its text, and the registers that a
# call may use as it likes: what is left is the same for every layout of its text and stacks.
without_addresses() {
    sed -E 's/\b([er][a-d]x|[er][sd]i|[er]bp|r[0-9]+)( *[=:] *)(0x)?[0-9a-f]+/\1\2REGISTER/gI
        s/\b(0x)?[c-fC-F][0-9a-fA-F]{7}\b/ADDRESS/g; s/\b3[2-9][0-9]{8}\b/ADDRESS/g
        s/"offset": [0-9]+/"offset": OFFSET/; s/\+0x[0-9a-f]+(\/0x[0-9a-f]+)?/+OFFSET/g
        s/(Code:)( [0-9a-f]{2})+/\1/'
}

# All lines of the files in a folder, each with its file's name, as two builds are compared: without
# the suffix of a function that the compiler made a special copy of, and without the call traces
# that the console's kernel prints: as 2.4 does, those show every word of a stack that may be an
# address of text, also what earlier calls left there. Live stacks are compared by crash.
lines_of() { # folder
    (cd "$1" && grep -ra '' . | LC_ALL=C sort -s -t: -k1,1) | without_addresses |
        sed -E '/\[<ADDRESS>\].*\[kernel\]/d; s/(\[kernel\]) 0x[0-9a-f]+/\1 OFFSET/
            s/\.(constprop|isra|part)\.[0-9]+//g
            s/ +((ADDRESS|[0-9a-f]{8}) *){4,}$/ WORDS/'
}

# What stands in a core, a dump and a screen, as text.
texts_of() { # build, host, json, folder
    local core crash=$1/bin/lostbeat what
    core=$(jq -r '.artefacts.cos_core // ""' "$3")
    if [ -f "$2/$core" ]; then
        for what in ps "kmem -i" log "foreach bt"; do
            "$crash" crash -c "$what" "$2/$core" 2>&1 | without_addresses >"$4/crash-${what// /-}"
        done
    fi
    for what in $("$1/bin/vmkdump" --json "$2/dev/vmkcore" 2>/dev/null | jq -r '.sections[].name'); do
        "$1/bin/vmkdump" --read "$what" "$2/dev/vmkcore" 2>&1 |
            without_addresses >"$4/vmkdump-$what"
    done
    [ ! -f "$2/console/psod.txt" ] || without_addresses <"$2/console/psod.txt" >"$4/psod"
}

# What the tools make of a host. Wording may change on purpose; then the difference is to be read.
tools_of() { # build, host, folder
    local tool file
    mkdir -p "$3"
    for tool in diagnose explain verify forecast; do
        case $tool in
        explain) file=$2/console/psod.txt ;;
        forecast) file=$2/var/log/vmksummary ;;
        *) file=$2 ;;
        esac
        "$1/bin/lostbeat" "$tool" "$file" 2>&1 | sed "s,$2,HOST,g" | without_addresses >"$3/$tool"
        "$1/bin/lostbeat" "$tool" --json "$file" 2>&1 | sed "s,$2,HOST,g" |
            without_addresses >"$3/$tool.json"
    done
}

record() { # build, scenario
    local build=$1 dir=$1/same/$2-$seed host stamp
    stamp=${TOOLS:-}$(cat "$build"/bin/{cos,vmkernel,vmnixhbd,vmkdump} "$build"/scenarios/{,*/}*.yaml | sha256sum)
    [ "$(cat "$dir/of" 2>/dev/null)" != "$stamp" ] || return 0
    host=$TMP/$(basename "$(dirname "$build")")-$2
    rm -rf "$dir" "$host"
    mkdir -p "$dir/texts"
    "$build/bin/lostbeat" run "$2" --seed "$seed" --host "$host" --json >"$dir/json" 2>"$dir/err"
    (cd "$host" && find . -type f ! -path './run/*' | LC_ALL=C sort |
        grep -vE '^\./(dev/vmkcore|console/psod\..*|vmfs/volumes/[^/]*/cos-core-.*)$' |
        xargs sha256sum) >"$dir/files"
    texts_of "$build" "$host" "$dir/json" "$dir/texts"
    [ -z "${TOOLS:-}" ] || tools_of "$build" "$host" "$dir/tools"
    sha256sum <"$build/bin/cos" >"$dir/cos"
    jq -S 'del(.wall_s, .host, .timings, .build)' "$dir/json" >"$dir/said"
    rm -rf "$host"
    echo "$stamp" >"$dir/of"
}

compare() { # scenario
    local a=$old/same/$1-$seed b=$new/same/$1-$seed
    if cmp -s "$a/cos" "$b/cos"; then
        diff "$a/said" "$b/said"
    else
        diff <(jq 'del(.digest)' "$a/said") <(jq 'del(.digest)' "$b/said")
        diff "$a/files" "$b/files"
        diff <(lines_of "$a/texts") <(lines_of "$b/texts")
    fi
}

# JSON without the order of its keys, numbers to six digits; what is none as it is.
plain_json() { # file
    sed 's/: OFFSET/: "OFFSET"/' "$1" | jq -S 'walk(if type == "number" and . != floor
        then pow(10; 5 - (fabs | log10 | floor)) as $p | . * $p | round / $p else . end)' \
        2>/dev/null || cat "$1"
}
# Text word by word: where a line is folded does not matter.
tools_lines_of() { # folder
    local file
    lines_of "$1" | grep -v '^\./[a-z]*\.json:' | cut -d: -f2- | tr -s ' ' '\n'
    for file in "$1"/*.json; do plain_json "$file"; done
}

names=${SCENARIOS:-$("$LOSTBEAT" list --json | jq -r '.[].name')}
worker() { # 0 or 1: each takes every second scenario
    local n=0 name
    for name in $names; do
        n=$((n + 1))
        [ $((n % 2)) -eq "$1" ] || continue
        record "$old" "$name"
        record "$new" "$name"
    done
}
background worker 0
other=$background_pid
worker 1
wait "$other"
for name in $names; do
    said=$(compare "$name" 2>&1)
    if [ -z "$said" ]; then
        ok "$name: the same"
    else
        not_ok "$name: the same" "$said"
    fi
    [ -z "${TOOLS:-}" ] || check "$name: the tools say the same" \
        diff <(tools_lines_of "$old/same/$name-$seed/tools") \
        <(tools_lines_of "$new/same/$name-$seed/tools")
done
tap_done
