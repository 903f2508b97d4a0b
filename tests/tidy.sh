#!/bin/bash
# tidy.sh - what a program can check of docs/style.md. Each check prints the lines that break it;
# the last line counts them.
#
# By hand: tests/tidy.sh [CHECK...] runs only the named ones.
set -u
cd "$(dirname "$0")/.." || exit 2
broken=0

sources() { # folders...
    find "$@" -name '*.[ch]' | LC_ALL=C sort
}
report() { # check: complaints come on stdin
    local lines
    lines=$(cat)
    [ -z "$lines" ] && return
    printf '%s\n' "$lines" | sed "s/^/$1: /"
    broken=$((broken + $(printf '%s\n' "$lines" | wc -l)))
}

# Who may include whom, wing by wing (tests/tidy/layers.txt). Each wing has a README.md of its own.
layers() {
    grep -rnE '^#include "' --include='*.[chS]' shared vmkernel cos tools |
        awk -f tests/tidy/layers.awk tests/tidy/layers.txt -
    awk '/^[a-z]/ { print $1 }' tests/tidy/layers.txt | while read -r wing; do
        [ ! -d "$wing" ] || [ -f "$wing/README.md" ] || echo "$wing: no README.md says what it is for"
    done
}

# Who may call whom, by the same list: what the objects of the build need of each other.
arrows() {
    local build=${BUILD:-build}
    [ -d "$build/cos/cos" ] || echo "$build/cos has no objects: build first"
    { tests/tidy/calls.sh "$build/cos" cos shared
      tests/tidy/calls.sh "$build/hosted" vmkernel tools shared; } |
        awk -f tests/tidy/layers.awk tests/tidy/layers.txt -
}

# A program enters the kernel by sys() alone.
border() {
    tests/tidy/border.sh "${BUILD:-build}/cos/cos"
}

# The console's kernel has no names that only a compiler gives: its engineers would not know them.
names() {
    nm "${BUILD:-build}/bin/cos" | awk '$3 ~ /\.(constprop|isra|part|cold|llvm)/ {
        print "bin/cos: " $3 ": a compiler named it" }'
}

# Unsafe, or a door through which the outside gets into a simulation. The named files are the ones
# whose work it is.
banned() {
    local unsafe='gets|strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|tmpnam|mktemp|alloca'
    local outside='rand|srand|random|srandom|drand48|getenv|setlocale|time|gettimeofday|clock_gettime|localtime|gmtime|ctime|strftime|pthread_[a-z_]+'
    grep -rnE "\b($unsafe)\(" --include='*.[ch]' shared vmkernel cos tools
    grep -rnE "\b($outside)\(" --include='*.[ch]' shared vmkernel cos | grep -vE '^(vmkernel/run/pace\.c|[^:]*_live\.c):'
    grep -rnE '"[^"]*%[0-9]*p[^"]*"' --include='*.[ch]' shared vmkernel cos tools
    grep -rnE '\b(float|double)\b' --include='*.[ch]' shared cos
}

# No line is wider than 100 columns, in whatever language. Blocks of Markdown between ``` show what
# programs print, as wide as they print it. tests/tidy/wide.txt has what is wider still: it only
# shrinks.
length() {
    git ls-files | grep -vE '^tests/(golden|data|fuzz/corpus)/' |
        grep -E '\.([chS]|md|sh|py|yaml|awk|mk|lds)$|(^|/)(Makefile|run|pre-commit)$' | while read -r file; do
        expand -t 4 "$file" | LC_ALL=C.UTF-8 awk -v file="$file" '
            /^ *```/ && file ~ /\.md$/ { shown = !shown }
            length > 100 && !shown { print file ":" FNR ": " length " columns" }'
    done | awk -F: '
        FILENAME != "-" { allowed[$1] = $2; next }
        { wide[$1]++; line[$1] = line[$1] $0 "\n" }
        END {
            for (file in wide) if (wide[file] > allowed[file]) printf "%s", line[file]
            for (file in allowed)
                if (wide[file] + 0 < allowed[file])
                    print "tests/tidy/wide.txt: " file " has only " wide[file] + 0 " wide lines now"
        }' tests/tidy/wide.txt -
}

format() {
    local file
    for file in $(sources shared vmkernel cos tools tests); do
        clang-format --dry-run -Werror "$file" >/dev/null 2>&1 || echo "$file: clang-format would change it (make format)"
    done
}

# A function in a header has a comment above it, its own or that of the group it stands in.
docstrings() {
    sources shared vmkernel cos tools | grep '\.h$' | xargs awk '
        FNR == 1 { open = 0; told = 0 }
        /^$/ { told = 0 }
        /\*\// { if (!open) told = 1 }
        /^[a-z].*\(/ && !/^(typedef|static|struct [a-z_]+ \{|enum|extern|return)/ && !open {
            if (!told) print FILENAME ":" FNR ": no comment above: " $0
            open = 1 }
        open && /;/ { open = 0; told = 1 }'
}

# Few functions are longer than 70 lines, and each such one has a reason.
functions() {
    sources shared vmkernel cos tools | xargs awk '
        /^\{/ { start = FNR }
        /^\}/ && start { if (FNR - start - 1 > 70) print FILENAME ":" start ": " FNR - start - 1 " lines"; start = 0 }'
}

# [TAG], [TAG/part] and [TAG 1.2] in comments stand in docs/sources.md as "**TAG**".
tags() {
    local tag
    grep -rhoE '(^|[^A-Za-z0-9_])\[(KB[0-9]+|[A-Z][A-Z0-9]{3,})([/ :,][^]]*)?\]' --include='*.[chS]' --include='*.yaml' \
        shared vmkernel cos tools | sed -E 's/^.*\[([A-Z0-9]+).*/\1/' | LC_ALL=C sort -u | while read -r tag; do
        grep -qF "**$tag**" docs/sources.md && continue
        grep -rnE "(\*|#).*\[${tag}[] /:,]" --include='*.[chS]' --include='*.yaml' shared vmkernel cos tools | sed 's/$/   <- tag unknown/'
    done
}

# Every key of scenario files has its line in docs/scenarios.md.
keys() {
    local key
    grep -oE '^    [A-Z]+\("[a-z-]+"|\.name = "[a-z-]+"' tools/scenario/scenario.c | grep -oE '"[a-z-]+"' | tr -d '"' | LC_ALL=C sort -u | while read -r key; do
        grep -qF "\`$key\`" docs/scenarios.md || echo "docs/scenarios.md: key '$key' is not explained"
    done
}

scripts() {
    find tests tools .ci -name '*.sh' -o -path '.ci/run' | LC_ALL=C sort | xargs shellcheck -x -f gcc -S warning
}

[ $# -gt 0 ] || set -- layers arrows border names banned length format docstrings functions tags \
    keys scripts
for check in "$@"; do
    report "$check" < <($check)
done
echo "tidy: $broken complaints"
[ "$broken" -eq 0 ]
