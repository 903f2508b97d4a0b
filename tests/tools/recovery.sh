#!/bin/bash
# recovery.sh - a host that comes back: the story of KB 308590 to its end, starts and clean ends of
# a small host, a VMkernel that is killed while it dumps and while it starts, moves that fail.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
here=$(cd "$(dirname "$0")/.." && pwd)
uuid=4533e089-1dfcdd21-f1d3-001a140ebdca

# ---- the article, and the morning after ----
need_kb_host
cp -a "$kb_host" "$TMP/kb"
core_sum=$(sha256sum <"$TMP/kb/vmfs/volumes/$uuid/cos-core-esxhostname")
slot_sum=$(head -c "$("$BIN/vmkdump" --json -d "$TMP/kb/dev/vmkcore" | jq '[.sections[].offset] | max')" "$TMP/kb/dev/vmkcore" | tail -c +513 | sha256sum)
check "reset in the morning ends well" "$LOSTBEAT" reset "$TMP/kb" --at '2009-11-13 07:13:58'
zdump=$TMP/kb/root/vmkernel-zdump-111309.07.13.1
core=$TMP/kb/root/old_cores/cos-core-esxhostname.1.core.gz
check "the zdump is named after that start" test -s "$zdump"
check "the core is in old_cores, compressed" test -s "$core"
check "the original core is gone" test ! -e "$TMP/kb/vmfs/volumes/$uuid/cos-core-esxhostname"
equal "zcat gives the core that was dumped" "$(zcat "$core" | sha256sum)" "$core_sum"
equal "the zdump holds what was in the slot" \
    "$(head -c "$("$BIN/vmkdump" --json "$zdump" | jq '[.sections[].offset] | max')" "$zdump" | tail -c +513 | sha256sum)" "$slot_sum"
equal "the slot is free" \
    "$("$BIN/vmkdump" --json -d "$TMP/kb/dev/vmkcore" | jq -r .state)" collected
equal "gzip wrote no name and no time" "$(od -An -tx1 -j3 -N5 "$core" | tr -d ' ')" 0000000000
summary=$TMP/kb/var/log/vmksummary
equal "vmksummary goes on as in the article" "$(grep -A1 ' hb: ' "$summary" | grep vmkhalt)" \
    'Nov 13 07:13:58 esxhostname vmkhalt: (1258114439) Starting system...'
check "then VMkernel error, 11 s later" grep -q '^Nov 13 07:14:09 esxhostname logger: (1258114449) VMkernel error$' "$summary"
check "then loaded VMkernel, 55 s later" grep -q '^Nov 13 07:14:53 esxhostname logger: (1258114493) loaded VMkernel$' "$summary"
check "an hour after an hour, to the next day" \
    test "$(sed -n '/loaded VMkernel/,$p' "$summary" | tail -n +2 | grep -c ' hb: ')" -ge 23
check "with its 73 machines" \
    bash -c "tail -1 '$summary' | grep -q ' hb: vmk loaded, [0-9.]*, [0-9.]*, 73, '"
equal "and nobody shut it down" \
    "$(cat "$summary" "$TMP/kb/var/log/messages" | grep -cE 'Halting|Rebooting|shutting down')" 0
check "/proc has the processes of a host that runs" \
    test "$(find "$TMP/kb/proc" -maxdepth 1 -name '[0-9]*' | wc -l)" -ge 100
check "messages tells where the dumps went" grep -q 'vmkdump: dump in slot 1 of 1 copied to /root/vmkernel-zdump-111309.07.13.1$' "$TMP/kb/var/log/messages"
check "the old log was rotated" grep -q 'Lost heartbeat' "$TMP/kb/var/log/vmkernel.1"
check "/proc is that of the new start" \
    test "$(awk '/^SwapFree/ {print $2}' "$TMP/kb/proc/meminfo")" -gt 400000
check "verify finds nothing that differs" "$LOSTBEAT" verify "$TMP/kb"
check "it can be reset again, and halted" "$LOSTBEAT" reset "$TMP/kb" --for 1h --halt
check "at the end Halting system" \
    bash -c "tail -1 '$summary' | grep -q 'vmkhalt: ([0-9]*) Halting system\.\.\.$'"
said=$("$LOSTBEAT" reset "$TMP/kb" 2>&1)
equal "a host that was shut down is not reset" "$?" 2
check "but told to boot" grep -q 'lostbeat boot' <<<"$said"
rm -rf "$TMP/kb"

