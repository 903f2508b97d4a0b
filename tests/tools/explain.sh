#!/bin/bash
# explain.sh - `lostbeat explain` on purple screens of all layouts, on typed ones, on texts that are
# none; its JSON and its picture.
. "$(dirname "$0")/../lib/tap.sh"
data=$(cd "$(dirname "$0")/../data" && pwd)
cd "$TMP" || exit 1

run_to() { # status, command...: it must end so; its output goes to out and err
    local wanted=$1 got=0
    shift
    "$@" >out 2>err </dev/null || got=$?
    [ "$got" -eq "$wanted" ] || { echo "exit status $got, not $wanted"; cat err; return 1; }
}
says() { # text; line breaks of the output do not matter
    tr -s ' \n' '  ' <out | grep -qF -e "$1" || { head -60 out; return 1; }
}
shape() { # jq expression over out
    jq -e "$1" out >/dev/null || { head -60 out; return 1; }
}
explain() {
    run_to 0 "$LOSTBEAT" explain "$data/$1" "${@:2}"
}

check "the article's screen is explained" explain kb-308590/screen
check "release and build" says "build 123630 is ESX 3.5 Update 3"
check "blk_dev is no function" says "not a function: the VMkernel looked the console's address up"
check "the comm of the last alert is a hint" says "(pid 9173), by chance as it were: a hint, and no proof"
check "vmnixhbd is the victim" says "the heartbeat daemon itself was current (pid 20): the victim"
check "RAM of the console" says "the console has 800 MB of RAM"
check "clock rate" says "TSC / uptime = 2992.5 MHz"
check "the segments' upper halves" says "the upper half 0xc02a is left over on the stack and means nothing"
check "a page and its list entry" says "ebx - esi = 0x1c"
check "how long the core took" says "28.8 s later the screen was painted"
check "no colour off a terminal" sh -c "! grep -q $'\x1b' out"
check "--json" explain kb-308590/screen --json
check "has the shape" shape '.schema == "lostbeat/explain/1" and .recognised and .layout == "ESX 3.5" and .release == "ESX 3.5 Update 3" and
    .build == 123630 and .class == "lost-heartbeat" and .registers.cr3 == "0x34401000" and (.pcpus | length) == 16 and
    .pcpus[0] == {pcpu: 0, world: 1024, name: "console", kind: "the service console", panicking: true} and
    (.alerts | map(.comm)) == ["vmnixhbd", "VMap"] and .decoded.cos_ram_mb == 800 and .decoded.pae == 1 and
    .decoded.symbol_base == 42962529 and .decoded.ip_is_in == "console kernel" and (.decoded.cos_core_s | . > 28.79 and . < 28.81) and
    (.decoded.tsc_mhz | . > 2992.5 and . < 2992.51) and (.decoded.alerts_apart_s | . > 59.99 and . < 60) and .missing == []'
check "every line that is not blank is of a kind and has a note" shape '[.lines[] | select(.kind == "not understood" or (.notes | length) == 0)] == []'

explain kb-308590/screen --json
jq -S '{registers, build, class, decoded, alerts}' out >clean
check "the typed screen" explain screens/esx35-typed --json
jq -S '{registers, build, class, decoded, alerts}' out >typed
check "says the same values as the clean one" cmp clean typed
check "and names the line that is no part of it" shape '[.lines[] | select(.notes[].rating == "not understood") | .line] == [20]'
check "and what was corrected" shape '[.lines[] | select(.notes[].rating == "corrected") | .line] | length >= 8'

# file, layout, class, a sentence
while IFS='|' read -r file layout class sentence; do
    check "$file is recognised" explain "screens/$file"
    check "$file: $sentence" says "$sentence"
    explain "screens/$file" --json
    check "$file is a $class of $layout" shape ".layout == \"$layout\" and .class == \"$class\""
done <<'END'
esx30-gate|ESX 3.0|tlb-ack|This is no lost heartbeat
esx35-tlb|ESX 3.5|tlb-ack|the VMkernel on its way to this screen
esx35-oops-64607|ESX 3.5|cos-oops|the console has 272 MB of RAM
esx35-pf-1024|ESX 3.5|vmkernel-exception|and is not the culprit: in a failure of the console ip would be 0xc0......
esx35-pf-1024|ESX 3.5|vmkernel-exception|a heartbeat of VMFS
esx35-mce|ESX 3.5|machine-check|a hardware error of a CPU
esx40-gp|ESX 4.x|vmkernel-exception|code of the VMkernel (0x4180
esx41-cos-panic|ESX 4.x|lost-heartbeat|world 4096: ESX 4.x
esx35-bullets|ESX 3.5|lost-heartbeat|TSC / uptime = 2992.5 MHz
esx41-spin|ESX 4.x|spin-lock|This is no lost heartbeat
esxi51-pf|ESXi 5 or later|vmkernel-exception|build 799733 is ESXi 5.1
esxi5-pcpu|ESXi 5 or later|pcpu-no-heartbeat|It is no heartbeat of a service console
END
for file in esx35-bullets esx41-spin esxi51-pf esx30-gate esx40-gp esxi5-pcpu; do
    explain "screens/$file" --json
    check "$file is understood line by line" shape '[.lines[] | select(.kind == "not understood")] == []'
done
explain screens/esx35-oops-64607 --json
check "build 64607 has its symbol base" shape '.decoded.symbol_base == 42602593' # 0x28a1061

sed 's/TSC: 1/TSC: 91/' "$data/kb-308590/screen" >wrong
check "a wrong digit" run_to 0 "$LOSTBEAT" explain wrong
check "in TSC or uptime is told" says "which no CPU has: a digit of one of them is wrong"
sed 's/COS Panic: Lost heartbeat/Something new/' "$data/screens/esx41-cos-panic" | sed '/ALERT/d' >new
check "a screen of an unknown kind exits 1" run_to 1 "$LOSTBEAT" explain new
check "and is still explained" says "a headline that is not known here"

for file in kb-308590/vmksummary kb-308590/meminfo; do
    check "$file is no screen" run_to 1 "$LOSTBEAT" explain "$data/$file"
done
: >empty
check "an empty file is no screen" run_to 1 "$LOSTBEAT" explain empty
check "a file that is not there exits 2" run_to 2 "$LOSTBEAT" explain nothing
check "a folder exits 2" run_to 2 "$LOSTBEAT" explain .
check "explain wants a file" run_to 2 "$LOSTBEAT" explain
check "and only one" run_to 2 "$LOSTBEAT" explain a b
gzip -c "$data/kb-308590/screen" >screen.gz
check "a gzip file is read" run_to 0 "$LOSTBEAT" explain screen.gz
head -c 200 screen.gz >cut.gz
check "one that was cut exits 2" run_to 2 "$LOSTBEAT" explain cut.gz

check "--png" explain kb-308590/screen --png one.png
check "draws a PNG" sh -c "head -c 8 one.png | od -An -c | grep -q 'P   N   G'"
explain kb-308590/screen --png two.png
check "with the same bytes each time" cmp one.png two.png
"$LOSTBEAT" psod "$data/kb-308590/screen" --format png >plain.png
check "psod --format png draws it, too" sh -c "head -c 8 plain.png | od -An -c | grep -q 'P   N   G'"
check "without marks" sh -c "! cmp -s one.png plain.png"
check "--png into a folder that is not there exits 2" run_to 2 "$LOSTBEAT" explain "$data/kb-308590/screen" --png no/x.png

tap_done
