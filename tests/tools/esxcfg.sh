#!/bin/bash
# esxcfg.sh - options of a host: shown, set, refused; and what they do when the console is lost.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
small=$(cd "$(dirname "$0")/.." && pwd)/data/small.yaml
uuid=4533e089-1dfcdd21-f1d3-001a140ebdca
host=$TMP/h
core=/vmfs/volumes/$uuid/cos-core-esxsmall
advcfg() { "$BIN/esxcfg-advcfg" --host "$host" "$@" 2>&1; }
"$LOSTBEAT" boot "$host" --scenario "$small" >/dev/null 2>&1 || give_up "a host boots"

# ---- showing and setting ----
equal "the default captures a core" "$(advcfg -g /Misc/CosCoreFile)" "Value of CosCoreFile is $core"
equal "names are taken in any case" "$(advcfg -g /misc/PSODONCOSPANIC)" "Value of PsodOnCosPanic is 1"
equal "-s shows what it set" "$(advcfg -s 0 /Misc/PsodOnCosPanic)" "Value of PsodOnCosPanic is 0"
equal "and it stays" "$(advcfg -g /Misc/PsodOnCosPanic)" "Value of PsodOnCosPanic is 0"
equal "the current directory may be the host" "$(cd "$host" && "$BIN/esxcfg-advcfg" -g /Misc/PsodOnCosPanic)" "Value of PsodOnCosPanic is 0"
equal "so may LOSTBEAT_HOST" "$(cd "$TMP" && LOSTBEAT_HOST=$host "$BIN/esxcfg-advcfg" -g /Misc/PsodOnCosPanic)" "Value of PsodOnCosPanic is 0"
before=$(cat "$host/etc/vmware/esx.conf")
refuse() { # claim, words, arguments
    local claim=$1 words=$2 said status
    shift 2
    said=$(advcfg "$@")
    status=$?
    equal "$claim: exit status" "$status" 2
    check "$claim: says why" grep -q -- "$words" <<<"$said"
}
refuse "a flag is 0 or 1" '0 or 1' -s 2 /Misc/PsodOnCosPanic
refuse "a core goes to a datastore" 'does not begin with /vmfs/volumes/' -s /tmp/core /Misc/CosCoreFile
refuse "to one that is there" 'no datastore nothing' -s /vmfs/volumes/nothing/core /Misc/CosCoreFile
refuse "as a file in it" 'it is not /vmfs/volumes/UUID/NAME' -s "/vmfs/volumes/$uuid/a/../../x" /Misc/CosCoreFile
refuse "the host's name is fixed" 'fixed' -s other /Misc/HostName
refuse "options that are none" "no option '/Misc/Nothing'" -g /Misc/Nothing
equal "what was refused changed nothing" "$(cat "$host/etc/vmware/esx.conf")" "$before"
said=$(cd "$TMP" && "$BIN/esxcfg-advcfg" -g /Misc/HostName 2>&1)
equal "without a host: exit status" "$?" 2
check "without a host: says how to name one" grep -q -- '--host' <<<"$said"
equal "esxcfg-dumppart lists the partition" "$("$BIN/esxcfg-dumppart" --host "$host" -l | tail -1 | tr -s ' ')" \
    'vmhba0:0:0:5 /dev/sda5 yes yes'
check "-t: it is active" "$BIN/esxcfg-dumppart" --host "$host" -t
check "-c: it is configured" "$BIN/esxcfg-dumppart" --host "$host" -c
: >"$TMP/empty"
cp -a "$host" "$TMP/nopart"
rm "$TMP/nopart/dev/vmkcore"
"$BIN/esxcfg-dumppart" --host "$TMP/nopart" -t >/dev/null
equal "-t without a partition fails" "$?" 1
sed -i '2s/.*/nonsense/' "$TMP/nopart/etc/vmware/esx.conf"
equal "a broken esx.conf is named with its line" "$("$BIN/esxcfg-advcfg" --host "$TMP/nopart" -l 2>&1 | grep -o 'esx.conf:2: .* is wanted')" \
    'esx.conf:2: a line KEY = "VALUE" is wanted'
"$LOSTBEAT" boot "$TMP/nopart" >"$TMP/said" 2>&1
equal "and such a host does not start" "$?" 2
rm -rf "$TMP/nopart"

# ---- what they do ----
# PsodOnCosPanic is 0 by now.
"$LOSTBEAT" boot "$host" --for 2h --json >"$TMP/run.json" 2>&1
equal "the console is lost" "$(json "$TMP/run.json" '.outcome + " " + .end')" 'lost-heartbeat no-console'
check "with PsodOnCosPanic 0 there is no screen" test ! -e "$host/console/psod.txt"
equal "and no dump of the VMkernel" "$("$BIN/vmkdump" --json -d "$host/dev/vmkcore" | jq -r .state)" empty
check "but a core" test -s "$host$core"
advcfg -s 1 /Misc/PsodOnCosPanic >/dev/null
advcfg -s '' /Misc/CosCoreFile >/dev/null
"$LOSTBEAT" reset "$host" --for 2h --json >"$TMP/run.json" 2>&1
check "the next start moves that core" test -s "$host/root/old_cores/cos-core-esxsmall.1.core.gz"
equal "a power cut is no VMkernel error" "$(grep -c 'VMkernel error' "$host/var/log/vmksummary")" 0
equal "the console is lost again" "$(json "$TMP/run.json" '.outcome + " " + .end')" 'lost-heartbeat purple'
check "without CosCoreFile there is no core" test ! -e "$host$core"
check "the screen says why" grep -q 'Not dumping console os core: CosCoreFile: it is empty' "$host/console/psod.txt"
check "so does the log in the zdump" bash -c "'$BIN/vmkdump' -d '$host/dev/vmkcore' --read log | grep -q 'Not dumping console os core: CosCoreFile: it is empty'"
advcfg -s "/vmfs/volumes/$uuid/elsewhere" /Misc/CosCoreFile >/dev/null
"$LOSTBEAT" reset "$host" --for 2h --json >"$TMP/run.json" 2>&1
check "a core goes where CosCoreFile says" test -s "$host/vmfs/volumes/$uuid/elsewhere"
check "and the log says so" grep -q "Dumping core to '/volumes/$uuid/elsewhere'" "$host/console/psod.txt"
"$LOSTBEAT" reset "$host" --for 1m >/dev/null 2>&1
check "from where the next start moves it" test -s "$host/root/old_cores/cos-core-esxsmall.2.core.gz"
tap_done
