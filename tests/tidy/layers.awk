# layers.awk - reads layers.txt, then FILE:LINE:#include lines, and prints what breaks the list.
function dir_of(path) {
    sub(/\/[^\/]*$/, "", path)
    return path
}
# Parts of the console's kernel are one: they may use each other in a circle.
function is_one_kernel(a, b) {
    return a ~ /^cos\/kernel\// && b ~ /^cos\/kernel\//
}
function allows(pattern, wing) {
    if (pattern !~ /\*$/) return pattern == wing
    return index(wing, substr(pattern, 1, length(pattern) - 1)) == 1
}
FNR == NR {
    if (/^#/ || NF == 0) next
    first = 1
    if (/^[^ ]/) {
        wing = $1
        floor[wing] = ++floors
        first = 2
    }
    for (i = first; i <= NF; i++) {
        may[wing] = may[wing] " " $i
        for (known in floor)
            if (allows($i, known) && floor[known] > floor[wing] && !is_one_kernel(wing, known))
                print FILENAME ": " wing " uses " known ", which stands below it"
        if ($i !~ /\*$/ && !($i in floor) && !is_one_kernel(wing, $i))
            print FILENAME ": " wing " uses " $i ", which does not stand above it"
    }
    next
}
{
    split($0, part, ":")
    from = part[1] in floor ? part[1] : dir_of(part[1])
    match($0, /"[^"]*"/)
    to = dir_of(substr($0, RSTART + 1, RLENGTH - 2))
    if (!(from in floor)) print part[1] ": tests/tidy/layers.txt has no wing " from
    else if (from != to) {
        n = split(may[from], list, " ")
        found = 0
        for (i = 1; i <= n; i++) if (allows(list[i], to)) found = 1
        if (!found) print part[1] ":" part[2] ": " from " may not use " to " (" part[3] ")"
    }
}