# ---- a small host, many starts ----
small=$here/data/small.yaml
host=$TMP/small
check "a first boot takes a scenario" "$LOSTBEAT" boot "$host" --scenario "$small" --for 5m
check "another one none" "$LOSTBEAT" boot "$host" --for 5m --reboot
check "and one after a reboot" "$LOSTBEAT" boot "$host"
equal "vmksummary has their lines" "$(sed -E 's/^.{16}esxsmall //; s/\([0-9]+\)/()/' "$host/var/log/vmksummary")" \
    "vmkhalt: () Starting system...
logger: () loaded VMkernel
vmkhalt: () Halting system...
vmkhalt: () Starting system...
logger: () loaded VMkernel
vmkhalt: () Rebooting system...
vmkhalt: () Starting system...
logger: () loaded VMkernel
vmkhalt: () Halting system..."
seconds() { # pattern before, pattern after: difference of the stamps' seconds of the day
    awk -v a="$1" -v b="$2" '{split($3, t, ":"); s = t[1] * 3600 + t[2] * 60 + t[3]}
        $0 ~ a {x = s; seen = 1} seen && $0 ~ b {print s - x; exit}' "$host/var/log/vmksummary"
}
equal "54 s to loaded after a halt" "$(awk '/Halting/ {f=1} f && /Starting/ {split($3,t,":"); x=t[2]*60+t[3]} f && /loaded/ {split($3,t,":"); print (t[2]*60+t[3]-x+3600)%3600; exit}' "$host/var/log/vmksummary")" 54
equal "a reboot takes 92 to 94 s to the next start" "$(d=$(seconds Rebooting Starting); [ "$d" -ge 92 ] && [ "$d" -le 94 ] && echo yes || echo "$d")" yes
check "time does not run backwards" bash -c "! '$LOSTBEAT' boot '$host' --at '2009-10-01 14:00:00' 2>/dev/null"
said=$("$LOSTBEAT" boot "$TMP/none" 2>&1)
equal "a host that is none wants a scenario" "$?" 2
check "and says so" grep -q -- '--scenario' <<<"$said"
check "two boots of one plan leave the same bytes" bash -c "
    '$LOSTBEAT' boot '$TMP/a' --scenario '$small' --for 5m --json | jq -r .digest >'$TMP/a.digest' &&
    '$LOSTBEAT' boot '$TMP/b' --scenario '$small' --for 5m --clock x1000000 --json | jq -r .digest | cmp - '$TMP/a.digest'"

# ---- killed while it dumps, and while it starts ----
"$LOSTBEAT" run "$small" --host "$TMP/seed" >/dev/null 2>&1
plan=$TMP/seed/run/plan.json
# kill_at CALL N HOST: the VMkernel is killed before its Nth call of that name. A few points;
# sweep.py takes them all. Exit status 137: it was.
kill_at() {
    (strace -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=SIGKILL:when=$2" \
        "$BIN/vmkernel" --host "$3"; exit) >/dev/null 2>&1
}
strace -qq -o /dev/null true 2>/dev/null || {
    ok "killed # SKIP strace does not work here"
    tap_done
}
lost=''
points=0
for at in 'fsync 5' 'rename 4' 'ftruncate 6' 'pwrite64 120' 'fsync 11' 'rename 5' 'fsync 12' \
    'rename 8' 'pwrite64 215' 'fsync 19' 'fsync 20'; do
    h=$TMP/cut
    rm -rf "$h"
    mkdir -p "$h/run"
    cp "$plan" "$h/run/plan.json"
    kill_at "${at% *}" "${at#* }" "$h"
    [ ! -e "$h/run/result.json" ] || continue # the dump has fewer of them
    points=$((points + 1))
    had_core=0
    [ ! -e "$h/vmfs/volumes/$uuid/cos-core-esxsmall" ] || had_core=1
    state=$("$BIN/vmkdump" --json -d "$h/dev/vmkcore" | jq -r .state)
    "$LOSTBEAT" reset "$h" --for 1m --halt >"$TMP/said" 2>&1 || lost="$lost $at:reset"
    [ "$had_core" = 0 ] || zcat "$h"/root/old_cores/cos-core-esxsmall.1.core.gz >/dev/null 2>&1 || lost="$lost $at:core"
    case $state in
    empty) grep -q 'no new dump' "$TMP/said" || lost="$lost $at:silent" ;;
    *) [ -s "$(ls "$h"/root/vmkernel-zdump-*.1)" ] || lost="$lost $at:zdump" ;;
    esac
    [ -z "$(find "$h" -name '*.tmp')" ] || lost="$lost $at:tmp"
