# catalogue.sh - runs of scenarios from the catalogue, for tests/tools/catalogue.sh and
# tests/soak.sh. Sourced after hosts.sh or with LOSTBEAT set.
# shellcheck shell=bash
CATALOGUE_SCAN=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/scan_host.py

catalogue_names() {
    "$LOSTBEAT" list --json | jq -r '.[].name'
}

# What no artefact may hold of a run: the seed, the scenario's name when it has several words, the
# line of each fault, and the types of faults that are no everyday words.
catalogue_secrets() { # json, one a line
    jq -r '
        .seed, (.seed | tostring | select(length >= 10)),
        (.scenario | select(contains("-"))),
        (.faults | select(. != "") | split(" and ")[]),
        (.faults | select(. != "") | split(" and ")[] | split(" ")[0] | select(contains("-")))
        | tostring | select(length >= 6)' "$1" | sort -u
}

# gdb, with its own unwinder and the types of the executable, sees the tasks, counters and stacks in
# the core that `lostbeat crash` sees. Says "ok", or what is wrong.
catalogue_gdb() { # folder
    local dir=$1 core lib
    lib=$(dirname "$CATALOGUE_SCAN")
    core=$dir/host/$(jq -r '.artefacts.cos_core // ""' "$dir/json")
    if [ ! -f "$core" ]; then
        echo ok
        return
    fi
    gdb -nx -batch -iex 'set auto-load off' -x "$lib/crash_gdb.py" "$BIN/cos" "$core" 2>"$dir/err" |
        tail -n 1 >"$dir/gdb.json"
    if "$LOSTBEAT" crash --json -c ps "$core" >"$dir/ps.json" &&
        "$LOSTBEAT" crash --json -c 'kmem -i' "$core" >"$dir/kmem.json" &&
        "$LOSTBEAT" crash --json -c 'foreach bt' "$core" >"$dir/bt.json" &&
        python3 "$lib/crash_compare.py" "$dir"/{gdb,ps,kmem,bt}.json >"$dir/err" 2>&1; then
        echo ok
    else
        echo "gdb and crash see different things: $(head -3 "$dir/err" | tr '\n' ' ')"
    fi
}

# A host that failed agrees with itself, and the cause that its artefacts tell is the one that was
# injected. Says "ok", or what is wrong.
catalogue_chain() { # folder
    local dir=$1 cause verdict
    "$LOSTBEAT" verify "$dir/host" >"$dir/verify" 2>&1 || {
        echo "its artefacts contradict each other: $(head -3 "$dir/verify" | tr '\n' ' ')"
        return
    }
    if [ "$(jq -r .outcome "$dir/json")" = survived ]; then
        echo ok
        return
    fi
    cause=$(jq -r .cause "$dir/host/run/plan.json")
    verdict=$("$LOSTBEAT" diagnose --json "$dir/host" 2>"$dir/err" |
        jq -r '.verdict | .cause + (if .confidence >= 0.8 then "" else ", but unsure" end)')
    if [ "$verdict" != "$cause" ]; then
        echo "the diagnosis is '$verdict', the cause $cause"
    elif [ "$(jq -r .seed "$dir/json")" -le 2 ]; then
        catalogue_gdb "$dir" # one seed shows it: gdb takes longer than the run
    else
        echo ok
    fi
}

# One run: says "ok", or what is wrong. Its host is gone afterwards.
catalogue_run() { # folder, scenario, seed
    local dir=$1 status=0 words said
    rm -rf "$dir"
    mkdir -p "$dir"
    "$LOSTBEAT" run "$2" --seed "$3" --host "$dir/host" --json >"$dir/json" 2>"$dir/err" || status=$?
    if [ ! -s "$dir/json" ]; then
        echo "exit status $status: $(head -3 "$dir/err")"
    elif [ "$(jq -r .as_expected "$dir/json")" != true ] || [ "$status" -ne 0 ]; then
        jq -r '"exit '"$status"', \(.outcome) at \(.uptime_s) s: \(.unexpected | join("; "))"' "$dir/json"
    else
        mapfile -t words < <(catalogue_secrets "$dir/json")
        status=0
        said=ok
        [ ${#words[@]} -eq 0 ] || said=$(python3 "$CATALOGUE_SCAN" "$dir/host" "${words[@]}") || status=$?
        [ "$status" -ne 0 ] || said=ok
        [ "$status" -ne 2 ] || said="there was nothing to look at"
        if [ "$said" = ok ]; then catalogue_chain "$dir"; else echo "the artefacts tell: $said"; fi
    fi
    rm -rf "$dir/host"
}
