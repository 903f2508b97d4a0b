/* cosinfo_entry.h - how the kernel describes a structure to readers of its dump: one record in
 * section .cosinfo (shared/cosinfo.h). */
#ifndef COS_COSINFO_ENTRY_H
#define COS_COSINFO_ENTRY_H

#include "shared/cosinfo.h"

#define COSINFO_JOIN2(a, b) a##b
#define COSINFO_JOIN(a, b) COSINFO_JOIN2(a, b)
#define COSINFO_ENTRY(text, number)                                       \
    static const struct cosinfo_entry COSINFO_JOIN(cosinfo_, __COUNTER__) \
        __attribute__((section(COSINFO_SECTION), used, aligned(8))) = { text, number }
#define COSINFO_SIZE(type) COSINFO_ENTRY("SIZE(" #type ")", sizeof(struct type))
#define COSINFO_OFFSET(type, field) \
    COSINFO_ENTRY("OFFSET(" #type "." #field ")", offsetof(struct type, field))
#define COSINFO_NUMBER(name, value) COSINFO_ENTRY("NUMBER(" #name ")", value)

#endif /* COS_COSINFO_ENTRY_H */
