#!/bin/bash
# cases.sh - docs/cases tell the truth: every command line quoted there (a line of a block that
# begins with "$ ") is run, on hosts that are run for it, exits with status 0, and prints the lines
# that the page shows below it. Numbers may differ (addresses do, by build), and who happened to have
# the CPU; other words may not. usage: cases.sh [PAGE...]
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
cases=$(cd "$(dirname "$0")/../../docs/cases" && pwd)
PATH=$BIN:$PATH
mkdir "$TMP/work" && cd "$TMP/work" || exit 2

# Words without numbers: each number, hexadecimal or not, becomes "#"; blanks become one blank.
words() {
    sed -E 's/0x[0-9a-f]+/#/g; s/\b[0-9a-f]*[0-9][0-9a-f.:]*\b/#/g; s/[ \t]+/ /g; s/ $//' "$@"
}
run_command() { # command: its output into $TMP/got, its status into $status
    bash -c "$1" >"$TMP/got" 2>"$TMP/err"
    status=$?
}
check_command() { # page, command, file of the lines that are wanted
    run_command "$2"
    equal "$1: \"${2:0:90}\" runs" "$status $(cat "$TMP/err")" "0 "
    words "$TMP/got" >"$TMP/got.words"
    words "$3" >"$TMP/want.words"
    check "$1: and prints what the page shows" grep_all "$TMP/want.words" "$TMP/got.words"
}
grep_all() { # wanted lines, file: each stands in it
    local line
    while IFS= read -r line; do
        case $line in *'had the CPU' | *' COMMAND: "'* | *'(comm='*) continue ;; esac
        grep -qxF -- "$line" "$2" || { printf 'not there: %s\n' "$line"; return 1; }
    done <"$1"
}
check_page() { # page
    local name command='' line in_block=no
    name=$(basename "$1" .md)
    : >"$TMP/want"
    while IFS= read -r line <&3; do
        case $line in
        '```'*)
            [ -z "$command" ] || check_command "$name" "$command" "$TMP/want"
            command=''
            [ $in_block = yes ] && in_block=no || in_block=yes
            ;;
        '$ '*)
            [ -z "$command" ] || check_command "$name" "$command" "$TMP/want"
            command=${line#'$ '}
            : >"$TMP/want"
            ;;
        *) [ $in_block = no ] || printf '%s\n' "$line" >>"$TMP/want" ;;
        esac
    done 3<"$1"
}

if is_sanitized; then
    skip "docs/cases" "they show the default build; larger stacks change what memory does"
    tap_done
fi

causes=0
pages=("$@")
# A page for each kind of end, or with `make check-long` every one.
if [ $# -eq 0 ] && is_long; then
    pages=("$cases"/*.md)
elif [ $# -eq 0 ]; then
    pages=("$cases"/{memory-leak,storage-hang,daemon-failed,not-lost-heartbeat}.md)
fi
for page in "${pages[@]}"; do
    [ "$(basename "$page")" != memory-leak.md ] || { need_kb_host && ln -s "$kb_host" leak; }
    check_page "$page"
    causes=$((causes + 1))
    rm -rf ./*
done
equal "each cause has its page" "$(cd "$cases" && printf '%s\n' *.md)" \
    "$(cd "$cases/../../tools/diagnose/causes" && printf '%s\n' cause_*.c |
        sed 's/^cause_//; s/c$/md/; y/_/-/')"
check "and pages were tried" test "$causes" -gt 0
tap_done
