#!/bin/sh
# calibrate.sh BIN [WRITE] - find when the leak of kb-308590 must begin so that the host ends at
# 42d14h04m of uptime.
#
# The leak's pace is the article's and the sizes are the host's, so its beginning is the one free
# figure, and the end follows it almost one to one. Each try runs the scenario with another `at` and
# moves it by what the end missed; a host that lives on counts as one day too late. With WRITE the
# figure goes into tools/scenarios/kb-308590.yaml, in minutes.
set -eu
bin=$1
write=${2:-}
target_s=$(((42 * 24 + 14) * 3600 + 4 * 60))
near_s=90 # the watchdog looks once a minute, and the dump adds half of one
scenario=tools/scenarios/kb-308590.yaml
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

at_min=$(sed -n 's/.*target: VMap, at: \([^,]*\),.*/\1/p' "$scenario" | awk '
    { gsub(/[a-z]/, "& "); for (i = 1; i <= NF; i++) { n = $i + 0
      if ($i ~ /d$/) m += n * 1440; else if ($i ~ /h$/) m += n * 60; else if ($i ~ /m$/) m += n } print m }')
for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
    cat >"$tmp/try.yaml" <<END
inherits: $PWD/$scenario
faults:
  - {type: leak, target: VMap, at: ${at_min}m}
END
    rm -rf "$tmp/host"
    "$bin/lostbeat" run "$tmp/try.yaml" --host "$tmp/host" --json >"$tmp/json" || [ $? -eq 1 ]
    outcome=$(jq -r .outcome "$tmp/json")
    end_s=$(jq -r '.uptime_s | floor' "$tmp/json")
    miss_s=$((end_s - target_s))
    [ "$outcome" != survived ] || miss_s=86400
    echo "try $try: leak at $at_min min: $outcome at $end_s s, $miss_s s off"
    [ "$miss_s" -gt "$near_s" ] || [ "$miss_s" -lt "-$near_s" ] || break
    at_min=$((at_min - (miss_s + (miss_s > 0 ? 30 : -30)) / 60))
done
[ "$miss_s" -le "$near_s" ] && [ "$miss_s" -ge "-$near_s" ] || {
    echo "no figure was found" >&2
    exit 1
}
figure=$((at_min / 1440))d$((at_min / 60 % 24))h$((at_min % 60))m
echo "the leak begins at $figure"
[ -z "$write" ] || sed -i "s/\(target: VMap, at: \)[^,]*,/\1$figure,/" "$scenario"
