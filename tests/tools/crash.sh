#!/bin/bash
# crash.sh - `lostbeat crash` on real cores: agrees with gdb, needs nothing but the core, and says
# what a cut one lacks.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
lib=$(cd "$(dirname "$0")/../lib" && pwd)
need_kb_host

crash() { "$LOSTBEAT" crash "$@"; }
says() { # core, command, pattern...: the command prints a line of each pattern
    local core=$1 command=$2
    shift 2
    crash -c "$command" "$core" >"$TMP/said" 2>"$TMP/said.err" || { cat "$TMP/said.err"; return 1; }
    for pattern in "$@"; do
        grep -qE "$pattern" "$TMP/said" || { echo "no line of '$pattern':"; head -n 20 "$TMP/said"; return 1; }
    done
}
status_of() { # wanted, words on stderr ("" = nothing at all), arguments...
    local wanted=$1 words=$2
    shift 2
    crash "$@" >"$TMP/said" 2>"$TMP/said.err" </dev/null
    local got=$?
    if [ $got -eq "$wanted" ] && [ -z "$words" ]; then
        [ ! -s "$TMP/said.err" ] && return 0
    elif [ $got -eq "$wanted" ]; then
        grep -qE "$words" "$TMP/said.err" && return 0
    fi
    echo "status $got, wanted $wanted with '$words'; stderr:"
    cat "$TMP/said.err"
    return 1
}
one_line() { status_of "$@" && [ "$(wc -l <"$TMP/said.err")" -eq 1 ]; }

# --- gdb, with its own unwinder and the executable's types, says the same ---
agrees() { # core
    gdb -nx -batch -iex 'set auto-load off' -x "$lib/crash_gdb.py" "$BIN/cos" "$1" 2>"$TMP/gdb.err" |
        tail -n 1 >"$TMP/gdb.json"
    crash --json -c ps "$1" >"$TMP/ps.json" && crash --json -c 'kmem -i' "$1" >"$TMP/kmem.json" &&
        crash --json -c 'foreach bt' "$1" >"$TMP/bt.json" || return 1
    python3 "$lib/crash_compare.py" "$TMP"/{gdb,ps,kmem,bt}.json || { tail -n 3 "$TMP/gdb.err"; return 1; }
}
check "gdb agrees on ps, kmem -i and every frame of bt: kb-308590" agrees "$kb_core"
# Nothing of a program stands on a kernel stack: each ends where the kernel was entered.
ends_at_the_border() { # core
    crash --json -c 'foreach bt' "$1" >"$TMP/ends.json" || return 1
    jq -r '.tasks[] | select(has("user_mode") | not) | "\(.comm) \(.end) \(.frames[-1].function)"' \
        "$TMP/ends.json" |
        awk -v ends='^(system_call|error_code|ret_from_intr|ret_from_fork|task_start|startup_32)$' '
            { n++ } / whole / && $NF ~ ends { next }
             { print } END { exit n < 20 }' >"$TMP/ends" && [ ! -s "$TMP/ends" ] && return 0
    head -n 5 "$TMP/ends"
    return 1
}
if is_sanitized; then
    skip "stacks end at the border" "one stack for programs and kernel"
else
    check "every stack ends where the kernel was entered: kb-308590" ends_at_the_border "$kb_core"
fi
# fifo-spinner's task computes.
shows_user_mode() {
    local screen=$TMP/fifo-spinner/console/psod.txt
    check "bt says user mode, and where" says "$core" bt 'user mode at 0073:08[0-9a-f]{6} ' 'esp: bfff'
    check "the screen has the program's registers" grep -qE '^frame=.* ip=0x8[0-9a-f]{6} ' "$screen"
    check "and its segments" grep -q '^es=0x7b ds=0x7b' "$screen"
    check "the console's log has them, and no stack" log_shows_user_mode
    check "gdb shows one frame without a name" one_frame_for_gdb
    check "every other stack ends where the kernel was entered" ends_at_the_border "$core"
}
log_shows_user_mode() {
    "$BIN/vmkdump" --read cos-log -d /dev/sda5 --host "$TMP/fifo-spinner" >"$TMP/said"
    grep -qE 'EIP: +0073:\[<08' "$TMP/said" && ! grep -qE 'Call Trace|EIP is at' "$TMP/said"
}
one_frame_for_gdb() {
    gdb -nx -batch -iex 'set auto-load off' -ex bt "$BIN/cos" "$core" >"$TMP/said" 2>&1
    grep -qE '^#0  0x0*8[0-9a-f]{6} in \?\? \(\)' "$TMP/said" && ! grep -q '^#1' "$TMP/said"
}
# With sanitizers a task's stack is eight pages in a row, which cron does not find for a storm.
scenarios="daemon-stopped fifo-spinner"
if is_sanitized; then skip "a fork storm" "sanitizers"; else scenarios+=" fork-storm"; fi
for scenario in $scenarios; do
    "$LOSTBEAT" run "$scenario" --host "$TMP/$scenario" --json >"$TMP/$scenario.json" 2>"$TMP/$scenario.err"
    core=$TMP/$scenario/$(json "$TMP/$scenario.json" .artefacts.cos_core)
    check "gdb agrees on ps, kmem -i and every frame of bt: $scenario" agrees "$core"
    case $scenario in
    daemon-stopped) check "why: a stopped vmnixhbd waits for SIGCONT" says "$core" 'why 20' 'state ST' 'stopped by a signal' ;;
    fifo-spinner)
        is_sanitized || shows_user_mode
        check "why: the real-time task above vmnixhbd is named" says "$core" 'why 20' \
            'stands before it with real-time priority' 'waits for the CPU'
        ;;
    fork-storm) check "why: many small processes are one owner" says "$core" 'why 20' '[0-9]+ processes .* own [0-9]+ kB of anonymous memory' ;;
    esac
    check "nothing is inconsistent: $scenario" status_of 0 '' -c 'kmem -f' -c 'kmem -z' -c swap -c runq "$core"
    [ "$scenario" = fifo-spinner ] || rm -rf "${TMP:?}/$scenario"
