#!/bin/bash
# bench.sh BUILD - the figures of `make bench`, each with its goal. Wall-clock figures of this
# machine, never part of a test.
set -eu
build=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# 1. a beat against the bare hand-overs that it needs
LOSTBEAT_BIN=$build/bin "$build/tests/bench/bench_beat"

# 2. virtual seconds per second, dumps included; 4. memory of the vmkernel, looked at while it runs
"$build/bin/lostbeat" run kb-308590 --host "$tmp/kb" --json >"$tmp/kb.json" 2>"$tmp/kb.err" &
run=$!
most_kb=0
while kill -0 $run 2>/dev/null; do
    pid=$(cat "$tmp/kb/run/vmkernel.pid" 2>/dev/null || true)
    kb=$(awk '/^Rss(Anon|File)/ {n += $2} END {print n + 0}' "/proc/${pid:-x}/status" 2>/dev/null || echo 0)
    [ "${kb:-0}" -le "$most_kb" ] || most_kb=$kb
    sleep 0.02
done
wait $run || true
jq -r '"speed: \(.virtual_s / .wall_s | floor) virtual seconds per second, \(.wall_s * 10 | floor / 10) s in all (goal: above 1000000)"' "$tmp/kb.json"

# 3. the core against gcore of the same process with the same memory: a healthy host of some hours,
# first read by gcore, then failed by killing vmnixhbd. Ours took from the birth of the file to its
# last write.
"$build/bin/lostbeat" run healthy --host "$tmp/h" --clock x3600 --json >"$tmp/h.json" 2>/dev/null &
run=$!
until [ "$(cat "$tmp/h/var/log/vmksummary" 2>/dev/null | wc -l)" -ge 4 ]; do sleep 0.1; done
from_ms=$(date +%s%3N)
gcore -o "$tmp/gcore" "$(cat "$tmp/h/run/cos.pid")" >/dev/null 2>&1 || true
gcore_ms=$(($(date +%s%3N) - from_ms))
kill -9 "$(cat "$tmp/h/run/vmnixhbd.pid")"
wait $run || true
core=$tmp/h/$(jq -r .artefacts.cos_core "$tmp/h.json")
core_s=$(stat -c '%.9Y %.9W' "$core" | awk '{print $1 - $2}')
ours_kb=$(du -k "$core" | cut -f1)
theirs_kb=$(du -k "$tmp"/gcore.* 2>/dev/null | awk '{print $1; exit}')
awk -v s="$core_s" -v kb="$ours_kb" 'BEGIN { printf "core: %.2f s, %.0f MB/s on disk, %d kB (goal: faster than gcore)\n", s, kb / 1024 / s, kb }'
awk -v s="$gcore_ms" -v kb="${theirs_kb:-0}" 'BEGIN { if (kb > 0) printf "gcore: %.2f s, %.0f MB/s, %d kB\n", s / 1000, kb / 1.024 / s, kb; else print "gcore: not to be had here" }'

# 5. gzip of the same core, as the next start does it, against others
seconds() { # command...
    local from_ms
    from_ms=$(date +%s%3N)
    "$@" >/dev/null 2>&1
    echo $(($(date +%s%3N) - from_ms)) | awk '{print $1 / 1000}'
}
read -r pack_s check_s < <("$build/tests/bench/bench_gzip" "$core" "$tmp/core.gz")
awk -v s="$pack_s" -v c="$check_s" -v w="$core_s" 'BEGIN { printf "core.gz: %.2f s with its SHA-256, %.2f s to read it back; %.2f s from the file to the .gz\n", s, c, w + s + c }'
for other in gzip pigz igzip; do
    command -v "$other" >/dev/null || continue
    seconds "$other" -1 -c "$core" | awk -v s="$pack_s" -v name="$other" '{ printf "%s -1: %.2f s, %.2f times ours%s\n", name, $1, $1 / s, name == "gzip" ? " (goal: at least 4)" : "" }'
done

echo "memory: vmkernel at most $most_kb kB RssAnon + RssFile (goal: under 32768)"

# 6. `crash -c ps` on the 800-MB core against gdb doing the same; the best of five each
core=$tmp/kb/$(jq -r .artefacts.cos_core "$tmp/kb.json")
best_us() { # command...
    local from us best=
    for _ in 1 2 3 4 5; do
        from=$(date +%s%6N)
        "$@" >/dev/null 2>&1
        us=$(($(date +%s%6N) - from))
        [ -n "$best" ] && [ "$best" -le "$us" ] || best=$us
    done
    echo "$best"
}
ours_us=$(best_us "$build/bin/lostbeat" crash -c ps "$core")
export CRASH_GDB=ps
gdb_us=$(best_us gdb -nx -batch -iex 'set auto-load off' -x tests/lib/crash_gdb.py "$build/bin/cos" "$core")
awk -v a="$ours_us" -v b="$gdb_us" 'BEGIN { printf "crash ps: %.1f ms; gdb -batch: %.1f ms, %.0f times longer (goal: 20)\n", a / 1000, b / 1000, b / a }'

# 7. a major fault
"$(dirname "$0")/faults.sh" "$build"

# 8. the pace of each scenario
"$(dirname "$0")/scenarios.sh" "$build"
