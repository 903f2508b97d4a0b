/* mini_core.h - a small cos-core made in memory: 1 MB of RAM, four tasks, one page of text with
 * unwind tables. For tests of tools/core/ and their fuzz target.
 *
 * Its structures lie otherwise than the console's: whoever reads it right reads it by its note
 * alone. What is in it:
 *
 *     pid 0 swapper (current) | pid 1 init, asleep on request_wait | pid 7 kswapd, never ran
 *     pid 20 vmnixhbd, runnable: 3 pages present, 2 in swap, one entry for the page of zeros
 */
#ifndef TESTS_LIB_MINI_CORE_H
#define TESTS_LIB_MINI_CORE_H

#include <stddef.h>
#include <stdint.h>

#define MINI_BASE 0xC0000000u /* PAGE_OFFSET */
#define MINI_RAM (1u << 20)
#define MINI_FRAMES (MINI_RAM / 4096)
#define MINI_STACK 8192u
#define MINI_TEXT 0xC0200000u /* a segment of its own: ELF header, tables, two functions */
#define MINI_F1 (MINI_TEXT + 0x800u)
#define MINI_F2 (MINI_TEXT + 0x900u)
#define MINI_TASK(i) (MINI_BASE + 0x2000u + (i)*MINI_STACK) /* task_struct number i of 0..3 */
#define MINI_ROOM (MINI_RAM + (64u << 10))

/* Offsets in the mini structures that tests change. */
#define MINI_NEXT_TASK 12u
#define MINI_PID 20u
#define MINI_COMM 40u
#define MINI_RUNQ (MINI_BASE + 0x10000u) /* active, expired, two prio_arrays at +16 */
#define MINI_ARRAY(i) (MINI_RUNQ + 16u + (i)*1200u)
#define MINI_ZONES (MINI_BASE + 0x14000u)
#define MINI_ZONE_BYTES 1024u
#define MINI_VARS (MINI_BASE + 0x18000u)
#define MINI_LOG (MINI_BASE + 0x19000u)
#define MINI_LOG_LEN 1024u
#define MINI_MEM_MAP (MINI_BASE + 0x20000u)
#define MINI_PAGE_BYTES 44u
#define MINI_PGD 0x30000u /* physical */
#define MINI_PMD 0x31000u
#define MINI_PTE 0x32000u
#define MINI_MM (MINI_BASE + 0x33000u)
#define MINI_VMA(i) (MINI_MM + 0x100u + (i)*64u)
#define MINI_SWAP_MAP (MINI_BASE + 0x34000u)
#define MINI_CACHES (MINI_BASE + 0x35000u)
#define MINI_USER_PAGE(i) (0x40000u + (i)*4096u) /* physical */

struct mini_core {
    unsigned char bytes[MINI_ROOM];
    size_t size;
    size_t note_at, note_len; /* text of the LOSTBEAT note in bytes */
    size_t ram_at, text_at;   /* file offsets of the two segments */
};

/** Make it. Same bytes each time. */
void mini_core_build(struct mini_core *m);
/** Change a word at a virtual address of its RAM. */
void mini_put32(struct mini_core *m, uint32_t va, uint32_t v);
void mini_put64(struct mini_core *m, uint32_t va, uint64_t v);
/** Replace `from` in the note by `to` of the same length. Aborts if it is not there. */
void mini_edit_note(struct mini_core *m, const char *from, const char *to);

#endif /* TESTS_LIB_MINI_CORE_H */
