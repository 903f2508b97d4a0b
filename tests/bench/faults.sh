#!/bin/bash
# faults.sh BUILD - CPU per major fault that is simulated, of file text and of swap: the CPU time of
# an hour in which one program faults all the time, less that of the same host while the program
# does nothing, over its faults. vmnixhbd is killed at last, so that there is a core that counts
# them.
set -eu
lostbeat=$1/bin/lostbeat
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

scenario() { # TEXT-kB DATA-kB TOUCH
    cat <<END
name: faults
title: A host on which one program faults all the time
cause: daemon-failed
teaches: nothing; it is for the bench
source: none
host: {name: esxbench, profile: esx-3.5, build: "123630", kernel: 2.4.21-57.ELvmnix, ram: 64MB,
       mem-total: 60000kB, swap: 256000kB, pcpus: 4, cpu: 2992.5MHz, vms: 0,
       boot: 2009-10-01 14:54, utc-offset: "-05:00", cos-start: 0s, heartbeat-interval: 60s,
       datastore: {uuid: 4533e089-1dfcdd21-f1d3-001a140ebdca, speed: 28455kB/s},
       nightly: {length: 0s, files: 0, memory: 0kB}}
programs:
  - {name: syslogd, behaviour: syslogd, text: 28kB, libs: 600kB, data: 40kB, stack: 12kB,
     start: 12s, touch: 4}
  - {name: klogd, behaviour: klogd, text: 24kB, libs: 600kB, data: 24kB, stack: 12kB, start: 12s,
     touch: 3}
  - {name: bench, text: $1, libs: 600kB, data: $2, stack: 12kB, start: 60s, period: 1s, cpu: 1ms,
     touch: $3}
faults:
  - {type: kill, target: vmnixhbd, at: 30m}
duration: 3h
expect:
  outcome: lost-heartbeat
END
}

measure() { # TEXT DATA TOUCH; prints CPU seconds of a run and all that it started, and the faults
    local core pid
    scenario "$@" >"$tmp/faults.yaml"
    TIMEFORMAT="%U %S"
    { time "$lostbeat" run "$tmp/faults.yaml" --seed 1 --host "$tmp/h" --json >"$tmp/json" \
        2>"$tmp/err"; } 2>"$tmp/time"
    awk '{ print $1 + $2 }' "$tmp/time"
    core=$tmp/h/$(jq -r .artefacts.cos_core "$tmp/json")
    pid=$("$lostbeat" crash -c "ps bench" "$core" | awk '/ bench$/ { print $1 }')
    "$lostbeat" crash -c "task $pid" "$core" | awk '/ major$/ { print $(NF - 1) }'
    rm -rf "$tmp/h"
}

per_fault() { # NAME GOAL TEXT DATA; no goal: ""
    local busy idle
    mapfile -t busy < <(measure "$3" "$4" 2000)
    mapfile -t idle < <(measure "$3" "$4" 0)
    awk -v name="$1" -v goal="$2" -v s="${busy[0]}" -v idle_s="${idle[0]}" -v n="${busy[1]}" '
        BEGIN {
            us = (s - idle_s) / n * 1e6
            printf "major fault of %s: %.1f us of CPU, of %d%s\n", name, us, n,
                goal == "" ? "" : " (goal: at most " goal ")" (us > goal ? " NOT MET" : "")
        }'
}

per_fault "file text" 3 400000kB 400kB
per_fault "swap" "" 400kB 200000kB
