#!/bin/bash
# catalogue.sh - every scenario of the catalogue ends as it says; no artefact tells its name, its
# seed or its faults; its artefacts agree with each other, and the cause that they tell is the one
# that was injected. `make check-long` takes a second seed, with which gdb sees in each core what
# `lostbeat crash` sees. Two runs at a time; hosts go away as they end.
# timeout: 1800 s
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
# shellcheck source=tests/lib/catalogue.sh
. "$(dirname "$0")/../lib/catalogue.sh"

# A seed of 16 digits, that could not stand in an artefact by chance.
seeds=4817263950174628
! is_long || seeds="2 $seeds"
# Under sanitizers a month takes minutes; there the runs of less than two days stand for all.
if is_sanitized; then
    duration_max_s=172800
else
    duration_max_s=0
fi

# A scan that finds nothing proves nothing before it has found what is there: plain, in a gzip file,
# in a section of the dump partition, across two blocks; and what it must not look at.
scan_finds() { # what, file under the host
    local said
    said=$(python3 "$CATALOGUE_SCAN" "$TMP/scan" a-secret-word)
    equal "a word is found $1" "$said" "$2${2:+: a-secret-word}"
    find "$TMP/scan" -type f -delete
}
mkdir -p "$TMP/scan/run" "$TMP/scan/var/log" "$TMP/scan/dev"
echo "so a-secret-word stands here" >"$TMP/scan/var/log/messages"
scan_finds "in a log" var/log/messages
echo "so a-secret-word stands here" | gzip >"$TMP/scan/var/log/x.gz"
scan_finds "in what is packed" var/log/x.gz
{ head -c 640 /dev/zero; echo "a-secret-word" | gzip; head -c 512 /dev/zero; } >"$TMP/scan/dev/vmkcore"
scan_finds "in a section of the dump" dev/vmkcore
{ head -c 4194300 /dev/zero | tr '\0' x; echo "a-secret-word"; } >"$TMP/scan/var/log/long"
scan_finds "across two blocks" var/log/long
echo a-secret-word >"$TMP/scan/run/faults"
echo other >"$TMP/scan/var/log/messages"
scan_finds "nowhere when it stands in run/ alone" ""

# jobs: "SCENARIO SEED" lines; each worker takes every second one.
catalogue_names >"$TMP/names"
check "there are scenarios" test -s "$TMP/names"
while read -r name; do
    for seed in $seeds; do echo "$name $seed"; done
done <"$TMP/names" >"$TMP/jobs"

worker() { # index
    local name seed n=0
    while read -r name seed; do
        n=$((n + 1))
        [ $((n % 2)) -eq "$1" ] || continue
        if [ "$duration_max_s" -gt 0 ] && [ "$(duration_s "$name")" -gt "$duration_max_s" ]; then
            echo skip >"$TMP/said.$n"
        else
            catalogue_run "$TMP/run.$1" "$name" "$seed" >"$TMP/said.$n" 2>&1
        fi
    done <"$TMP/jobs"
}
duration_s() { # scenario: as its file says, in days or else a day
    local days
    days=$(sed -n 's/^duration: *\([0-9]*\)d.*/\1/p' "$BUILD_DIR/scenarios/$1.yaml")
    echo $((${days:-1} * 86400))
}

background worker 0
other=$background_pid
worker 1
wait "$other"

n=0
while read -r name seed; do
    n=$((n + 1))
    claim="$name with seed $seed: as it says, no secret told, artefacts agree, cause found"
    said=$(cat "$TMP/said.$n" 2>/dev/null)
    case $said in
    ok) ok "$claim" ;;
    skip) skip "$claim" "sanitizers" ;;
    *) not_ok "$claim" "${said:-the worker died}; again: lostbeat run $name --seed $seed" ;;
    esac
done <"$TMP/jobs"
tap_done
