#!/bin/bash
# reproducible.sh - the same seed gives the same bytes, whatever surrounds the run; another seed
# gives others.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"

# shellcheck source=tests/lib/surroundings.sh
. "$(dirname "$0")/../lib/surroundings.sh"

# The long one on the second processor while the short ones run. A build with sanitizers takes
# minutes for each of them and has nothing to add: it is digests within one build that compare.
if is_sanitized; then
    long_run=
else
    background run_strangely kb kb-308590 1
    long_run=$background_pid
fi

run_plainly a healthy 1
run_strangely b healthy 1
run_plainly c healthy 2
equal "healthy survives" "$(json "$TMP/a.json" .outcome)" survived
same_digest "healthy: same seed, other surroundings, same digest" "$TMP/a.json" "$TMP/b.json" \
    "$TMP/a" "$TMP/some where/else/b" "lostbeat run healthy --seed 1 --host DIR"
check "healthy: another seed has another digest" \
    test "$(json "$TMP/c.json" .digest)" != "$(json "$TMP/a.json" .digest)"

claim="kb-308590: same seed, other surroundings, same digest"
if [ -n "$long_run" ]; then
    need_kb_host
    wait "$long_run"
    same_digest "$claim" "$kb_json" "$TMP/kb.json" "$kb_host" "$TMP/some where/else/kb" \
        "lostbeat run kb-308590 --seed 1 --host DIR"
else
    skip "$claim" "sanitizers"
fi
tap_done
