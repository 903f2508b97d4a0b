/* mini_core.c - see mini_core.h. */
#include "tests/lib/mini_core.h"

#include <assert.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "shared/cosinfo.h"

#define HDR_AT 0x200u      /* .eh_frame_hdr in the text segment */
#define EH_FRAME_AT 0x300u /* .eh_frame */
#define PHDR_AT sizeof(Elf64_Ehdr)

/* Sizes, offsets, numbers and symbols. %s of the page flags: any distinct bits will do. */
static const char note[] =
    "OSRELEASE=2.4.21-mini\nPAGESIZE=4096\nPAGE_OFFSET=c0000000\nSTUNNED=1\nTIME=5000000000\n"
    "CURRENT=c0002000\n"
    "SIZE(pt_regs)=176\nNUMBER(thread_size)=8192\nNUMBER(HZ)=100\n"
    "OFFSET(task_struct.next_task)=12\nOFFSET(task_struct.pid)=20\nOFFSET(task_struct.ppid)=24\n"
    "OFFSET(task_struct.state)=28\nOFFSET(task_struct.mm)=32\nOFFSET(task_struct.frame)=36\n"
    "OFFSET(task_struct.comm)=40\nOFFSET(task_struct.run_list)=56\nOFFSET(task_struct.prio)=64\n"
    "OFFSET(task_struct.static_prio)=68\nOFFSET(task_struct.wait_queue)=72\n"
    "OFFSET(task_struct.wait_page)=76\nOFFSET(task_struct.policy)=80\n"
    "OFFSET(task_struct.utime_ns)=88\n"
    "OFFSET(run_queue.active)=0\nOFFSET(run_queue.expired)=4\nOFFSET(prio_array.nr_active)=0\n"
    "OFFSET(prio_array.queue)=8\n"
    "SIZE(zone)=1024\nOFFSET(zone.name)=0\nOFFSET(zone.first_pfn)=8\nOFFSET(zone.size)=12\n"
    "OFFSET(zone.free_pages)=16\nOFFSET(zone.pages_min)=20\nOFFSET(zone.pages_low)=24\n"
    "OFFSET(zone.pages_high)=28\nOFFSET(zone.anon)=40\nOFFSET(zone.cache)=240\n"
    "OFFSET(zone.inactive_dirty)=440\nOFFSET(zone.inactive_dirty_list)=444\n"
    "OFFSET(zone.free_area)=500\nSIZE(free_area)=12\nOFFSET(free_area.free_list)=0\n"
    "OFFSET(free_area.nr_free)=8\nOFFSET(age_lists.count)=64\nOFFSET(age_lists.nr)=128\n"
    "NUMBER(zones)=2\nNUMBER(ages)=16\nNUMBER(max_order)=3\n"
    "SIZE(page)=44\nOFFSET(page.flags)=0\nOFFSET(page.count)=4\nOFFSET(page.mapping)=8\n"
    "OFFSET(page.index)=12\nOFFSET(page.order)=16\nOFFSET(page.list)=20\nOFFSET(page.lru)=28\n"
    "NUMBER(PG_swapcache)=2\nNUMBER(PG_buddy)=4\nNUMBER(PG_slab)=8\nNUMBER(PG_active_anon)=16\n"
    "NUMBER(PG_active_cache)=32\nNUMBER(PG_locked)=64\nNUMBER(PG_inactive_dirty)=128\n"
    "NUMBER(swp_entry_shift)=40\nNUMBER(swap_count_mask)=32767\n"
    "OFFSET(mm_struct.pgd)=0\nOFFSET(mm_struct.mmap)=4\nOFFSET(mm_struct.rss)=8\n"
    "OFFSET(mm_struct.total_vm)=12\n"
    "OFFSET(vm_area_struct.start)=0\nOFFSET(vm_area_struct.end)=4\n"
    "OFFSET(vm_area_struct.flags)=8\nOFFSET(vm_area_struct.next)=12\n"
    "SIZE(kmem_cache)=64\nOFFSET(kmem_cache.name)=0\nOFFSET(kmem_cache.size)=20\n"
    "OFFSET(kmem_cache.active)=24\nOFFSET(kmem_cache.slabs)=28\nOFFSET(kmem_cache.per_slab)=32\n"
    "OFFSET(kmem_cache.order)=36\n"
    "OFFSET(cos_clock.now_ns)=0\nOFFSET(cos_clock.boot_ns)=8\nNUMBER(log_buf_len)=1024\n"
    "SYMBOL(init_task_union)=c0002000,2000\nSYMBOL(run_queue)=c0010000,a00\n"
    "SYMBOL(zone_table)=c0014000,800\nSYMBOL(mem_map)=c0018000,4\nSYMBOL(max_mapnr)=c0018004,4\n"
    "SYMBOL(total_ram_pages)=c0018008,4\nSYMBOL(total_swap_pages)=c001800c,4\n"
    "SYMBOL(nr_swap_pages)=c0018010,4\nSYMBOL(swap_map)=c0018014,4\n"
    "SYMBOL(empty_zero_page)=c0018018,4\nSYMBOL(cache_count)=c001801c,4\n"
    "SYMBOL(nr_running)=c0018020,4\nSYMBOL(log_start)=c0018024,4\nSYMBOL(log_end)=c0018028,4\n"
    "SYMBOL(request_wait)=c0018040,10\nSYMBOL(cos_clock)=c0018060,10\n"
    "SYMBOL(avenrun)=c0018080,c\nSYMBOL(nr_slab_pages)=c0018090,4\n"
    "SYMBOL(log_buf)=c0019000,400\nSYMBOL(caches)=c0035000,80\n"
    "SYMBOL(schedule)=c0200800,20\nSYMBOL(task_start)=c0200900,20\n"
    "SYMBOL(twice)=c0018100,4\nSYMBOL(twice)=c0018104,4\n";

