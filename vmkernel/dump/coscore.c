/* coscore.c - see coscore.h. */
#include "vmkernel/dump/coscore.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

#define PAGE IMAGE_PAGE
#define LOADS_MAX (2 * IMAGE_SEGMENTS_MAX + 1)

struct load {
    uint64_t start, end;               /* virtual addresses, whole pages */
    const struct image_segment *image; /* NULL = RAM */
    uint64_t offset;                   /* in the core */
};

struct plan {
    struct load load[LOADS_MAX];
    uint32_t count;
    char *notes; /* the PT_NOTE segment */
    size_t notes_len;
};

/* ---- notes ----------------------------------------------------------------------------------- */

static void put_note(FILE *to, const char *name, uint32_t type, const void *desc, size_t len)
{
    static const char zero[4];
    const Elf64_Nhdr nh = { .n_namesz = (uint32_t)strlen(name) + 1,
                            .n_descsz = (uint32_t)len,
                            .n_type = type };
    (void)fwrite(&nh, sizeof nh, 1, to);
    (void)fwrite(name, nh.n_namesz, 1, to);
    (void)fwrite(zero, (4 - nh.n_namesz % 4) % 4, 1, to);
    (void)fwrite(desc, len, 1, to);
    (void)fwrite(zero, (4 - len % 4) % 4, 1, to);
}

static uint32_t lwp(uint32_t pid)
{
    return pid != 0 ? pid : CORE_LWP_SWAPPER;
}

static void put_prstatus(FILE *to, const struct cos_task *t)
{
    const struct cos_frame *f = &t->regs;
    /* x86-64's user_regs order (sys/user.h). orig_rax -1: not in a system call. */
    const uint64_t regs[ELF_NGREG] = { f->r15,    f->r14, f->r13, f->r12,     f->rbp, f->rbx,
                                       f->r11,    f->r10, f->r9,  f->r8,      f->rax, f->rcx,
                                       f->rdx,    f->rsi, f->rdi, UINT64_MAX, f->rip, f->cs,
                                       f->rflags, f->rsp, f->ss,  0,          0,      f->ds,
                                       f->es,     0,      0 };
    struct elf_prstatus status;
    memset(&status, 0, sizeof status);
    status.pr_pid = (int)lwp(t->pid);
    status.pr_ppid = (int)t->ppid;
    status.pr_pgrp = status.pr_pid;
    status.pr_sid = status.pr_pid;
    _Static_assert(sizeof status.pr_reg == sizeof regs, "27 registers");
    memcpy(&status.pr_reg, regs, sizeof regs);
    put_note(to, "CORE", NT_PRSTATUS, &status, sizeof status);
}

static void put_prpsinfo(FILE *to, const struct cos_task *t)
{
    struct elf_prpsinfo info;
    memset(&info, 0, sizeof info);
    info.pr_sname = 'R';
    info.pr_pid = t != NULL ? (int)lwp(t->pid) : 0;
    memcpy(info.pr_fname, "cos", 3);
    memcpy(info.pr_psargs, "cos", 3);
    put_note(to, "CORE", NT_PRPSINFO, &info, sizeof info);
}

static void put_auxv(FILE *to, const struct image *img)
{
    const Elf64_auxv_t auxv[] = {
        { AT_PAGESZ, { PAGE } },
        { AT_PHDR, { img->phdr_va } },
        { AT_PHENT, { sizeof(Elf64_Phdr) } },
        { AT_PHNUM, { img->phdr_count } },
        { AT_ENTRY, { img->entry } },
        { AT_NULL, { 0 } },
    };
    put_note(to, "CORE", NT_AUXV, auxv, sizeof auxv);
}

/* The note of shared/cosinfo.h: lines KEY=VALUE. */
static int put_cosinfo(FILE *to, const struct core_source *src)
{
    const struct image *img = &src->mem->image;
    const struct cos_task *current = cos_task_current(src->tasks);
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL)
        return -ENOMEM;
    (void)fprintf(
        f, "OSRELEASE=%s\nPAGESIZE=%u\nPAGE_OFFSET=%" PRIx64 "\nSTUNNED=%d\nTIME=%" PRIu64 "\n",
        src->release, PAGE, src->mem->page_offset, src->stunned ? 1 : 0, src->time_ns);
    if (current != NULL)
        (void)fprintf(f, "CURRENT=%" PRIx64 "\n", current->address);
    (void)fwrite(img->note, 1, img->note_len, f);
    if (fclose(f) != 0) {
        free(text);
        return -ENOMEM;
    }
    put_note(to, COSINFO_NOTE_NAME, COSINFO_NOTE_TYPE, text, len);
    free(text);
    return 0;
}

