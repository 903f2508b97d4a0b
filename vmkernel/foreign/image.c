/* image.c - see image.h. */
#include "vmkernel/foreign/image.h"

#include <assert.h>
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "shared/cosinfo.h"
#include "shared/err.h"
#include "shared/io.h"
#include "shared/machine.h"
#include "shared/units.h"

/* A piece of the file, or NULL when it does not lie in it or is not aligned for its type. */
static const void *piece(const struct image *img, uint64_t offset, uint64_t len, unsigned align)
{
    if (offset > img->len || len > img->len - offset || offset % align != 0)
        return NULL;
    return img->bytes + offset;
}

static const char *add_segment(struct image *img, const Elf64_Phdr *ph)
{
    if (img->segment_count == IMAGE_SEGMENTS_MAX)
        return "too many segments";
    if (ph->p_vaddr % IMAGE_PAGE != ph->p_offset % IMAGE_PAGE ||
        piece(img, ph->p_offset, ph->p_filesz, 1) == NULL || ph->p_filesz > ph->p_memsz ||
        ph->p_memsz > MACHINE_RAM_MB_MAX * MB || ph->p_vaddr > UINT32_MAX)
        return "bad segment";
    struct image_segment *s = &img->segment[img->segment_count];
    s->start = ph->p_vaddr / IMAGE_PAGE * IMAGE_PAGE;
    s->end = (ph->p_vaddr + ph->p_memsz + IMAGE_PAGE - 1) / IMAGE_PAGE * IMAGE_PAGE;
    s->offset = ph->p_offset / IMAGE_PAGE * IMAGE_PAGE;
    s->writable = (ph->p_flags & PF_W) != 0;
    s->executable = (ph->p_flags & PF_X) != 0;
    /* The ELF standard orders PT_LOAD by address; the readers of a segment rely on it. */
    if (img->segment_count > 0 && s->start < s[-1].end)
        return "segments share a page or are out of order";
    img->segment_count++;
    return NULL;
}

static const char *read_segments(struct image *img, const Elf64_Ehdr *eh)
{
    const Elf64_Phdr *ph = piece(img, eh->e_phoff, (uint64_t)eh->e_phnum * sizeof *ph, 8);
    if (ph == NULL || eh->e_phentsize != sizeof *ph)
        return "bad program headers";
    for (unsigned i = 0; i < eh->e_phnum; i++) {
        const char *bad = NULL;
        if (ph[i].p_type == PT_LOAD && ph[i].p_memsz > 0)
            bad = add_segment(img, &ph[i]);
        if (bad != NULL)
            return bad;
        if (ph[i].p_type == PT_LOAD && ph[i].p_offset <= eh->e_phoff &&
            eh->e_phoff < ph[i].p_offset + ph[i].p_filesz)
            img->phdr_va = ph[i].p_vaddr + (eh->e_phoff - ph[i].p_offset);
    }
    img->phdr_count = eh->e_phnum;
    return img->segment_count > 0 ? NULL : "has no segment";
}

/* ---- the note -------------------------------------------------------------------------------- */

struct symbol {
    uint64_t address, size;
    const char *name; /* in the mapped file */
};

static int symbol_order(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return strcmp(x->name, y->name);
}

static const char *print_symbols(const struct image *img, const Elf64_Shdr *symtab,
                                 const Elf64_Shdr *strtab, FILE *to)
{
    const uint64_t count = symtab->sh_size / sizeof(Elf64_Sym);
    const Elf64_Sym *sym = piece(img, symtab->sh_offset, symtab->sh_size, 8);
    const char *names = piece(img, strtab->sh_offset, strtab->sh_size, 1);
    uint64_t used = 0;
    if (sym == NULL || names == NULL || strtab->sh_size == 0 ||
        names[strtab->sh_size - 1] != '\0' || count > 1u << 20)
        return "bad symbol table";
    struct symbol *symbols = calloc(count + 1, sizeof *symbols);
    if (symbols == NULL)
        return "not enough memory";
    for (uint64_t i = 0; i < count; i++) {
        const unsigned type = ELF64_ST_TYPE(sym[i].st_info);
        if ((type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE) ||
            sym[i].st_shndx == SHN_UNDEF || sym[i].st_shndx >= SHN_LORESERVE ||
            sym[i].st_name >= strtab->sh_size || names[sym[i].st_name] == '\0' ||
            strncmp(names + sym[i].st_name, "cosinfo_", 8) == 0) /* records of .cosinfo */
            continue;
        symbols[used++] = (struct symbol){ .address = sym[i].st_value,
                                           .size = sym[i].st_size,
                                           .name = names + sym[i].st_name };
    }
    qsort(symbols, used, sizeof *symbols, symbol_order);
    for (uint64_t i = 0; i < used; i++)
        (void)fprintf(to, "SYMBOL(%s)=%" PRIx64 ",%" PRIx64 "\n", symbols[i].name,
                      symbols[i].address, symbols[i].size);
    free(symbols);
    return NULL;
}

