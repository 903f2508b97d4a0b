#!/bin/bash
# calibrate.sh BIN [WRITE] - find when the leak of kb-308590 must begin so that the host ends at
# 42d14h04m of uptime.
#
# The leak's pace is the article's and the sizes are the host's, so its beginning is the one free
# figure. A later leak never ends earlier, so the figure is bracketed by growing steps from the one
# in the file and then bisected, to the minute. What comes nearest is printed; with WRITE it goes
# into tools/scenarios/kb-308590.yaml. A host that lives on counts as a day too late.
set -eu
bin=$1
write=${2:-}
target_s=$(((42 * 24 + 14) * 3600 + 4 * 60))
near_s=60 # the watchdog looks once a minute
scenario=tools/scenarios/kb-308590.yaml
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
best_min=
best_s=86401 # how far off the best one is

# try MINUTES: one run; sets miss_s, negative when the host ended too early
try() {
    cat >"$tmp/try.yaml" <<END
inherits: $PWD/$scenario
faults:
  - {type: leak, target: VMap, at: ${1}m}
END
    rm -rf "$tmp/host"
    "$bin/lostbeat" run "$tmp/try.yaml" --host "$tmp/host" --json >"$tmp/json" || [ $? -eq 1 ]
    local outcome
    outcome=$(jq -r .outcome "$tmp/json")
    miss_s=$(jq -r ".uptime_s - $target_s | floor" "$tmp/json")
    [ "$outcome" != survived ] || miss_s=86400
    echo "leak at $(figure "$1"): $outcome, $miss_s s off"
    if [ "${miss_s#-}" -lt "$best_s" ]; then
        best_s=${miss_s#-}
        best_min=$1
    fi
}
figure() { # minutes
    echo "$(($1 / 1440))d$(($1 / 60 % 24))h$(($1 % 60))m"
}
minutes() { # figure
    sed 's/[dhm]/& /g' <<<"$1" | awk '{ for (i = 1; i <= NF; i++)
        m += $i * ($i ~ /d$/ ? 1440 : $i ~ /h$/ ? 60 : 1); print m }'
}

at=$(minutes "$(sed -n 's/.*target: VMap, at: \([^,]*\),.*/\1/p' "$scenario")")
early=
late=
step=16
while [ "$best_s" -gt "$near_s" ]; do
    try "$at"
    if [ "$miss_s" -lt 0 ]; then early=$at; else late=$at; fi
    if [ -z "$late" ]; then
        at=$((at + (step *= 2)))
    elif [ -z "$early" ]; then
        at=$((at - (step *= 2)))
    elif [ $((late - early)) -le 1 ]; then
        break
    else
        at=$(((early + late) / 2))
    fi
done
echo "the leak begins at $(figure "$best_min"); the host ends $best_s s off"
[ -z "$write" ] || sed -i "s/\(target: VMap, at: \)[^,]*,/\1$(figure "$best_min"),/" "$scenario"
