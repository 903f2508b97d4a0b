#!/bin/bash
# diagnose_real.sh - loose files as real hosts leave them (tests/data/real, tests/data/screens): each
# is taken for what it is, no line is passed over in silence, and little evidence gives no sure
# verdict. Then the same host in all its forms, after its start, and with two failures behind it.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
data=$(cd "$(dirname "$0")/../data" && pwd)
real=$data/real
out=$TMP/out.json

diagnose() { # paths...: JSON into $out, the exit status into $status
    "$LOSTBEAT" diagnose --json "$@" >"$out" 2>"$TMP/err"
    status=$?
}
is() { # claim, name below real/, "cause process status"
    diagnose "$real/$2"
    equal "$1" "$(json "$out" '.verdict.cause + " " + (.verdict.process // "-")') $status" "$3"
}
says() { # claim, jq condition on the last diagnosis
    check "$1" jq -e "$2" "$out"
}
no_fact() { # claim, fact
    says "$1" "[.evidence[].fact] | all(. != \"$2\")"
}

# ---- what the articles print, and its neighbours ----
is "a cimserver that grows: a leak, though the alert names it only by chance [KB1009607]" cimserver "memory-leak cimserve 0"
is "completions that find no command, and retries without end: the disk [KB2009232]" kb-2009232 "storage-hang - 0"
says "both files speak for it" '[.evidence[].file] | any(endswith("/vmkernel")) and any(endswith("/console-log"))'
is "a COS Panic of 4.x with Lost heartbeat is one: nobody to blame yet" esx4-cos-panic "unknown - 1"
says "and another screen is out" '.ruled_out[] | select(.cause == "not-lost-heartbeat") | .because == "the screen says that the heartbeat was lost"'
says "the core would decide" '[.missing[].artefact] | contains(["cos-core", "vmksummary"])'
is "Int3 is another COS Panic" int3-panic "not-lost-heartbeat - 0"
says "and the headline says which" '.verdict.headline | contains("Int3 @ mp_register_ioapic")'
is "a vmksummary of 4.x: a leak" esx4-vmksummary "memory-leak sfcbd 0"
equal "its swap is in kB" "$(json "$out" .memory.swap_used_kb)" 409616
is "a vmksummary of ESXi 5 is none of a console" esxi5-vmksummary "unknown - 1"
says "and recognised as such" '.sources[0] | .kind == "vmksummary" and (.note | contains("ESXi 5"))'
is "heartbeats of VMFS are other heartbeats" vmfs-heartbeats "unknown - 1"
no_fact "they do not count as lost" lost-heartbeat
is "heartbeats of pCPUs likewise" pcpu-heartbeats "unknown - 1"
no_fact "they do not count as lost either" lost-heartbeat
is "storage trouble alone is no hang of the console's disk" storage-trouble "unknown - 1"
is "a machine check in a log is not yet a screen" machine-check "not-lost-heartbeat - 1"
is "an Oops in messages speaks against a lost heartbeat, and alone is not sure" oops-messages "not-lost-heartbeat - 1"
says "the evidence is the Oops, with its line" '.evidence[0] | .fact == "cos-oops" and .line == 1'
is "vmnixhbd among the OOM killer's victims: likely, the core would tell" oom-vmnixhbd "daemon-failed vmnixhbd 1"
is "a list of tasks off a serial console says for what vmnixhbd waits" sysrq-t "unknown - 1"
says "for memory" '[.evidence[].fact] | any(. == "hbd-in-allocator")'
is "a log of top shows who grows, beyond the three of vmksummary" top-growth "memory-leak bptm-agent 0"
is "a list of ps with 420 of one name" ps-storm "too-many-processes check_disk 0"
is "a month without trouble is no failure" clean-starts "unknown - 1"
is "of two losses in one log the last one counts" two-failures "vmkernel-scheduling bh-0 1"
says "the older one is named, with its line" '.earlier_failures | length == 1 and (.[0] | endswith("two-failures/vmkernel:2"))'

