#!/bin/bash
# core_readers.sh - what programs that know nothing of us make of a cos-core: gdb, readelf,
# elfutils, strings.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
need_kb_host
cos=$BIN/cos

gdb_says() { # gdb options...
    gdb -nx -batch -iex 'set auto-load off' -ex 'set pagination off' -ex 'set width 0' "$@" \
        "$cos" "$kb_core" 2>"$TMP/gdb.err"
}
gdb_says -ex 'info threads' >"$TMP/threads"
gdb_complaints=$(grep -viE 'debuginfod|^$' "$TMP/gdb.err")
gdb_says -ex 'thread apply all bt 40' >"$TMP/bt"

# --- threads ---
threads=$(grep -cE '^[* ] +[0-9]+ +(LWP|process|Thread)' "$TMP/threads")
check "gdb lists more than 100 COS tasks ($threads)" test "$threads" -gt 100
check "gdb names a thread by the COS pid of vmnixhbd" grep -qE 'LWP 20[^0-9]' "$TMP/threads"
check "gdb names a thread by the COS pid of VMap" grep -qE 'LWP 9173[^0-9]' "$TMP/threads"
equal "gdb has nothing to complain about" "$gdb_complaints" ""

# --- stacks ---
bt_of() { # pid
    awk -v pid="$1" '/^Thread /{on = ($0 ~ "LWP " pid "[^0-9]")} on' "$TMP/bt"
}
whole() { # file: every stack ends where a task begins, and no frame is without a name
    ! grep -iE 'corrupt|previous frame|\?\? \(\)|Cannot access' "$1"
}
# frames stand newest first: the one that waits lies above __alloc_pages
in_reclaim() {
    awk '/^Thread /{seen = 0}
         / (refill_inactive_zone|rebalance_laundry_zone|wakeup_kswapd|yield) \(/ {seen = 1}
         / __alloc_pages \(/ {if (seen) found = 1}
         END {exit !found}' "$TMP/bt"
}
bt_of 20 >"$TMP/bt20"
check "bt of pid 20 goes through __alloc_pages" grep -qE ' __alloc_pages \(' "$TMP/bt20"
check "bt of pid 20 is whole" whole "$TMP/bt20"
check "all stacks are whole" whole "$TMP/bt"
check "some task stands in the reclaim path below __alloc_pages" in_reclaim

# --- ELF ---
clean() { # command...: exit status 0, and not one word of warning
    "$@" >"$TMP/clean.out" 2>"$TMP/clean.err"
    local status=$?
    [ $status -eq 0 ] && [ ! -s "$TMP/clean.err" ] &&
        ! grep -qiE 'warning|error:' "$TMP/clean.out" && return 0
    echo "exit status $status"
    head -5 "$TMP/clean.err"
    grep -iE 'warning|error:' "$TMP/clean.out" | head -5
    return 1
}
check "readelf -n accepts the core" clean readelf -n "$kb_core"
check "readelf -l accepts the core" clean readelf -lW "$kb_core"
check "eu-readelf -n accepts the core" clean eu-readelf -n "$kb_core"
check "eu-readelf -l accepts the core" clean eu-readelf -l "$kb_core"
check "eu-stack accepts the core" clean eu-stack --core "$kb_core" -e "$cos"
equal "eu-stack walks the stacks of all tasks" "$(grep -c '^TID ' "$TMP/clean.out")" "$threads"

# Only those of CORE: readelf calls every note of type 1 so, also our own.
notes=$(readelf -n "$kb_core" | grep -c '^ *CORE .*NT_PRSTATUS')
equal "there is one NT_PRSTATUS per task that gdb lists" "$notes" "$threads"
check "the core takes no more of the disk than its size" \
    test "$(($(stat -c '%b * %B' "$kb_core")))" -le "$(stat -c %s "$kb_core")"

# --- contents ---
strings "$kb_core" | sort -S 256M | uniq -c | sort -rn | head -3 >"$TMP/strings"
if head -1 "$TMP/strings" | grep -q VMap; then
    ok "the most frequent text in the core is VMap's leak"
else
    not_ok "the most frequent text in the core is VMap's leak" "$(cat "$TMP/strings")"
fi
tap_done