done
equal "killed at any of $points points of a dump: nothing is lost" "$lost" ''
check "there were such points" test "$points" -ge 9

lost=''
points=0
for at in 'rename 2' 'pwrite64 1' 'fsync 1' 'fsync 2' 'rename 3' 'fsync 3' 'pwrite64 2' 'fsync 4' \
    'pwrite64 4' 'fsync 5' 'rename 4' 'unlink 1' 'fsync 8'; do
    h=$TMP/cut
    rm -rf "$h"
    cp -a "$TMP/seed" "$h"
    # The plan of the next start, as reset makes it; then a VMkernel that dies in it.
    jq '.starts = 1 | .after = 4 | .first_seed = .seed | .epoch_boot_s += 3600 | .boot.epoch_boot_s += 3600' \
        "$plan" >"$h/run/plan.json"
    kill_at "${at% *}" "${at#* }" "$h"
    status=$?
    [ "$status" -eq 137 ] || continue
    points=$((points + 1))
    "$LOSTBEAT" reset "$h" --for 1m --halt >"$TMP/said" 2>&1 || lost="$lost $at:reset"
    [ "$(ls "$h"/root/old_cores | wc -l)" = 1 ] || lost="$lost $at:cores"
    zcat "$h"/root/old_cores/cos-core-esxsmall.1.core.gz | cmp -s - "$TMP/seed/vmfs/volumes/$uuid/cos-core-esxsmall" || lost="$lost $at:core"
    "$BIN/vmkdump" --verify "$h"/root/vmkernel-zdump-* >/dev/null || lost="$lost $at:zdump"
    [ "$(find "$h"/root -maxdepth 1 -name '*zdump*' | wc -l)" = 1 ] || lost="$lost $at:zdumps"
    [ -z "$(find "$h" -name '*.tmp')" ] || lost="$lost $at:tmp"
done
equal "killed at any of $points points of a start: the next one finishes it" "$lost" ''
check "there were such points, too" test "$points" -ge 11

# ---- a full datastore, a small slot, a start without space: faults of a scenario ----
h=$TMP/faulty
check "a run with failing disks ends as its scenario says" "$LOSTBEAT" run "$here/data/full.yaml" --host "$h"
check "no half core is on the datastore" test -z "$(find "$h/vmfs" -name 'cos-core*')"
check "the screen says that there is no core" grep -q 'WARNING: Dump: 361: .* failed: No space left on device' "$h/console/psod.txt"
equal "and that the dump did not fit" "$(tail -1 "$h/console/psod.txt")" 'Dump to slot 1 of 1 failed: No space left on device'
equal "the zdump's notes say it, too" "$("$BIN/vmkdump" -d "$h/dev/vmkcore" --read notes)" 'no cos-core: No space left on device'
check "the next start has no space" bash -c "'$LOSTBEAT' reset '$h' --for 1m --halt | grep -q 'cannot be copied to /root: No space left on device; it stays there'"
check "the one after it has" bash -c "'$LOSTBEAT' boot '$h' | grep -q 'copied to /root/vmkernel-zdump-.*; it is cut'"

# ---- a move that fails ----
h=$TMP/full
cp -a "$TMP/seed" "$h"
rm -rf "$h/root/old_cores"
: >"$h/root/old_cores" # no folder: what is to go there cannot
"$LOSTBEAT" reset "$h" --for 1m --halt >"$TMP/said" 2>&1
check "a start that cannot move the core is one all the same" grep -q 'loaded VMkernel' "$h/var/log/vmksummary"
check "messages says what failed, and that it is tried again" \
    grep -q "cos-core: .*cannot be moved to /root/old_cores: .*next start tries again" "$h/var/log/messages"
check "the original is where it was" cmp "$h/vmfs/volumes/$uuid/cos-core-esxsmall" "$TMP/seed/vmfs/volumes/$uuid/cos-core-esxsmall"
check "the zdump, which went elsewhere, is safe" test -s "$(ls "$h"/root/vmkernel-zdump-*)"
rm "$h/root/old_cores"
"$LOSTBEAT" boot "$h" >"$TMP/said" 2>&1
check "the next start moves it" bash -c "zcat '$h'/root/old_cores/cos-core-esxsmall.1.core.gz | cmp - '$TMP/seed/vmfs/volumes/$uuid/cos-core-esxsmall'"
equal "VMkernel error is told once" "$(grep -c 'VMkernel error' "$h/var/log/vmksummary")" 1
tap_done
