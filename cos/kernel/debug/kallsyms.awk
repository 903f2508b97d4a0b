# kallsyms.awk - the table of functions for kallsyms.c, of the symbols of a linked kernel.
#
#     nm -n --defined-only KERNEL | LC_ALL=C awk -f kallsyms.awk > kallsyms.S
#
# Of two names for one address the first stays. The entry behind the last function ends the text.
BEGIN { count = 0 }
$2 ~ /^[tTwW]$/ && $3 !~ /^(_simage|_stext|__executable_start)$/ {
    address = substr($1, length($1) - 7)
    if (address == last)
        next
    last = address
    addresses[count] = address
    names[count++] = $3
    if ($3 ~ /^_*etext$/)
        exit
}
END {
    print "    .section .note.GNU-stack, \"\", @progbits"
    print "    .section .rodata"
    print "    .balign 8"
    print "    .globl kallsyms_count, kallsyms_addresses, kallsyms_names"
    print "kallsyms_count:\n    .long " count
    print "    .type kallsyms_count, @object\n    .size kallsyms_count, . - kallsyms_count"
    print "kallsyms_addresses:"
    for (i = 0; i < count; i++)
        print "    .long 0x" addresses[i]
    print "    .type kallsyms_addresses, @object"
    print "    .size kallsyms_addresses, . - kallsyms_addresses"
    print "kallsyms_names:"
    for (i = 0; i < count; i++)
        print "    .asciz \"" names[i] "\""
    print "    .type kallsyms_names, @object"
    print "    .size kallsyms_names, . - kallsyms_names"
}