done
small=$TMP/fifo-spinner/$(json "$TMP/fifo-spinner.json" .artefacts.cos_core)

# --- what stands in kb-308590's core ---
check "sys names release, memory and the stun" says "$kb_core" sys 'RELEASE: 2\.4\.21' 'MEMORY: 800\.0 MB' 'stunned'
check "ps -m: VMap is the biggest" says "$kb_core" 'ps -m' '^. *9173 .* VMap$'
equal "ps -m lists it first" "$(sed -n 2p "$TMP/said" | awk '{print $NF}')" VMap
check "kmem -f verifies every free list" says "$kb_core" 'kmem -f' 'nr_free_pages: .*\(verified\)'
check "swap is full, and the map agrees" says "$kb_core" swap 'PARTITION +554168k +554168k +100%' 'swap map: 138542 slots in use'
check "log holds the OOM killer's words" says "$kb_core" log '^Avoiding OOM kill due to 1 pending'
check "log -m has levels" says "$kb_core" 'log -m' '^<[0-7]>Avoiding OOM kill due to 1 pending'
check "vm 9173 shows its heap" says "$kb_core" 'vm 9173' 'rw .*\[heap\]' 'in swap'
check "task 20 shows its reclaim passes" says "$kb_core" 'task 20' 'RECLAIM: [1-9][0-9]+ passes'
check "rd reads by symbol" says "$kb_core" 'rd zone_table 4' 'DMA'
check "search finds a name in memory" says "$kb_core" 'search -n 1 vmware-hostd' '[1-9][0-9]* found'
check "leak shows what VMap does not release" says "$kb_core" 'leak 9173' '^ *9[0-9]% .*not released' 'in swap, which is not in a core'
check "why 20: allocator, marks, full swap, and who owns the memory" says "$kb_core" 'why 20' '__alloc_pages' \
    'zone Normal: .* \(min ' 'swap: 0 of 554168 kB are free' 'pid 9173 \(VMap\) owns'
check "stacks hold yield() and __alloc_pages()" says "$kb_core" 'bt 20' 'yield at' '__alloc_pages at'
check "the executable adds lines of source" env LC_ALL=C "$LOSTBEAT" crash -e "$BIN/cos" -c 'bt 20' "$kb_core"
crash -e "$BIN/cos" -c 'bt 20' "$kb_core" >"$TMP/said"
check "they name file and line" grep -qE 'cos/kernel/mm/v24/page_alloc\.c: [0-9]+' "$TMP/said"
check "all commands find kb-308590's core consistent" status_of 0 '' -c 'kmem -z' -c 'kmem -s' -c runq -c 'foreach bt' "$kb_core"

# --- the same from a pipe, as gzip, as JSON ---
crash -c ps "$small" >"$TMP/ps.plain"
echo ps | crash "$small" >"$TMP/ps.pipe"
check "commands from a pipe" cmp "$TMP/ps.plain" "$TMP/ps.pipe"
gzip -1 <"$small" >"$TMP/small.core.gz"
crash -c ps "$TMP/small.core.gz" >"$TMP/ps.gz"
check "a .gz core reads like the plain one" cmp "$TMP/ps.plain" "$TMP/ps.gz"
check "no colour outside of a terminal" sh -c '! grep -q "$(printf "\033")" "$1"' - "$TMP/ps.plain"
for command in sys ps 'bt 20' 'kmem -i' 'kmem -f' 'kmem -s' 'kmem -z' log swap 'vm 20' 'task 20' runq 'rd mem_map' \
    'search vmware' 'leak 20' 'why 20' help 'sym mem_map'; do
    crash --json -c "$command" "$small" >"$TMP/out.json" 2>/dev/null
    name=${command%% [0-9mv]*}
    name=${name// /}
    equal "--json of $command is lostbeat/crash-$name/1" "$(json "$TMP/out.json" .schema)" "lostbeat/crash-$name/1"
done

# --- damage ---
cp --sparse=always "$small" "$TMP/cut"
truncate -s 100M "$TMP/cut"
check "a cut core: status 1, and what is missing" status_of 1 'the file is cut: 104857600 of [0-9]+ bytes' -c ps "$TMP/cut"
check "its tasks are there as far as they can be" test "$(wc -l <"$TMP/said")" -gt 1
head -c "$(($(stat -c %s "$TMP/small.core.gz") / 2))" "$TMP/small.core.gz" >"$TMP/cut.gz"
check "a cut .gz: status 1, and what is missing" status_of 1 'gzip: the file ends' -c 'kmem -i' "$TMP/cut.gz"
head -c 900 "$small" >"$TMP/head"
check "a core cut in its first notes is refused in one line" one_line 2 'no LOSTBEAT note' -c ps "$TMP/head"
check "an executable is no core" one_line 2 'is no core' -c ps "$BIN/cos"
check "a text is no core" one_line 2 'byte 0: neither an ELF file' -c ps "$0"
check "a file that is not there" one_line 2 'No such file' -c ps "$TMP/nothing"
check "another executable is refused" one_line 2 'build id' -e "$BIN/vmkernel" -c 'bt 20' "$small"
check "an unknown command is told: status 2" status_of 2 "no command 'pss'" -c pss "$small"
check "an unknown task is told: status 2" status_of 2 "no task '31999'" -c 'bt 31999' "$small"
tap_done
