#!/bin/bash
# diagnose.sh - from the artefacts to the cause: the article's own texts, a whole host, parts of it,
# a bundle, and files that are nothing of all that.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
data=$(cd "$(dirname "$0")/../data" && pwd)
out=$TMP/out.json

diagnose() { # paths...: JSON into $out, the exit status into $status
    "$LOSTBEAT" diagnose --json "$@" >"$out" 2>"$TMP/err"
    status=$?
}
verdict() { # claim, cause, process, status
    equal "$1" "$(json "$out" '.verdict.cause + " " + (.verdict.process // "-")') $status" "$2 $3 $4"
}

# ---- the article ----
diagnose "$data"/kb-308590/screen "$data"/kb-308590/vmksummary "$data"/kb-308590/meminfo
verdict "the article's three texts: a leak of VMap" memory-leak VMap 0
equal "swap is 100 % full" "$(json "$out" '.memory.swap_used_pct')" 100
equal "VMap has 73.3 % of RAM" "$(json "$out" '.memory.top[0] | .name + " " + (.pct_of_ram * 10 | round | tostring)')" "VMap 733"
check "the growth from line to line is told: 2672 kB" jq -e '[.evidence[].text] | any(contains("+2672 kB"))' "$out"
check "the article's 69 % is explained when asked why" jq -e '.why | any(contains("69.3 %") and contains("KB 308590"))' "$out"
check "screen and vmksummary come from two hosts: builds" jq -e '.inconsistencies | any(contains("123630") and contains("153875"))' "$out"
check "and uptimes" jq -e '.inconsistencies | any(contains("42 d") and contains("136 d"))' "$out"
check "73 virtual machines were affected" jq -e '.host.vms_affected == 73' "$out"
check "each line of evidence names file, line and text" jq -e '.evidence | length > 2 and all(.file != "" and .line > 0 and .text != "")' "$out"

diagnose "$data"/kb-308590/screen
equal "the screen alone decides nothing" "$(json "$out" .verdict.cause) $status" "unknown 1"
check "and says what would" jq -e '[.missing[].artefact] | contains(["cos-core", "vmksummary"])' "$out"
diagnose "$data"/screens/esx35-oops-64607
equal "a COS Oops is no lost heartbeat" "$(json "$out" .verdict.cause) $status" "not-lost-heartbeat 0"

# ---- a host of ours ----
need_kb_host
diagnose "$kb_host"
verdict "the host of kb-308590: a leak of VMap" memory-leak VMap 0
check "no evidence comes from run/" jq -e --arg run "$kb_host/run/" '[.sources[].file, .evidence[].file] | all(startswith($run) | not)' "$out"
equal "the shape is lostbeat/diagnose/1" "$(json "$out" .schema)" lostbeat/diagnose/1
rivals=$(($(grep -c '^    X(' "$(dirname "$0")/../../shared/cause.h") - 1))
check "all keys of the contract are there" jq -e --argjson rivals "$rivals" '
    (.verdict | has("cause") and has("process") and has("pid") and has("confidence") and has("headline")) and
    (.host | has("name") and has("build") and has("profile") and has("uptime_s") and has("vms_affected")) and
    (.memory | has("total_kb") and has("swap_total_kb") and has("swap_used_kb") and has("swap_used_pct") and has("top")) and
    (.ruled_out | length == $rivals and all(has("cause") and has("because"))) and has("actions") and has("missing")' "$out"
equal "the pid is the one of the task" "$(json "$out" .verdict.pid)" 9173

mkdir -p "$TMP/tree/var/log" && cp "$kb_host"/var/log/* "$TMP/tree/var/log/" && cp -r "$kb_host/proc" "$kb_host/console" "$TMP/tree/"
gzip -1 <"$kb_core" >"$TMP/tree/cos-core-esxhostname.1.core.gz"
tar czf "$TMP/bundle.tgz" -C "$TMP" tree
diagnose "$TMP/bundle.tgz"
verdict "a bundle as tar made it, its core packed: the same" memory-leak VMap 0
check "the members of a bundle are named" jq -e '[.sources[].file] | any(endswith("bundle.tgz:tree/var/log/vmksummary"))' "$out"

head -c 40000000 "$kb_core" >"$TMP/cut"
diagnose "$kb_host/var/log/vmksummary" "$kb_host/console/psod.txt" "$TMP/cut"
check "a core that was cut is used as far as it goes, and told" jq -e '.sources | any(.note | startswith("cut"))' "$out"
check "and does not mislead" jq -e '.verdict.cause == "memory-leak" or .verdict.confidence < 0.8' "$out"

# ---- reports ----
check "a page with the plots" "$LOSTBEAT" diagnose --html "$TMP/r.html" "$kb_host"
equal "three curves, one legend each" "$(grep -c '<svg' "$TMP/r.html") $(grep -c '<polyline' "$TMP/r.html" | awk '{print ($1 > 20)}')" "1 1"
check "the page is well-formed where it is XML" python3 -c "
import re, sys, xml.dom.minidom
page = open(sys.argv[1], encoding='utf-8').read()
xml.dom.minidom.parseString(re.search(r'<svg.*</svg>', page, re.S).group(0))" "$TMP/r.html"

# ---- bad input ----
"$LOSTBEAT" diagnose "$TMP/nothing" >/dev/null 2>"$TMP/err"
equal "a path that is not there: status 2 and one line" "$? $(wc -l <"$TMP/err")" "2 1"
head -c 100000 /dev/urandom >"$TMP/noise"
"$LOSTBEAT" diagnose "$TMP/noise" >/dev/null 2>"$TMP/err"
equal "noise: status 2 and one line" "$? $(wc -l <"$TMP/err")" "2 1"
"$LOSTBEAT" diagnose >/dev/null 2>"$TMP/err"
equal "no path: status 2" "$?" 2
tap_done
