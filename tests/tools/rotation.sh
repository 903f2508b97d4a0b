#!/bin/bash
# rotation.sh - three weeks of a host: logs get another name on Sundays at 4 and at a month's begin,
# nothing is lost at the seam, and who reads them reads all of them.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
host=$TMP/host
log=$host/var/log
# Thursday, 8 October; Sundays are 11, 18, 25 October and 1 November.
check "a host lives from October to November" "$LOSTBEAT" boot "$host" --scenario healthy \
    --at '2009-10-08 12:00:00' --for 25d
for name in vmkernel messages cron; do
    equal "$name was rotated four times" "$(cd "$log" && echo $name*)" \
        "$name $name.1 $name.2 $name.3 $name.4"
done
equal "vmksummary once" "$(cd "$log" && echo vmksummary*)" 'vmksummary vmksummary.1'
equal "the first line of messages is syslogd's restart" \
    "$(head -1 "$log/messages" | sed -E 's/ esx[a-z]* / /')" \
    'Nov  1 04:02:01 syslogd 1.4.1: restart.'

equal "messages.4 has the boot, with the RAM's pages" \
    "$(sed -nE 's/.*On node 0 totalpages: //p' "$log/messages.4")" 204800

# ---- the seam ----
all() { # the log from its first line on
    for i in $(seq 36 -1 1); do [ ! -e "$log/$1.$i" ] || cat "$log/$1.$i"; done
    cat "$log/$1"
}
equal "an hourly line follows the other over the seam" "$(all vmksummary | grep -c ' hb: ')" 601
check "the VMkernel's lines are in order over all files" bash -c "
    $(declare -f all); log='$log'; all vmkernel | sed -E 's/.* vmkernel: ([0-9:.]+) cpu.*/\\1/' |
    awk -F: '{t = ((\$1 * 24 + \$2) * 60 + \$3) * 60 + \$4; if (t < last) exit 1; last = t}'"
early='' sundays=(1 25 18 11)
for i in 1 2 3 4; do # the file that begins on that Sunday, and the one that ends there
    to=$log/vmkernel.$((i - 1))
    [ "$i" -gt 1 ] || to=$log/vmkernel
    awk -v d="${sundays[i - 1]}" '$2 == d && $3 < "04:02:01" {exit 1}' "$to" || early="$early $to"
    awk -v d="${sundays[i - 1]}" '$2 == d && $3 > "04:02:02" {exit 1}' "$log/vmkernel.$i" ||
        early="$early $log/vmkernel.$i"
done
equal "a line is in the file of its time" "$early" ''

# ---- who reads them ----
equal "forecast reads both vmksummaries" \
    "$("$LOSTBEAT" forecast "$host" 2>/dev/null | grep -oE '[0-9]+ hourly lines')" \
    '601 hourly lines'
check "vm-support takes all" bash -c "'$BIN/vm-support' -n --host '$host' -w '$TMP' >/dev/null &&
    tar tzf '$TMP'/esx-*.tgz | grep -q 'var/log/vmkernel.4'"
weekend=(--scenario healthy --at '2009-10-10 12:00:00' --for 20h --json)
"$LOSTBEAT" boot "$TMP/a" "${weekend[@]}" >"$TMP/a.json"
"$LOSTBEAT" boot "$TMP/b" "${weekend[@]}" --clock x1000000 >"$TMP/b.json"
equal "shorter grants leave the same bytes" "$(jq .digest "$TMP/a.json")" \
    "$(jq .digest "$TMP/b.json")"
tap_done