static int make_notes(struct plan *p, const struct core_source *src)
{
    const struct cos_tasks *tasks = src->tasks;
    const struct cos_task *current = cos_task_current(tasks);
    FILE *f = open_memstream(&p->notes, &p->notes_len);
    if (f == NULL)
        return -ENOMEM;
    if (current != NULL)
        put_prstatus(f, current);
    put_prpsinfo(f, current);
    put_auxv(f, &src->mem->image);
    const int result = put_cosinfo(f, src);
    for (uint32_t i = 0; i < tasks->count; i++) {
        if (!tasks->task[i].current)
            put_prstatus(f, &tasks->task[i]);
    }
    return fclose(f) != 0 ? -ENOMEM : result;
}

/* ---- layout ---------------------------------------------------------------------------------- */

static void add_load(struct plan *p, uint64_t start, uint64_t end,
                     const struct image_segment *image)
{
    if (start >= end)
        return;
    assert(p->count < LOADS_MAX);
    p->load[p->count++] = (struct load){ .start = start, .end = end, .image = image };
}

/* RAM from end to end; a part of the image that is not writable takes the place of the RAM beneath
 * it. */
static void make_loads(struct plan *p, const struct cosmem *m)
{
    const uint64_t ram_end = m->page_offset + m->ram_bytes;
    uint64_t at = m->page_offset;
    for (uint32_t i = 0; i < m->image.segment_count; i++) {
        const struct image_segment *s = &m->image.segment[i];
        if (s->writable || s->end > ram_end)
            continue;
        add_load(p, at, s->start, NULL);
        add_load(p, s->start, s->end, s);
        at = s->end;
    }
    add_load(p, at, ram_end, NULL);
}

static uint64_t round_up(uint64_t n)
{
    return (n + PAGE - 1) / PAGE * PAGE;
}

/* Give each load its place. @return the length of the file */
static uint64_t place_loads(struct plan *p)
{
    uint64_t offset =
        round_up(sizeof(Elf64_Ehdr) + (p->count + 1) * sizeof(Elf64_Phdr) + p->notes_len);
    for (uint32_t i = 0; i < p->count; i++) {
        p->load[i].offset = offset;
        offset += p->load[i].end - p->load[i].start;
    }
    return offset;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct writer {
    const struct dumpio *io;
    int fd;
    uint64_t written;
    uint64_t synced_to, last; /* file offsets: writeback was started up to; written up to */
};

static int put(struct writer *w, const void *bytes, size_t len, uint64_t offset)
{
    const int result = dumpio_write_all(w->io, w->fd, bytes, len, (off_t)offset);
    if (result != 0)
        return result;
    w->written += len;
    w->last = offset + len;
    if (w->last - w->synced_to >= CORE_SYNC_BYTES) {
        (void)w->io->writeback(w->io, w->fd, (off_t)w->synced_to, (off_t)(w->last - w->synced_to));
        w->synced_to = w->last;
    }
    return 0;
}

static int write_head(struct writer *w, const struct plan *p, const struct cosmem *m)
{
    Elf64_Phdr ph[LOADS_MAX + 1];
    const Elf64_Ehdr eh = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
                     ELFOSABI_NONE },
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof eh,
        .e_ehsize = sizeof eh,
        .e_phentsize = sizeof ph[0],
        .e_phnum = (Elf64_Half)(p->count + 1),
    };
    memset(ph, 0, sizeof ph);
    ph[0] = (Elf64_Phdr){ .p_type = PT_NOTE,
                          .p_offset = sizeof eh + (p->count + 1) * sizeof ph[0],
                          .p_filesz = p->notes_len,
                          .p_align = 4 };
    for (uint32_t i = 0; i < p->count; i++) {
        const struct load *l = &p->load[i];
        ph[i + 1] = (Elf64_Phdr){
            .p_type = PT_LOAD,
            .p_flags = PF_R | (l->image == NULL       ? PF_W
                               : l->image->executable ? PF_X
                                                      : 0u),
            .p_offset = l->offset,
            .p_vaddr = l->start,
            .p_paddr = l->start - m->page_offset,
            .p_filesz = l->end - l->start,
            .p_memsz = l->end - l->start,
            .p_align = PAGE,
        };
    }
    int result = put(w, &eh, sizeof eh, 0);
    if (result == 0)
        result = put(w, ph, (p->count + 1) * sizeof ph[0], sizeof eh);
    if (result == 0)
        result = put(w, p->notes, p->notes_len, ph[0].p_offset);
    return result;
}

static int write_image(struct writer *w, const struct load *l, const struct cosmem *m)
{
    char page[PAGE];
    for (uint64_t at = l->start; at < l->end; at += PAGE) {
        image_read(&m->image, l->image, at, page, PAGE);
        const int result = put(w, page, PAGE, l->offset + (at - l->start));
        if (result != 0)
            return result;
    }
    return 0;
}

