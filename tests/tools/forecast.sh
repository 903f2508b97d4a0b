#!/bin/bash
# forecast.sh - `lostbeat forecast`: the article's two lines, rotated and damaged files, and the one
# claim that matters: of the intervals given for hosts that were stopped at several points of their
# way down, about 80 % hold the hour at which they really failed.
. "$(dirname "$0")/../lib/tap.sh"
data=$(cd "$(dirname "$0")/../data" && pwd)
cd "$TMP" || exit 1

run_to() { # status, command...: it must end so; its output goes to out and err
    local wanted=$1 got=0
    shift
    "$@" >out 2>err </dev/null || got=$?
    [ "$got" -eq "$wanted" ] || { echo "exit status $got, not $wanted"; cat err; return 1; }
}
says() { # text
    tr -s ' \n' '  ' <out | grep -qF -e "$1" || { head -60 out; return 1; }
}
shape() { # jq expression over out
    jq -e "$1" out >/dev/null || { head -80 out; return 1; }
}
forecast() {
    run_to 0 "$LOSTBEAT" forecast "$@"
}

kb=$data/kb-308590
check "the article's vmksummary and meminfo" forecast "$kb/vmksummary" "$kb/meminfo"
check "VMap grows by 2662 kB per exact hour" says "VMap 586196 kB = 73.3 % of RAM, +2662 kB/h"
check "swap is full, read as bytes" says "swap used: 554168 kB, 100.0 % (read as bytes"
check "the host went down and that is told" says "the host went down after that line"
check "two lines are few and that is told" says "only 2 lines: the interval is our choice"
check "the lines are late and that is told" says "late 44: later than hh:01:01"
check "--json" forecast --json "$kb/meminfo" "$kb/vmksummary"
check "has the shape" shape '.schema == "lostbeat/forecast/1" and .outlook == "growing" and .host == "esxhostname" and .build == "153875" and
    .memory.swap_used_pct == 100 and .memory.ram_kb == 799732 and .growers[0].name == "VMap" and (.growers | length) == 1 and
    (.growers[0].kb_per_h | round) == 2662 and (.growers[0].pct_of_ram * 10 | round) == 733 and .went_down and
    .exhaustion.in_h_low < .exhaustion.in_h and .exhaustion.in_h < .exhaustion.in_h_high and .assumed == [] and .not_understood == [] and
    any(.findings[]; .kind == "late" and .value == 44 and .line == 2)'
check "the real end, at most 3.2 hours later, is not before the interval" shape '.exhaustion.in_h_low < 3.2'
check "without a meminfo" forecast "$kb/vmksummary"
check "it says what it assumes" says "assumed RAM of 781 MB"
check "totals as options" forecast "$kb/vmksummary" --ram 799732kB --swap 554168kB
check "are taken" says "RAM 799732 kB (--ram), swap 554168 kB (--swap)"

cut_to() { # number, lines: the first lines of a host's file
    gzip -dc "$data/forecast/$1.vmksummary.gz" | head -n "$2"
}
cut_to 8 40 >whole
head -n 20 whole >vmksummary.1
tail -n +21 whole | head -n 15 >vmksummary
tail -n +36 whole | gzip -c >vmksummary.new.gz
forecast --json whole
jq -S 'del(.findings)' out >want
check "three rotated files, one of them gzip, in the wrong order" forecast --json vmksummary.new.gz vmksummary.1 vmksummary
jq -S 'del(.findings)' out >got
check "say the same as the whole" cmp want got
{ head -n 10 whole; echo "nonsense"; tail -n +11 whole | sed '5s/hb: vmk loaded.*/hb: vmk lo/'; } >damaged
check "damaged lines" forecast --json damaged
check "are told with their numbers" shape '[.not_understood[].line] == [11, 16]'
check "steady hosts" forecast --json <(cut_to 8 4)
check "have no end foreseen" shape '.outlook == "steady" and .exhaustion == null'

mkdir -p host/var/log host/proc
cp whole host/var/log/vmksummary
cp "$kb/meminfo" host/proc/meminfo
check "a host directory" forecast host
check "is read with its meminfo" says "RAM 799732 kB (host/proc/meminfo)"

check "one line is too few" run_to 1 "$LOSTBEAT" forecast <(cut_to 8 3)
printf '2012-01-05T10:00:01Z heartbeat: up 0d17h24m17s, 0 VMs; [[2610 vpxa 9516kB]] []\n' >esxi
check "ESXi 5 has no console" run_to 1 "$LOSTBEAT" forecast esxi
check "and that is told" grep -q "which has no service console" err
for bad in "nothing" "$kb/screen" "$kb/meminfo" "$kb/vmksummary --ram 8" "$kb/vmksummary --ram -1MB" "" "--colour"; do
    # shellcheck disable=SC2086
    check "forecast refuses '$bad'" run_to 2 "$LOSTBEAT" forecast $bad
    check "in one or two lines" test "$(wc -l <err)" -le 2
done

# ---- does the interval hold? ---- Each host is cut at five points between the beginning of its leak
# and its end. A forecast counts when one is made; at the first point the leak may not show yet.
awk '{ for (part = 2; part <= 10; part += 2) print $1, $2, $3, $4, $5, (part == 10 ? 0.95 : part / 10) }' "$data/forecast/hosts.tsv" >points
while read -r n end ram swap at part; do
    gzip -dc "$data/forecast/$n.vmksummary.gz" >all
    lines=$(awk -v at="$at" -v end="$end" -v part="$part" -F', ' '
        /hb: vmk loaded/ && $3 > at * 3600 + (end - at * 3600) * part { exit } { n = NR } END { print n + 0 }' all)
    head -n "$lines" all >part.log
    "$LOSTBEAT" forecast part.log --ram "${ram}kB" --swap "${swap}kB" --json >out 2>err || { [ "$part" = 0.2 ] && continue; echo "$n $part: $(cat err)"; }
    jq -r --argjson stop "$end" --arg what "$n $part" '(.uptime_s) as $now | (($stop - $now) / 3600) as $true |
        if .exhaustion == null then "none \($what)" elif $true < .exhaustion.in_h_low then "early \($what)" elif $true > .exhaustion.in_h_high
        then "late \($what)" else "holds" end' out
done <points >scores
made=$(grep -cv none scores)
holds=$(grep -c holds scores)
none=$(grep -c none scores)
[ -z "${SCORES:-}" ] || cp scores "$SCORES"
echo "# $holds of $made intervals hold; $(grep -c early scores) hosts failed before, $(grep -c late scores) after; $none without a forecast"
check "150 forecasts at least were made" test "$made" -ge 150
check "of all but the first points" test "$(grep none scores | grep -cv '0.2)*$')" -le 2
check "and of most of those" test "$none" -le 10
check "at least 75 of 100 intervals hold" test $((holds * 100)) -ge $((made * 75))
check "and not nearly all: they are no wider than they must" test $((holds * 100)) -le $((made * 95))

tap_done
