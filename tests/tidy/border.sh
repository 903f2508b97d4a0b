#!/bin/bash
# border.sh OBJECTS - code of programs calls, or jumps to, nothing of the kernel's text but its
# library and what any code runs into: hand_over, model_bug and the entries of entry.S.
#
# Code that is marked lies in a section of its own (cos/kernel/arch/syscall.h): the kernel's among
# that of programs in .text.kernel, user mode's among that of the kernel in .text.user.
set -u
objects=$1
any='^(hand_over|model_bug|ret_from_intr|system_call|error_code)$'

# "text NAME" of each function, of a section whose name matches
functions_in() { # section, object
    readelf -SsW "$2" | awk -v wanted="$1" '
        match($0, /^ *\[ *[0-9]+\]/) {
            number = substr($0, RSTART, RLENGTH); gsub(/[^0-9]/, "", number)
            rest = substr($0, RSTART + RLENGTH); split(rest, word, " ")
            section[number] = word[1]
        }
        $4 == "FUNC" && $5 == "GLOBAL" && section[$7] ~ wanted { print "kernel", $8 }'
}
calls_of() { # object
    readelf -rW "$1" | awk -v object="$1" '
        /^Relocation section/ { in_text = $3 == "\047.rela.text\047" }
        in_text && $3 ~ /PLT32/ { print "call", $5, object }'
}

{
    find "$objects/kernel" -name '*.o' ! -name lib.o | while read -r o; do
        functions_in '^[.]text(|[.]refill_inactive_zone)$' "$o"
    done
    find "$objects/programs" -name '*.o' | while read -r o; do
        functions_in '^[.]text[.]kernel$' "$o"
        calls_of "$o"
    done
} | awk -v any="$any" '
    $1 == "kernel" { kernel[$2] = 1 }
    $1 == "call" && $2 !~ any { called[$2] = called[$2] " " $3 }
    END {
        for (name in called)
            if (name in kernel) print "code of a program calls " name " without sys():" called[name]
    }' | LC_ALL=C sort
