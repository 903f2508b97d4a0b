#!/bin/bash
# faults_from_outside.sh - real signals to real processes of a paced, healthy host, and what
# becomes of it.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"

pid_of() { # vmkernel, cos, vmnixhbd
    cat "$host/run/$1.pid" 2>/dev/null
}
# In the middle of its work: vmnixhbd lives, and cron has written its first line of the hour, which
# is minutes after the boot.
beating() {
    kill -0 "$(pid_of vmnixhbd)" && grep -q 'hb: vmk loaded' "$host/var/log/vmksummary"
}
# start NAME CLOCK: a healthy host, paced. Sets $host, $lostbeat_pid and $victims (all processes).
start() {
    host=$TMP/$1
    background "$LOSTBEAT" run healthy --seed 1 --host "$host" --clock "$2" --json \
        >"$TMP/$1.json" 2>"$TMP/$1.err"
    lostbeat_pid=$background_pid
    until_true 20 beating || give_up "$1: the host comes up" "$(cat "$TMP/$1.err")"
    victims=$(pid_of vmkernel; pid_of cos; pid_of vmnixhbd)
}
ends() { # name, seconds
    finished "$lostbeat_pid" "$2" && return 0
    not_ok "$1: the run comes to an end" "$(tail -3 "$host/var/log/vmkernel")"
    return 1
}
result() { # name, jq filter
    json "$TMP/$1.json" "$2"
}
all_gone() {
    local pid
    for pid in $victims; do is_gone "$pid" || return 1; done
}
# All stacks are whole. Not looked at is that of the task that ran when the COS died unstunned: what
# is on record are the registers of its last hand-over, and the stack has moved on since.
complete_core() { # name
    local core
    core=$host/$(result "$1" .artefacts.cos_core)
    eu-readelf -n "$core" >"$TMP/notes" 2>"$TMP/notes.err" || return 1
    cat "$TMP/notes.err"
    [ ! -s "$TMP/notes.err" ] && [ "$(grep -c PRSTATUS "$TMP/notes")" -gt 50 ] || return 1
    gdb -nx -batch -ex 'thread apply all bt 20' "$BIN/cos" "$core" 2>&1 |
        awk -v all="$(result "$1" .stunned)" '/^Thread / {on = all == "true" || $2 != 1} on' >"$TMP/bt"
    grep -q ' schedule (' "$TMP/bt" && ! grep -iE 'corrupt|Cannot access' "$TMP/bt"
}
cos_was_healthy() {
    ! grep -E 'Out of Memory|oom' "$host/var/log/messages" &&
        awk '/^SwapFree/ {free = $2} /^SwapTotal/ {total = $2} END {exit free * 2 <= total}' \
            "$host/proc/meminfo"
}
# alert_s 29: when the alert with t=29 was logged, in whole seconds of uptime
alert_s() {
    grep -hoE "[0-9]+:[0-9]+:[0-9]+:[0-9.]+ cpu.*Lost heartbeat \(comm=.* t=$1 to=30" \
        "$host/var/log/vmkernel" | head -1 | sed 's/ .*//' |
        awk -F: '{printf "%d\n", (($1 * 24 + $2) * 60 + $3) * 60 + $4 + 0.5}'
}

# When the journal of outside inputs notes what was done, in whole seconds of uptime
done_s() {
    jq -n 'first(inputs | select(.target == "vmnixhbd")) | .at_ns / 1e9 | floor' "$host/run/journal"
}

# --- vmnixhbd, killed and stopped ---
for signal in KILL STOP; do
    name=hbd-$signal
    start "$name" x600
    kill -$signal "$(pid_of vmnixhbd)"
    ends "$name" 60 || continue
    equal "kill -$signal of vmnixhbd ends in a lost heartbeat" "$(result "$name" .outcome)" \
        lost-heartbeat
    equal "kill -$signal: the alerts at 29 and 30 minutes stand a minute apart" \
        $(($(alert_s 30) - $(alert_s 29))) 60
    # It counts from the last beat, which was up to a minute ago, and looks once a minute.
    waited=$(($(alert_s 30) - $(done_s)))
    check "kill -$signal: that is 30 virtual minutes later ($waited s)" \
        test "$waited" -ge 1739 -a "$waited" -le 1861
    check "kill -$signal: the COS was otherwise healthy" cos_was_healthy
    check "kill -$signal: a purple screen was left" test -s "$host/console/psod.txt"
    check "kill -$signal: the core is complete" complete_core "$name"
    check "kill -$signal: no process is left" until_true 5 all_gone
done

# --- the COS, killed ---
start cos-KILL x600
kill -9 "$(pid_of cos)"
if ends cos-KILL 60; then
    check "kill -9 of cos is a COS error" test "$(result cos-KILL .outcome)" != survived
    equal "kill -9 of cos: at once, without an alert" "$(alert_s 29)" ""
    check "kill -9 of cos: the core is complete" complete_core cos-KILL
    check "kill -9 of cos: a purple screen was left" test -s "$host/console/psod.txt"
    equal "kill -9 of cos: it was not stunned" "$(result cos-KILL .stunned)" false
    check "kill -9 of cos: no process is left" until_true 5 all_gone
fi

# --- the COS, running away: a debugger writes an endless loop where it stands ---
start cos-runaway x600
if gdb -nx -batch -p "$(pid_of cos)" -ex 'set {unsigned short}$pc = 0xfeeb' -ex detach \
    >"$TMP/gdb.out" 2>&1 && ! grep -q 'Operation not permitted\|Cannot access' "$TMP/gdb.out"; then
    from=$(now_ms)
    if ends cos-runaway 60; then
        took=$(($(now_ms) - from))
        check "a cos that spins ends in a COS error" test "$(result cos-runaway .outcome)" != survived
        check "a cos that spins is a runaway after 10 s ($took ms)" \
            test "$took" -ge 9000 -a "$took" -lt 30000
        check "a cos that spins: somebody says runaway" \
            grep -rqi runaway "$host/var/log/vmkernel" "$TMP/cos-runaway.json"
        check "a cos that spins: no process is left" until_true 5 all_gone
    fi
else
    skip "a cos that spins is a runaway" "gdb may not attach here"
    end_process "$lostbeat_pid"
fi

# --- vmkernel and lostbeat, killed ---
start vmkernel-KILL x600
kill -9 "$(pid_of vmkernel)"
check "kill -9 of vmkernel: lostbeat ends too" finished "$lostbeat_pid" 20
check "kill -9 of vmkernel leaves no process behind" until_true 10 all_gone
start lostbeat-KILL x600
end_process "$lostbeat_pid"
check "kill -9 of lostbeat leaves no process behind" until_true 10 all_gone

# --- vmnixhbd, stopped for a moment ---
start hbd-pause x3600
is_stopped() {
    test "$(process_state "$(pid_of vmnixhbd)")" = T
}
summary_bytes() {
    stat -c %s "$host/var/log/vmksummary" 2>/dev/null || echo 0
}
summary_grows() {
    test "$(summary_bytes)" -gt "$summary_before"
}
kill -STOP "$(pid_of vmnixhbd)"
until_true 10 is_stopped
kill -CONT "$(pid_of vmnixhbd)"
summary_before=$(summary_bytes)
check "vmnixhbd stopped for a moment: the host lives on for an hour" until_true 30 summary_grows
equal "vmnixhbd stopped for a moment: no alert" "$(alert_s 29)" ""
end_process "$lostbeat_pid"
tap_done