static unsigned char *at(struct mini_core *m, uint32_t va)
{
    assert(va >= MINI_BASE && va - MINI_BASE <= MINI_RAM - 8);
    return m->bytes + m->ram_at + (va - MINI_BASE);
}

void mini_put32(struct mini_core *m, uint32_t va, uint32_t v)
{
    memcpy(at(m, va), &v, sizeof v);
}

void mini_put64(struct mini_core *m, uint32_t va, uint64_t v)
{
    memcpy(at(m, va), &v, sizeof v);
}

void mini_edit_note(struct mini_core *m, const char *from, const char *to)
{
    char *text = memmem(m->bytes + m->note_at, m->note_len, from, strlen(from));
    if (text == NULL || strlen(from) != strlen(to))
        abort();
    memcpy(text, to, strlen(to));
}

static void put_text(struct mini_core *m, uint32_t va, const char *text)
{
    memcpy(at(m, va), text, strlen(text));
}

static void empty_list(struct mini_core *m, uint32_t va)
{
    mini_put32(m, va, va);
    mini_put32(m, va + 4, va);
}

static void one_in_list(struct mini_core *m, uint32_t head, uint32_t node)
{
    mini_put32(m, head, node);
    mini_put32(m, head + 4, node);
    mini_put32(m, node, head);
    mini_put32(m, node + 4, head);
}

/* ---- RAM ------------------------------------------------------------------------------------- */

static void put_tasks(struct mini_core *m)
{
    static const struct {
        uint32_t pid, ppid, state;
        const char *comm;
    } tasks[] = {
        { 0, 0, 0, "swapper" }, { 1, 0, 2, "init" }, { 20, 1, 0, "vmnixhbd" }, { 7, 0, 1, "kswapd" }
    };
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t t = MINI_TASK(i);
        mini_put32(m, t + MINI_NEXT_TASK, MINI_TASK((i + 1) % 4));
        mini_put32(m, t + MINI_PID, tasks[i].pid);
        mini_put32(m, t + 24, tasks[i].ppid);
        mini_put32(m, t + 28, tasks[i].state);
        put_text(m, t + MINI_COMM, tasks[i].comm);
        mini_put32(m, t + 64, 115 + i);
        mini_put32(m, t + 68, 120);
        mini_put64(m, t + 88, 1000000ull * i);
        /* a return address into task_start, for the frame that put_prstatus() makes */
        mini_put64(m, t + MINI_STACK - 32, MINI_F2 + 8);
    }
    mini_put32(m, MINI_TASK(2) + 32, MINI_MM);
    mini_put32(m, MINI_TASK(1) + 72, MINI_VARS + 0x48); /* request_wait[1] */
}