static const char *print_info(const struct image *img, const Elf64_Shdr *sh, FILE *to)
{
    const struct cosinfo_entry *info = piece(img, sh->sh_offset, sh->sh_size, 8);
    const uint64_t count = sh->sh_size / sizeof *info;
    if (info == NULL || sh->sh_type == SHT_NOBITS || sh->sh_size % sizeof *info != 0)
        return "bad " COSINFO_SECTION;
    for (uint64_t i = 0; i < count; i++)
        (void)fprintf(to, "%.*s=%" PRIu64 "\n", (int)sizeof info[i].key - 1, info[i].key,
                      info[i].value);
    return NULL;
}

static const char *print_sections(const struct image *img, const Elf64_Ehdr *eh, FILE *to)
{
    const Elf64_Shdr *sh = piece(img, eh->e_shoff, (uint64_t)eh->e_shnum * sizeof *sh, 8);
    const Elf64_Shdr *symtab = NULL, *info = NULL;
    if (sh == NULL || eh->e_shentsize != sizeof *sh || eh->e_shstrndx >= eh->e_shnum)
        return "bad section headers";
    const Elf64_Shdr *strings = &sh[eh->e_shstrndx];
    const char *names = piece(img, strings->sh_offset, strings->sh_size, 1);
    if (names == NULL || strings->sh_size == 0 || names[strings->sh_size - 1] != '\0')
        return "bad section names";
    for (unsigned i = 0; i < eh->e_shnum; i++) {
        if (sh[i].sh_type == SHT_SYMTAB && sh[i].sh_link < eh->e_shnum)
            symtab = &sh[i];
        else if (sh[i].sh_name < strings->sh_size &&
                 strcmp(names + sh[i].sh_name, COSINFO_SECTION) == 0)
            info = &sh[i];
    }
    if (symtab == NULL)
        return "has no symbol table";
    if (info == NULL)
        return "has no " COSINFO_SECTION " section";
    const char *bad = print_info(img, info, to);
    return bad != NULL ? bad : print_symbols(img, symtab, &sh[symtab->sh_link], to);
}

static const char *make_note(struct image *img, const Elf64_Ehdr *eh)
{
    FILE *f = open_memstream(&img->note, &img->note_len);
    if (f == NULL)
        return "not enough memory";
    const char *bad = print_sections(img, eh, f);
    return fclose(f) == 0 ? bad : "not enough memory";
}

/* The keys without which nothing is found; a missing one is its own complaint. */
static const char *check_note(const struct image *img)
{
    static const char *const required[] = { COSINFO_REQUIRED };
    for (unsigned i = 0; i < sizeof required / sizeof required[0]; i++) {
        const char *at = strstr(img->note, required[i]);
        if (at == NULL || at[strlen(required[i])] != '=')
            return required[i];
    }
    return NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

static const char *parse(struct image *img)
{
    const Elf64_Ehdr *eh = piece(img, 0, sizeof *eh, 8);
    if (eh == NULL || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0 ||
        eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_X86_64)
        return "is not an x86-64 ELF file";
    if (eh->e_type != ET_EXEC)
        return "is not linked at a fixed address";
    img->entry = eh->e_entry;
    const char *bad = read_segments(img, eh);
    if (bad != NULL)
        return bad;
    bad = make_note(img, eh);
    return bad != NULL ? bad : check_note(img);
}

int image_open(const char *path, struct image *ret, struct err *err)
{
    struct image img = { 0 };
    const int failed = io_map(path, &img.bytes, &img.len);
    if (failed != 0)
        return err_file(err, failed, path);
    const char *bad = parse(&img);
    if (bad != NULL) {
        image_close(&img);
        return err_set(err, ERR_SYNTAX, "%s: %s", path, bad);
    }
    *ret = img;
    return 0;
}

void image_close(struct image *img)
{
    free(img->note);
    if (img->bytes != NULL)
        (void)munmap((void *)(uintptr_t)img->bytes, img->len);
    *img = (struct image){ 0 };
}

const struct image_segment *image_segment_at(const struct image *img, uint64_t address)
{
    for (uint32_t i = 0; i < img->segment_count; i++) {
        if (address >= img->segment[i].start && address < img->segment[i].end)
            return &img->segment[i];
    }
    return NULL;
}

void image_read(const struct image *img, const struct image_segment *seg, uint64_t address,
                void *to, size_t len)
{
    assert(address >= seg->start && len <= seg->end - address);
    const uint64_t offset = seg->offset + (address - seg->start);
    size_t at_hand = offset < img->len ? (size_t)(img->len - offset) : 0;
    if (at_hand > len)
        at_hand = len;
    memcpy(to, img->bytes + (at_hand > 0 ? offset : 0), at_hand);
    memset((char *)to + at_hand, 0, len - at_hand);
}
