/* core_vm.c - address spaces of tasks in a core: areas and page tables; see core_model.h.
 *
 * PAE: 4 directory entries, 512 middle entries, 512 table entries of 8 bytes:
 *     address 31..30 pgd | 29..21 pmd | 20..12 pte | 11..0 offset
 * A walk reads at most 4 * 512 * 512 entries, whatever the tables say. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/core_model.h"

#define DIRECTORIES 4u
#define ENTRIES 512u
#define ENTRY_ADDRESS 0xffffffffff000ull /* bits 12 to 51 */
#define SWAP_SHIFT 40u /* of kernels whose note does not have NUMBER(swp_entry_shift) */

/* ---- areas ----------------------------------------------------------------------------------- */

static void load_vma(struct core *c, uint64_t at, struct core_vma *v)
{
    uint64_t name;
    memset(v, 0, sizeof *v);
    v->address = at;
    v->start = cosview_field(&c->view, at, "vm_area_struct.start", 0);
    v->end = cosview_field(&c->view, at, "vm_area_struct.end", 0);
    v->flags = cosview_field(&c->view, at, "vm_area_struct.flags", 0);
    v->pgoff = cosview_field(&c->view, at, "vm_area_struct.pgoff", 0);
    const uint32_t file = cosview_field(&c->view, at, "vm_area_struct.file", 0);
    if (file != 0 && cosview_offset(&c->view, "address_space.name", &name))
        (void)cosview_text(&c->view, file + name, v->file, sizeof v->file);
    if (v->end <= v->start)
        problems_add(&c->problems,
                     "vm_area_struct at %" PRIx64 ": it ends at %x before it begins at %x", at,
                     v->end, v->start);
}

int core_vmas_load(struct core *c, uint32_t mm, struct core_vma **ret)
{
    struct core_vma *vmas = NULL;
    struct cos_walk w;
    uint64_t next, at;
    uint32_t room = 0, count = 0;
    if (!cosview_offset(&c->view, "vm_area_struct.next", &next)) {
        *ret = NULL;
        return 0;
    }
    cos_walk_chain(&w, &c->view, "list of areas", cosview_field(&c->view, mm, "mm_struct.mmap", 0),
                   next, CORE_VMAS_MAX);
    while (cos_walk_next(&w, &at)) {
        if (count == room) {
            room = room == 0 ? 64 : room * 2;
            struct core_vma *more = realloc(vmas, room * sizeof *more);
            if (more == NULL) {
                free(vmas);
                return -1;
            }
            vmas = more;
        }
        load_vma(c, at, &vmas[count++]);
    }
    *ret = vmas;
    return (int)count;
}

/* ---- page tables ----------------------------------------------------------------------------- */

static const unsigned char *table_at(struct core *c, uint64_t entry, uint32_t entries)
{
    const uint64_t va = c->page_offset + (entry & ENTRY_ADDRESS);
    const unsigned char *table = core_at(c, va, entries * sizeof(uint64_t));
    if (table == NULL)
        problems_add(&c->problems, "page tables: the table at physical %llx is not in the core",
                     entry & ENTRY_ADDRESS);
    return table;
}

static uint64_t entry_at(const unsigned char *table, uint32_t i)
{
    uint64_t entry;
    memcpy(&entry, table + i * sizeof entry, sizeof entry);
    return entry;
}

static bool walk_table(const unsigned char *table, uint32_t address, core_pte_fn fn, void *arg)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        const uint64_t pte = entry_at(table, i);
        if (pte != 0 && !fn(arg, address + i * CORE_PAGE, pte))
            return false;
    }
    return true;
}

static bool walk_middle(struct core *c, const unsigned char *middle, uint32_t address,
                        uint32_t *tables, core_pte_fn fn, void *arg)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        const uint64_t pmd = entry_at(middle, i);
        if (!(pmd & CORE_PRESENT))
            continue;
        const unsigned char *table = table_at(c, pmd, ENTRIES);
        if (table == NULL)
            continue;
        (*tables)++;
        if (!walk_table(table, address + i * ENTRIES * CORE_PAGE, fn, arg))
            return false;
    }
    return true;
}

uint32_t core_mm_walk(struct core *c, uint32_t mm, core_pte_fn fn, void *arg)
{
    uint32_t tables = 0, directory;
    if (!cosview_field_u32(&c->view, mm, "mm_struct.pgd", &directory) || directory == 0)
        return 0;
    const unsigned char *pgd = table_at(c, directory, DIRECTORIES);
    if (pgd == NULL)
        return 0;
    tables++;
    for (uint32_t i = 0; i < DIRECTORIES; i++) {
        const uint64_t entry = entry_at(pgd, i);
        const unsigned char *middle = entry & CORE_PRESENT ? table_at(c, entry, ENTRIES) : NULL;
        if (middle == NULL)
            continue;
        tables++;
        if (!walk_middle(c, middle, i << 30, &tables, fn, arg))
            break;
    }
    return tables;
}

uint32_t core_pte_slot(const struct core *c, uint64_t pte)
{
    const struct cosview_key *shift = cosview_key(&c->view, COSVIEW_NUMBER, "swp_entry_shift");
    const uint64_t by = shift != NULL ? shift->value : SWAP_SHIFT;
    return pte & CORE_PRESENT || by > 63 ? 0 : (uint32_t)(pte >> by);
}

struct counting {
    struct core *core;
    struct core_frames frames;
    uint32_t zero_frame, swapcache, slots;
    struct core_mm_pages *to;
};

static bool count_pte(void *arg, uint32_t address, uint64_t pte)
{
    struct counting *n = arg;
    const uint32_t frame = core_pte_frame(pte);
    (void)address;
    if (!(pte & CORE_PRESENT)) {
        const uint32_t slot = core_pte_slot(n->core, pte);
        if (slot != 0 && slot <= n->slots)
            n->to->swapped++;
        else
            n->to->bad++;
    } else if (frame == n->zero_frame) {
        n->to->zero++;
    } else if (frame >= n->frames.promised) {
        n->to->bad++;
    } else {
        n->to->present++;
        if (frame >= n->frames.count)
            return true; /* cut: nothing is known of it but that it is there */
        const bool swapcache = (core_frame_flags(&n->frames, frame) & n->swapcache) != 0;
        n->to->swapcache += swapcache;
        n->to->file += !swapcache && core_frame_mapping(&n->frames, frame) != 0;
    }
    return true;
}

void core_mm_count(struct core *c, uint32_t mm, struct core_mm_pages *ret)
{
    struct core_mm_pages pages = { 0 };
    struct counting n = { .core = c, .zero_frame = UINT32_MAX, .to = &pages };
    core_frames_init(c, &n.frames);
    (void)core_frame_of(&n.frames, cosview_value(&c->view, "empty_zero_page", 0), &n.zero_frame);
    n.swapcache = core_page_flag(c, "PG_swapcache");
    n.slots = cosview_value(&c->view, "total_swap_pages", 0);
    pages.tables = core_mm_walk(c, mm, count_pte, &n);
    if (pages.bad > 0)
        problems_add(&c->problems,
                     "page tables of the mm at %x: %u entries name neither a page nor a "
                     "swap slot",
                     mm, pages.bad);
    *ret = pages;
}