static void put_runq(struct mini_core *m)
{
    mini_put32(m, MINI_RUNQ, MINI_ARRAY(0));
    mini_put32(m, MINI_RUNQ + 4, MINI_ARRAY(1));
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t prio = 0; prio < 140; prio++)
            empty_list(m, MINI_ARRAY(i) + 8 + prio * 8);
    }
    mini_put32(m, MINI_ARRAY(0), 1);
    one_in_list(m, MINI_ARRAY(0) + 8 + 117 * 8, MINI_TASK(2) + 56);
}

static void put_zones(struct mini_core *m)
{
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t z = MINI_ZONES + i * MINI_ZONE_BYTES;
        put_text(m, z, i == 0 ? "DMA" : "Normal");
        mini_put32(m, z + 8, i * 16);
        mini_put32(m, z + 12, i == 0 ? 16 : MINI_FRAMES - 16);
        mini_put32(m, z + 20, i * 5);
        mini_put32(m, z + 24, i * 10);
        mini_put32(m, z + 28, i * 15);
        empty_list(m, z + 444);
        for (uint32_t order = 0; order < 3; order++)
            empty_list(m, z + 500 + order * 12);
    }
    const uint32_t normal = MINI_ZONES + MINI_ZONE_BYTES;
    mini_put32(m, normal + 16, 2); /* one free block of two pages: frame 200 */
    mini_put32(m, normal + 500 + 12 + 8, 1);
    one_in_list(m, normal + 500 + 12, MINI_MEM_MAP + 200 * MINI_PAGE_BYTES + 20);
    mini_put32(m, MINI_MEM_MAP + 200 * MINI_PAGE_BYTES, 4);
    mini_put32(m, MINI_MEM_MAP + 200 * MINI_PAGE_BYTES + 16, 1);
    mini_put32(m, normal + 40 + 64 + 3 * 4, 3); /* three anonymous pages of age 3 */
    mini_put32(m, normal + 40 + 128, 3);
}

static void put_mm(struct mini_core *m)
{
    mini_put32(m, MINI_MM, MINI_PGD);
    mini_put32(m, MINI_MM + 4, MINI_VMA(0));
    mini_put32(m, MINI_MM + 8, 3);
    mini_put32(m, MINI_MM + 12, 9);
    for (uint32_t i = 0; i < 2; i++) {
        mini_put32(m, MINI_VMA(i), 0x08048000 + i * 0x10000);
        mini_put32(m, MINI_VMA(i) + 4, 0x0804c000 + i * 0x10000);
        mini_put32(m, MINI_VMA(i) + 8, i == 0 ? 1 : 11);
        mini_put32(m, MINI_VMA(i) + 12, i == 0 ? MINI_VMA(1) : 0);
    }
    mini_put64(m, MINI_BASE + MINI_PGD, MINI_PMD | 1u);
    mini_put64(m, MINI_BASE + MINI_PMD + (0x08058000 >> 21) * 8, MINI_PTE | 1u);
    const uint32_t pte = MINI_BASE + MINI_PTE + (0x08058000 >> 12) % 512 * 8;
    for (uint32_t i = 0; i < 3; i++) {
        mini_put64(m, pte + i * 8, MINI_USER_PAGE(i) | 0x67);
        mini_put32(m, MINI_MEM_MAP + MINI_USER_PAGE(i) / 4096 * MINI_PAGE_BYTES, 16);
        mini_put32(m, MINI_MEM_MAP + MINI_USER_PAGE(i) / 4096 * MINI_PAGE_BYTES + 4, 1);
        for (uint32_t n = 0; n < 16 * (i + 1); n++)
            put_text(m, MINI_BASE + MINI_USER_PAGE(i) + n * 64, "leak 17 of a request");
    }
    mini_put64(m, pte + 3 * 8, 1ull << 40);
    mini_put64(m, pte + 4 * 8, 2ull << 40);
    mini_put64(m, pte + 5 * 8, 0x50000 | 1); /* the page of zeros: frame 80 */
}

