#!/bin/bash
# screen_and_core.sh - the registers on the purple screen are those of the first NT_PRSTATUS in the
# core, low 32 bits; and the task is the one that the last alert names.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
need_kb_host
screen=$kb_host/console/psod.txt

eu-readelf -n "$kb_core" >"$TMP/notes" 2>&1
awk '/PRSTATUS/ {n++} n == 1' "$TMP/notes" | tr ',' '\n' >"$TMP/first"
low32() {
    while read -r value; do printf '%08x\n' $((value & 0xffffffff)); done
}
of_core() { # register; eu-readelf prints some in decimal, some in hexadecimal
    sed -nE "s/.*\b$1: +(-?[0-9][0-9a-fA-FxX]*).*/\1/p" "$TMP/first" | head -1 | low32
}
of_screen() { # register as the screen names it
    grep -oE "\b$1=0x[0-9a-f]+" "$screen" | head -1 | sed 's/.*=//' | low32
}

check "there is a screen" test -s "$screen"
shown_count=0
for pair in ip:rip sp:rsp eax:rax ebx:rbx ecx:rcx edx:rdx ebp:rbp esi:rsi edi:rdi; do
    shown=$(of_screen "${pair%:*}")
    [ -n "$shown" ] || continue
    shown_count=$((shown_count + 1))
    equal "${pair%:*} on the screen is ${pair#*:} of the first NT_PRSTATUS" \
        "$shown" "$(of_core "${pair#*:}")"
done
check "the screen shows registers ($shown_count)" test "$shown_count" -ge 8
ip=$(of_screen ip)
# The entry point stands at the start of the text: 0xc0105000. Only sanitizer builds sit elsewhere.
text=$(readelf -hW "$BIN/cos" | awk '/Entry point/ {print substr($NF, 3, 3)}')
nm "$BIN/cos" | grep -q __asan_init || equal "the kernel text lies at 0xc01....." "$text" c01
equal "ip lies in the kernel text" "${ip:0:3}" "$text"

# Virtual time in ns is the simulator's: no register may hold it, or its low half. Cores are plain.
time_ns=$(grep -aoE '^TIME=[0-9]+' "$kb_core" | head -1 | cut -d= -f2)
holds_no_clock() {
    for register in eax ebx ecx edx ebp esi edi; do
        awk -v shown="$((16#$(of_screen $register)))" -v clock="$((time_ns & 0xffffffff))" 'BEGIN {
            d = shown - clock; exit !(d < 0 ? -d < 2097152 : d < 2097152) }' &&
            { echo "$register"; return 1; }
    done
    return 0
}
check "the core says when" test -n "$time_ns"
check "no register holds the simulator's clock" holds_no_clock

first_pid=$(grep -oE 'pid: [0-9]+' "$TMP/first" | head -1 | grep -oE '[0-9]+')
alert_pid=$(grep 'Lost heartbeat (comm=' "$kb_host/var/log/vmkernel" | tail -1 | grep -oE 'pid=[0-9]+')
equal "the first NT_PRSTATUS is of the task that the last alert names" "pid=$first_pid" "$alert_pid"
tap_done
