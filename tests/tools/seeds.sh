#!/bin/bash
# seeds.sh - tests/seeds: what many seeds of a scenario, and drawn hosts, say of their ends.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
here=$(cd "$(dirname "$0")/.." && pwd)
seeds() { "$here/seeds/seeds.py" "$BUILD_DIR" --out "$TMP/out" "$@"; }
small=$here/data/small.yaml

seeds --scenario "$small" --seeds 2 --doc "$TMP/two.md" >"$TMP/said" 2>&1
check "two seeds of a small host are lost, and the document says so" \
    grep -q '| outcomes | lost-heartbeat 2 |' "$TMP/two.md"
check "who was running is told for both alerts" \
    bash -c "[ \$(grep -c 'comm at t=.*: swapper 2 ' '$TMP/two.md') -eq 2 ]"
echo '{"scenario": "'"$small"'", "seed": 3, "error": "died"}' >>"$TMP/out/results.jsonl"
seeds --scenario "$small" --seeds 3 >"$TMP/three.md" 2>"$TMP/said"
check "a second call runs what is missing or failed, and that alone" \
    bash -c "[ \$(grep -c 'of 1: small.yaml seed 3' '$TMP/said') -eq 1 ]"
check "and its document has all seeds" grep -q '| outcomes | lost-heartbeat 3 |' "$TMP/three.md"

check "rank correlation: rising, falling, constant" python3 - "$here/seeds" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
from seeds import spearman
assert spearman([1, 2, 3, 9], [10, 20, 30, 31]) == 1
assert spearman([1, 2, 3, 9], [4, 3, 2, 1]) == -1
assert spearman([1, 1, 1], [1, 2, 3]) is None
assert abs(spearman([1, 2, 2, 3], [1, 2, 3, 4]) - 0.9486833) < 1e-6
END

for kind in leak footprint healthy; do
    "$here/seeds/hosts.py" --kind $kind --count 3 --seed 5 "$TMP/$kind"
    "$here/seeds/hosts.py" --kind $kind --count 3 --seed 5 "$TMP/$kind.again"
    check "the same seed draws the same three hosts: $kind" diff -r "$TMP/$kind" "$TMP/$kind.again"
    check "there are three: $kind" bash -c "[ \$(ls '$TMP/$kind' | wc -l) -eq 3 ]"
    mapfile -t files < <(ls "$TMP/$kind"/*.yaml)
    check "they are valid by the schema: $kind" python3 "$here/lib/check_schema.py" \
        "$here/../docs/scenario.schema.json" "${files[@]}"
done
check "whoever leaks is a program of that host" python3 - "$here/seeds" <<'END'
import sys
import yaml
sys.path.insert(0, sys.argv[1])
import hosts
with open(hosts.BASE, encoding="utf-8") as f:
    there = {p["name"] for p in yaml.safe_load(f)["programs"]}
assert set(hosts.DAEMONS) <= there, set(hosts.DAEMONS) - there
END
mkdir "$TMP/files"
printf 'inherits: %s\nname: quiet\nhost: {heartbeat-interval: 60s}\nexpect: {outcome: survived}\n' \
    "$small" >"$TMP/files/quiet.yaml"
printf 'inherits: %s\n' "$small" >"$TMP/files/silent.yaml"
seeds --files "$TMP/files" >"$TMP/files.md" 2>"$TMP/said"
check "a folder of files: who survived" \
    grep -q '| quiet | survived | 0:06:00:00.000 |' "$TMP/files.md"
check "and who was lost" grep -q '| silent | lost-heartbeat | 0:00:31:' "$TMP/files.md"
check "and how many" grep -qx '1 survived, 1 lost-heartbeat' "$TMP/files.md"
tap_done