static void put_vars(struct mini_core *m)
{
    static const uint32_t vars[] = { MINI_MEM_MAP,
                                     MINI_FRAMES,
                                     MINI_FRAMES - 20,
                                     10,
                                     8,
                                     MINI_SWAP_MAP,
                                     MINI_MEM_MAP + 80 * MINI_PAGE_BYTES,
                                     2,
                                     1,
                                     0,
                                     0 };
    static const char log[] = "<6>Linux version 2.4.21-mini\n<4>second line\n<0>Kernel panic: no\n";
    for (uint32_t i = 0; i < sizeof vars / sizeof vars[0]; i++)
        mini_put32(m, MINI_VARS + i * 4, vars[i]);
    mini_put32(m, MINI_VARS + 0x28, sizeof log - 1);
    put_text(m, MINI_LOG, log);
    mini_put64(m, MINI_VARS + 0x60, 5000000000ull);
    mini_put32(m, MINI_VARS + 0x80, 2048 * 3 / 2);
    *(uint16_t *)(void *)at(m, MINI_SWAP_MAP + 2) = 1;
    *(uint16_t *)(void *)at(m, MINI_SWAP_MAP + 4) = 1;
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t c = MINI_CACHES + i * 64;
        put_text(m, c, i == 0 ? "dentry_cache" : "inode_cache");
        mini_put32(m, c + 20, 128);
        mini_put32(m, c + 24, 5);
        mini_put32(m, c + 28, 1);
        mini_put32(m, c + 32, 31);
    }
}

/* ---- text ------------------------------------------------------------------------------------ */

static void put_le32(unsigned char *to, uint32_t v)
{
    memcpy(to, &v, sizeof v);
}

/* One FDE with `n` instructions. @return bytes */
static uint32_t put_fde(unsigned char *text, uint32_t where, uint32_t function, uint32_t bytes,
                        const unsigned char *code, uint32_t n)
{
    unsigned char *fde = text + where;
    put_le32(fde, 20); /* length behind this field, padding included */
    put_le32(fde + 4, where + 4 - EH_FRAME_AT);
    put_le32(fde + 8, function - (MINI_TEXT + where + 8)); /* pcrel sdata4 */
    put_le32(fde + 12, bytes);
    fde[16] = 0; /* no augmentation data */
    memcpy(fde + 17, code, n);
    return 24;
}

static void put_unwind_tables(unsigned char *text)
{
    /* length, CIE, version 1, "zR", code 1, data -8, ra 16, 1 byte: pcrel sdata4; then
     * def_cfa rsp+8, rip at cfa-8 */
    static const unsigned char cie[] = { 20, 0,    0,  0, 0,    0,    0, 0, 1,    'z', 'R', 0,
                                         1,  0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1,   0,   0 };
    static const unsigned char frame_of_32[] = { 0x0e, 32 }; /* def_cfa_offset */
    static const unsigned char no_caller[] = { 0x07, 16 };   /* undefined rip */
    static const unsigned char hdr[] = { 1, 0x1b, 0x03, 0x3b };
    memcpy(text + EH_FRAME_AT, cie, sizeof cie);
    const uint32_t first = EH_FRAME_AT + sizeof cie;
    const uint32_t second = first + put_fde(text, first, MINI_F1, 0x20, frame_of_32, 2);
    (void)put_fde(text, second, MINI_F2, 0x20, no_caller, 2);
    memcpy(text + HDR_AT, hdr, sizeof hdr);
    put_le32(text + HDR_AT + 4, EH_FRAME_AT - (HDR_AT + 4));
    put_le32(text + HDR_AT + 8, 2);
    const uint32_t table[] = { MINI_F1 - MINI_TEXT - HDR_AT, first - HDR_AT,
                               MINI_F2 - MINI_TEXT - HDR_AT, second - HDR_AT };
    memcpy(text + HDR_AT + 12, table, sizeof table);
}

static void put_image(struct mini_core *m)
{
    unsigned char *text = m->bytes + m->text_at;
    const Elf64_Ehdr eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64 },
                            .e_phoff = PHDR_AT,
                            .e_phnum = 1 };
    const Elf64_Phdr ph = { .p_type = PT_GNU_EH_FRAME,
                            .p_vaddr = MINI_TEXT + HDR_AT,
                            .p_memsz = 12 + 16 };
    memcpy(text, &eh, sizeof eh);
    memcpy(text + PHDR_AT, &ph, sizeof ph);
    put_unwind_tables(text);
}