static bool is_zero(const unsigned char *page)
{
    uint64_t words[8];
    for (unsigned i = 0; i < PAGE; i += sizeof words) {
        memcpy(words, page + i, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] |
             words[7]) != 0)
            return false;
    }
    return true;
}

/* Write [from, to) of RAM; `offset` is the place of physical address 0 in the core. Short runs of
 * zero pages are written along, since a system call costs more than copying them. */
static int write_extent(struct writer *w, const unsigned char *ram, uint64_t from, uint64_t to,
                        uint64_t offset)
{
    uint64_t begin = from, end = from; /* what is to be written next */
    int result = 0;
    for (uint64_t at = from; at < to && result == 0; at += PAGE) {
        if (is_zero(ram + at))
            continue;
        if (at - end >= CORE_HOLE_PAGES * PAGE || at + PAGE - begin > CORE_WRITE_BYTES) {
            result = begin < end ? put(w, ram + begin, end - begin, offset + begin) : 0;
            begin = at;
        }
        end = at + PAGE;
    }
    if (result == 0 && begin < end)
        result = put(w, ram + begin, end - begin, offset + begin);
    return result;
}

/* The next range of [from, to) that the memory has pages for; without a descriptor all of it.
 * @return false when there is none */
static bool next_data(const struct core_source *src, uint64_t from, uint64_t to, uint64_t *ret_from,
                      uint64_t *ret_to)
{
    *ret_from = from;
    *ret_to = to;
    if (from >= to)
        return false;
    if (src->memory_fd < 0)
        return true;
    const off_t data = lseek(src->memory_fd, (off_t)(src->ram_offset + from), SEEK_DATA);
    if (data < 0)
        return errno != ENXIO; /* ENXIO: a hole up to the end. Else: look at every page */
    const off_t hole = lseek(src->memory_fd, data, SEEK_HOLE);
    *ret_from = (uint64_t)data - src->ram_offset;
    if (hole >= 0 && (uint64_t)hole - src->ram_offset < to)
        *ret_to = (uint64_t)hole - src->ram_offset;
    return *ret_from < to;
}

/* The same by way of a warm buffer: reading through the descriptor needs no page table entries. */
static int write_by_fd(struct writer *w, const struct core_source *src, uint64_t from, uint64_t to,
                       uint64_t offset)
{
    static unsigned char buffer[CORE_WRITE_BYTES] __attribute__((aligned(4096)));
    int result = 0;
    for (uint64_t at = from; at < to && result == 0; at += sizeof buffer) {
        const uint64_t n = to - at < sizeof buffer ? to - at : sizeof buffer;
        if (pread(src->memory_fd, buffer, n, (off_t)(src->ram_offset + at)) != (ssize_t)n)
            return -EIO;
        result = write_extent(w, buffer, 0, n, offset + at);
    }
    return result;
}

static int write_ram(struct writer *w, const struct load *l, const struct core_source *src)
{
    const uint64_t base = src->mem->page_offset;
    const uint64_t end = l->end - base;
    uint64_t from, to;
    int result = 0;
    for (uint64_t at = l->start - base; result == 0 && next_data(src, at, end, &from, &to); at = to)
        result = src->memory_fd >= 0
                     ? write_by_fd(w, src, from, to, l->offset - (l->start - base))
                     : write_extent(w, src->mem->ram, from, to, l->offset - (l->start - base));
    return result;
}

static int write_core(const struct dumpio *io, int fd, const struct plan *p, uint64_t bytes,
                      const struct core_source *src, struct core_result *ret)
{
    struct writer w = { .io = io, .fd = fd };
    int result = io->truncate(io, fd, (off_t)bytes);
    if (result == 0)
        result = write_head(&w, p, src->mem);
    for (uint32_t i = 0; i < p->count && result == 0; i++)
        result = p->load[i].image != NULL ? write_image(&w, &p->load[i], src->mem)
                                          : write_ram(&w, &p->load[i], src);
    if (result == 0)
        *ret = (struct core_result){ .bytes = bytes, .written = w.written };
    return result;
}

int coscore_write(const struct dumpio *io, const char *path, const struct core_source *src,
                  struct core_result *ret)
{
    struct plan p = { .count = 0 };
    struct core_result done;
    assert(src->mem->ram_bytes % PAGE == 0);
    make_loads(&p, src->mem);
    int result = make_notes(&p, src);
    const uint64_t bytes = place_loads(&p);
    if (result == 0) {
        const int fd = dumpio_begin(io, path);
        result =
            fd < 0 ? fd : dumpio_commit(io, path, fd, write_core(io, fd, &p, bytes, src, &done));
    }
    free(p.notes);
    if (result == 0)
        *ret = done;
    return result;
}