# ---- no silent skip ----
is "torn lines do no harm" damaged "unknown - 1"
says "each file says how many of its lines it could not understand" '[.sources[].note] == ["1 of 3 lines not understood", "2 of 4 lines not understood", "1 of 15 lines not understood"]'
says "and which" '[.sources[] | .odd_lines[] | .line] == [2, 2, 3, 15] and ([.sources[].odd_lines[].why] | all(. != ""))'
"$LOSTBEAT" diagnose "$real/damaged" >"$TMP/text"
check "the report in words says it, too" grep -q "line 15: " "$TMP/text"

# ---- screens of all kinds ----
for screen in "$data"/screens/*; do
    name=$(basename "$screen")
    diagnose "$screen"
    case $name in
    esx35-bullets | esx35-typed | esx41-cos-panic) want="unknown 1" ;; # a lost heartbeat; the screen does not say why
    *) want="not-lost-heartbeat 0" ;;
    esac
    equal "the screen $name" "$(json "$out" .verdict.cause) $status" "$want"
done

# ---- one host in all its forms; then the start after the failure ----
cat >"$TMP/two.yaml" <<EOF
name: two
title: Killed, and after the next start a doorbell that is lost
cause: daemon-failed
teaches: Of two failures of one host the last one is judged.
source: none
inherits: $BUILD_DIR/scenarios/hosts/esx-3.5-272.yaml
faults:
  - {type: kill, target: vmnixhbd, at: 20m}
  - {type: doorbell-loss, at: 9h}
duration: 1d
expect:
  outcome: lost-heartbeat
EOF
same() { # claim, cause, paths...
    local claim=$1 cause=$2
    shift 2
    diagnose "$@"
    equal "$claim" "$(json "$out" .verdict.cause) $status" "$cause 0"
}
"$LOSTBEAT" run "$TMP/two.yaml" --host "$TMP/host" --json >"$TMP/run" 2>"$TMP/err"
equal "the host fails" "$(json "$TMP/run" .outcome)" lost-heartbeat
same "its folder" daemon-failed "$TMP/host"
"$BIN/vm-support" --host "$TMP/host" -w "$TMP" >"$TMP/said" 2>&1
bundle=$(ls "$TMP"/esx-*.tgz)
same "a bundle of vm-support" daemon-failed "$bundle"
mkdir "$TMP/unpacked" && tar xzf "$bundle" -C "$TMP/unpacked"
same "the bundle unpacked" daemon-failed "$TMP/unpacked"
mapfile -t files < <(find "$TMP/unpacked" -type f)
same "its files, one by one" daemon-failed "${files[@]}"
rm -rf "$TMP/unpacked" "$bundle"
"$LOSTBEAT" reset "$TMP/host" --for 1h --json >"$TMP/run" 2>"$TMP/err"
equal "the host was started again, and lives" "$(json "$TMP/run" .outcome)" survived
same "after the start the cause is still found: the dumps have moved, proc/ is of the new start" daemon-failed "$TMP/host"
check "the start's logs are not taken for the failure's" "$LOSTBEAT" verify "$TMP/host"
"$LOSTBEAT" boot "$TMP/host" --for 20h --json >"$TMP/run" 2>"$TMP/err"
equal "it fails again, for another reason" "$(json "$TMP/run" .outcome)" lost-heartbeat
same "the last failure is judged" mechanism-broken "$TMP/host"
says "the older one is named: its zdump, and the line of vmksummary" '.earlier_failures | any(contains("/root/")) and any(contains("vmksummary"))'
says "and its dumps are not used" '[.sources[] | select(.file | contains("old_cores/")) | .note] | length > 0 and all(contains("failure"))'
check "verify looks at the last one, too" "$LOSTBEAT" verify "$TMP/host"
tap_done