/* ---- file ------------------------------------------------------------------------------------ */

static void add_note(struct mini_core *m, const char *name, uint32_t type, const void *desc,
                     size_t len)
{
    const Elf64_Nhdr nh = { (uint32_t)strlen(name) + 1, (uint32_t)len, type };
    memcpy(m->bytes + m->size, &nh, sizeof nh);
    m->size += sizeof nh;
    memcpy(m->bytes + m->size, name, nh.n_namesz);
    m->size += (nh.n_namesz + 3) & ~3u;
    if (type == COSINFO_NOTE_TYPE) {
        m->note_at = m->size;
        m->note_len = len;
    }
    memcpy(m->bytes + m->size, desc, len);
    m->size += (len + 3) & ~(size_t)3;
}

static void add_prstatus(struct mini_core *m, uint32_t pid, uint32_t task, uint64_t rip)
{
    struct elf_prstatus status;
    uint64_t regs[ELF_NGREG] = { 0 };
    memset(&status, 0, sizeof status);
    status.pr_pid = pid != 0 ? (int)pid : 32768;
    regs[16] = rip;
    regs[19] = rip != 0 ? task + MINI_STACK - 56 : 0; /* its return address at cfa - 8 */
    memcpy(&status.pr_reg, regs, sizeof regs);
    add_note(m, "CORE", NT_PRSTATUS, &status, sizeof status);
}

static void add_notes(struct mini_core *m)
{
    const Elf64_auxv_t auxv[] = { { AT_PHDR, { MINI_TEXT + PHDR_AT } },
                                  { AT_PHNUM, { 1 } },
                                  { AT_NULL, { 0 } } };
    add_prstatus(m, 0, MINI_TASK(0), MINI_F1 + 4);
    add_note(m, "CORE", NT_AUXV, auxv, sizeof auxv);
    add_note(m, COSINFO_NOTE_NAME, COSINFO_NOTE_TYPE, note, sizeof note - 1);
    add_prstatus(m, 1, MINI_TASK(1), MINI_F1 + 4);
    add_prstatus(m, 20, MINI_TASK(2), MINI_F1 + 4);
    add_prstatus(m, 7, MINI_TASK(3), 0);
}

static Elf64_Phdr load_of(size_t offset, uint32_t va, uint32_t bytes, uint32_t flags)
{
    return (Elf64_Phdr){ .p_type = PT_LOAD,
                         .p_flags = flags,
                         .p_offset = offset,
                         .p_vaddr = va,
                         .p_filesz = bytes,
                         .p_memsz = bytes };
}

void mini_core_build(struct mini_core *m)
{
    memset(m, 0, sizeof *m);
    const size_t notes = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr);
    m->size = notes;
    add_notes(m);
    const size_t notes_end = m->size;
    m->text_at = (m->size + 4095) & ~(size_t)4095;
    m->ram_at = m->text_at + 4096;
    m->size = m->ram_at + MINI_RAM;
    assert(m->size <= sizeof m->bytes);
    const Elf64_Ehdr eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                         ELFDATA2LSB, EV_CURRENT },
                            .e_type = ET_CORE,
                            .e_machine = EM_X86_64,
                            .e_phoff = sizeof eh,
                            .e_phentsize = sizeof(Elf64_Phdr),
                            .e_phnum = 3 };
    const Elf64_Phdr ph[] = {
        { .p_type = PT_NOTE, .p_offset = notes, .p_filesz = notes_end - notes },
        load_of(m->ram_at, MINI_BASE, MINI_RAM, PF_R | PF_W),
        load_of(m->text_at, MINI_TEXT, 4096, PF_R | PF_X)
    };
    memcpy(m->bytes, &eh, sizeof eh);
    memcpy(m->bytes + sizeof eh, ph, sizeof ph);
    put_image(m);
    put_tasks(m);
    put_runq(m);
    put_zones(m);
    put_mm(m);
    put_vars(m);
}
