#!/bin/bash
# contributing.sh - the walks of CONTRIBUTING.md work: each diff there applies to the tree as it is,
# touches as many files as its section says, and with `make check-long` builds and does what the
# section shows.
#
# A section begins with "## ", says "Files: N.", and has a block of ```diff and one of ```console,
# whose lines "$ COMMAND" are run in the tree, with build/bin on PATH; each line below one stands in
# its output.
# timeout: 1800 s
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)

# One file a section: its title, its number of files, its diff, its commands.
awk -v out="$TMP" '
    /^## / { n++; title = substr($0, 4) }
    /^Files: [0-9]+\./ {
        print title >(out "/walk." n ".title")
        print $2 + 0 >(out "/walk." n ".files")
    }
    /^```/ { kind = kind ? "" : substr($0, 4); next }
    kind == "diff" || kind == "console" { print >(out "/walk." n "." kind) }
' "$top/CONTRIBUTING.md"

tree=$TMP/tree
mkdir "$tree"
(cd "$top" && git ls-files -z | xargs -0 cp --parents -t "$tree")
cd "$tree" || exit 2
git init -q . && git add -A && git -c user.name=test -c user.email=test@localhost commit -qm tree

# shellcheck disable=SC2317 # check calls it
run_commands() { # file: the lines below each command stand in what it prints
    local line said=
    while IFS= read -r line; do
        case $line in
        '$ '*) said=$(PATH=$tree/build/bin:$PATH bash -c "${line#??}" 2>&1 </dev/null) ;;
        *)
            grep -qF -- "$line" <<<"$said" && continue
            printf 'wanted: %s\ngot: %s\n' "$line" "$said"
            return 1
            ;;
        esac
    done <"$1"
}

for walk in "$TMP"/walk.*.title; do
    [ -f "$walk" ] || give_up "CONTRIBUTING.md has walks"
    walk=${walk%.title}
    title=$(cat "$walk.title")
    git reset -q --hard && git clean -qfd -e build
    check "$title: the diff applies" git apply "$walk.diff"
    equal "$title: it touches as many files as it says" "$(git status --porcelain | wc -l)" \
        "$(cat "$walk.files")"
    is_long || continue
    check "$title: it builds" make -s -j2 all
    check "$title: it does what the page shows" run_commands "$walk.console"
done
tap_done
