#!/bin/bash
# vmkdump.sh - the VMkernel's dumps, whole and cut, from a slot and from a file.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
small=$(cd "$(dirname "$0")/.." && pwd)/data/small.yaml
host=$TMP/h
vmkdump=$BIN/vmkdump
"$LOSTBEAT" run "$small" --host "$host" >/dev/null 2>&1 || give_up "the small host fails"
slot=$host/dev/vmkcore
cd "$TMP" || exit 2

equal "the slot is listed" "$("$vmkdump" --slots -d "$slot" | head -1)" "$slot: slot 1 of 1, complete"
check "its checksums are right" "$vmkdump" --verify -d "$slot"
equal "/dev/sda5 is the host's partition" "$("$vmkdump" -d /dev/sda5 --host "$host" --read screen | head -2 | tail -1)" "Lost heartbeat"
equal "-l names the file that it made" "$("$vmkdump" -l -d "$slot")" 'created file vmkernel-log.1'
equal "and counts on" "$("$vmkdump" -l -d "$slot")" 'created file vmkernel-log.2'
check "the log has the alert" grep -q 'Lost heartbeat (comm=' vmkernel-log.1
check "and lines that never reached a file of the host" grep -q 'Dumping core to' vmkernel-log.1
equal "the screen in it is the one of the console" "$("$vmkdump" -d "$slot" --read screen)" "$(cat "$host/console/psod.txt")"
sections=$("$vmkdump" --json -d "$slot" | jq '.sections | length')
check "--json names its sections ($sections)" test "$sections" -ge 10
"$LOSTBEAT" reset "$host" --for 1m >/dev/null 2>&1
file=$(ls "$host"/root/vmkernel-zdump-*)
equal "a collected slot still shows its dump" "$("$vmkdump" -d "$slot" --read log | sha256sum)" "$(sha256sum <vmkernel-log.1)"
check "the file is whole" "$vmkdump" --verify "$file"

# ---- cut ----
bytes=$(stat -c %s "$file")
bad='' cuts=0
for cut in $(seq 512 331 $((bytes - 512))); do
    head -c "$cut" "$file" >cut.dump
    "$vmkdump" --json cut.dump >cut.json 2>cut.err
    status=$?
    [ "$status" = 1 ] || bad="$bad $cut:status=$status"
    whole=$(jq '[.sections[] | select(.health == "whole")] | length' cut.json)
    "$vmkdump" --verify cut.dump >said 2>&1 && bad="$bad $cut:verify"
    missing=$(grep -cE '^(missing|cut): section' said)
    [ $((whole + missing)) = "$sections" ] || bad="$bad $cut:$whole+$missing"
    [ "$whole" = "$sections" ] && ! grep -q 'the end of the dump' said && bad="$bad $cut:end"
    cuts=$((cuts + 1))
done
equal "a dump cut at any of $cuts lengths says what is missing" "$bad" ''
at=$("$vmkdump" --json "$file" | jq '.sections[] | select(.name == "vmkernel-log") | .offset + 300')
head -c "$at" "$file" >cut.dump
said=$("$vmkdump" -l cut.dump 2>&1)
equal "a log that is cut: exit status" "$?" 1
check "it is extracted as far as it goes" grep -q '^created file vmkernel-log.3$' <<<"$said"
check "and that is said" grep -q 'the log is cut: ' <<<"$said"

# ---- damaged, or no dump ----
cp "$file" bad
printf 'XXXX' | dd of=bad bs=1 seek=$((at)) conv=notrunc 2>/dev/null
"$vmkdump" --verify bad >said
equal "a damaged section: exit status" "$?" 1
check "it is named" grep -q 'corrupt: section vmkernel-log' said
equal "and costs no other" "$(grep -c section said)" 1
head -c 5000 /dev/urandom >noise
"$vmkdump" noise >/dev/null 2>said
equal "noise is no dump" "$?" 2
equal "which is said in one line" "$(wc -l <said)" 1
"$vmkdump" nothing >/dev/null 2>said
equal "nor is a file that is not there" "$?" 2
"$vmkdump" "$file" --read nothing 2>/dev/null
equal "a section that is none" "$?" 1
"$vmkdump" -d "$slot" --slot 2 >/dev/null 2>said
equal "a slot that is none" "$?" 2
check "--help has examples" bash -c "'$vmkdump' --help | grep -q 'vmkdump -l '"
tap_done
