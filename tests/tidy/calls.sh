#!/bin/bash
# calls.sh OBJECTS FOLDER... - who calls whom among the objects of these source folders: for each
# function or variable that one needs and another has, the line
#
#     CALLER.c:NAME:#include "OWNER.h"
#
# as if there were such an include, for layers.awk. Objects whose source is gone do not count.
sources=$PWD
cd "$1" && shift || exit 2
find "$@" -name '*.o' | LC_ALL=C sort | while read -r object; do
    [ ! -f "$sources/${object%.o}.c" ] && [ ! -f "$sources/${object%.o}.S" ] || echo "$object"
done | xargs nm -A | awk '
    { sub(/\.o:/, " ") }
    $2 == "U" { need[$3 "\t" $1] }
    $3 ~ /^[TDBRCVW]$/ { owner[$4] = $1 }
    END {
        for (pair in need) {
            split(pair, part, "\t")
            if (part[1] in owner && owner[part[1]] != part[2])
                printf "%s.c:%s:#include \"%s.h\"\n", part[2], part[1], owner[part[1]]
        }
    }' | LC_ALL=C sort
