#!/bin/bash
# fuzz.sh BUILD SECONDS TARGET... - run libFuzzer targets (made by `make fuzz`), each for so many
# seconds from the corpus in the tree. New inputs go to BUILD/corpus, findings to BUILD/findings; a
# finding is to be copied into tests/fuzz/corpus, where `make check` replays it. Ends with
# "N targets, N executions, N findings".
set -u
build=$1 seconds=$2
shift 2
mkdir -p "$build/findings"
targets=0 executions=0 findings=0
for target in "$@"; do
    name=$(basename "$target" | sed 's/^fuzz_//')
    mkdir -p "$build/corpus/$name"
    log=$build/corpus/$name.log
    "./$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$build/findings/$name-" "$build/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    targets=$((targets + 1)) executions=$((executions + ${runs:-0}))
    if [ $status -eq 0 ]; then
        echo "ok    $name: ${runs:-0} executions in $seconds s"
    else
        findings=$((findings + 1))
        echo "FAIL  $name: exit status $status after ${runs:-?} executions; $log says:"
        tail -n 40 "$log" | sed 's/^/      /'
    fi
done
echo "$targets targets, $executions executions, $findings findings"
[ "$findings" -eq 0 ]
