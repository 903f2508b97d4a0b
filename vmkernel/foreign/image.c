/* image.c - see image.h. */
#include "vmkernel/foreign/image.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void find_build_id(struct image *img, const Elf64_Phdr *ph)
{
    const unsigned char *notes = piece(img, ph->p_offset, ph->p_filesz, 4);
    for (uint64_t at = 0; notes != NULL && ph->p_filesz - at >= sizeof(Elf64_Nhdr);) {
        Elf64_Nhdr nh;
        memcpy(&nh, notes + at, sizeof nh);
        const uint64_t name = at + sizeof nh, desc = name + (nh.n_namesz + 3ull) / 4 * 4;
        const uint64_t end = desc + (nh.n_descsz + 3ull) / 4 * 4;
        if (end > ph->p_filesz)
            return;
        if (nh.n_type == NT_GNU_BUILD_ID && nh.n_namesz == 4 &&
            memcmp(notes + name, "GNU", 4) == 0 && nh.n_descsz <= IMAGE_BUILD_ID_MAX) {
            memcpy(img->build_id, notes + desc, nh.n_descsz);
            img->build_id_len = nh.n_descsz;
        }
        at = end;
    }
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
        else if (ph[i].p_type == PT_NOTE)
            find_build_id(img, &ph[i]);
        if (bad != NULL)
            return bad;
        if (ph[i].p_type == PT_LOAD && ph[i].p_offset <= eh->e_phoff &&
            eh->e_phoff < ph[i].p_offset + ph[i].p_filesz)
            img->phdr_va = ph[i].p_vaddr + (eh->e_phoff - ph[i].p_offset);
        if (ph[i].p_type == PT_GNU_EH_FRAME) {
            img->eh_frame_hdr = ph[i].p_vaddr;
            img->eh_frame_hdr_len = ph[i].p_filesz;
        }
    }
    img->phdr_count = eh->e_phnum;
    return img->segment_count > 0 ? NULL : "has no segment";
}

static int symbol_order(const void *a, const void *b)
{
    const struct image_symbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return strcmp(x->name, y->name);
}

static const char *read_symbols(struct image *img, const Elf64_Shdr *symtab,
                                const Elf64_Shdr *strtab)
{
    const uint64_t count = symtab->sh_size / sizeof(Elf64_Sym);
    const Elf64_Sym *sym = piece(img, symtab->sh_offset, symtab->sh_size, 8);
    const char *names = piece(img, strtab->sh_offset, strtab->sh_size, 1);
    if (sym == NULL || names == NULL || strtab->sh_size == 0 ||
        names[strtab->sh_size - 1] != '\0' || count > 1u << 20)
        return "bad symbol table";
    img->symbol = calloc(count + 1, sizeof *img->symbol);
    if (img->symbol == NULL)
        return "not enough memory";
    for (uint64_t i = 0; i < count; i++) {
        const unsigned type = ELF64_ST_TYPE(sym[i].st_info);
        if ((type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE) ||
            sym[i].st_shndx == SHN_UNDEF || sym[i].st_shndx >= SHN_LORESERVE ||
            sym[i].st_name >= strtab->sh_size || names[sym[i].st_name] == '\0')
            continue;
        img->symbol[img->symbol_count++] = (struct image_symbol){ .address = sym[i].st_value,
                                                                  .size = sym[i].st_size,
                                                                  .name = names + sym[i].st_name,
                                                                  .function = type == STT_FUNC };
    }
    qsort(img->symbol, img->symbol_count, sizeof *img->symbol, symbol_order);
    return NULL;
}

static const char *read_info(struct image *img, const Elf64_Shdr *sh)
{
    const struct cosinfo_entry *e = piece(img, sh->sh_offset, sh->sh_size, 1);
    if (e == NULL || sh->sh_type == SHT_NOBITS || sh->sh_size % sizeof *e != 0)
        return "bad " COSINFO_SECTION;
    img->info_count = (uint32_t)(sh->sh_size / sizeof *e);
    img->info = calloc(img->info_count + 1, sizeof *e);
    if (img->info == NULL)
        return "not enough memory";
    memcpy(img->info, e, sh->sh_size);
    for (uint32_t i = 0; i < img->info_count; i++)
        img->info[i].key[sizeof img->info[i].key - 1] = '\0';
    return NULL;
}

static const char *read_sections(struct image *img, const Elf64_Ehdr *eh)
{
    const Elf64_Shdr *sh = piece(img, eh->e_shoff, (uint64_t)eh->e_shnum * sizeof *sh, 8);
    if (sh == NULL || eh->e_shentsize != sizeof *sh || eh->e_shstrndx >= eh->e_shnum)
        return "bad section headers";
    const Elf64_Shdr *strings = &sh[eh->e_shstrndx];
    const char *names = piece(img, strings->sh_offset, strings->sh_size, 1);
    if (names == NULL || strings->sh_size == 0 || names[strings->sh_size - 1] != '\0')
        return "bad section names";
    for (unsigned i = 0; i < eh->e_shnum; i++) {
        const char *bad = NULL;
        if (sh[i].sh_type == SHT_SYMTAB && sh[i].sh_link < eh->e_shnum && img->symbol == NULL)
            bad = read_symbols(img, &sh[i], &sh[sh[i].sh_link]);
        else if (sh[i].sh_name < strings->sh_size &&
                 strcmp(names + sh[i].sh_name, COSINFO_SECTION) == 0 && img->info == NULL)
            bad = read_info(img, &sh[i]);
        if (bad != NULL)
            return bad;
    }
    if (img->symbol == NULL)
        return "has no symbol table";
    return img->info != NULL ? NULL : "has no " COSINFO_SECTION " section";
}

static const char *check_required(const struct image *img)
{
    static const char *const required[] = { COSINFO_REQUIRED };
    for (unsigned i = 0; i < sizeof required / sizeof required[0]; i++) {
        uint64_t value;
        if (!image_info(img, required[i], &value))
            return required[i];
    }
    return NULL;
}

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
    if (bad == NULL)
        bad = read_sections(img, eh);
    if (bad == NULL)
        bad = check_required(img);
    if (bad != NULL)
        return bad;
    if (!image_info(img, "NUMBER(PAGE_OFFSET)", &img->page_offset))
        img->page_offset = img->segment[0].start - MACHINE_IMAGE_OFFSET;
    return img->page_offset % IMAGE_PAGE == 0 && img->segment[0].start >= img->page_offset
               ? NULL
               : "bad PAGE_OFFSET";
}

static int map_file(const char *path, struct image *img)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int result = fstat(fd, &st) != 0                       ? -errno
                 : !S_ISREG(st.st_mode) || st.st_size == 0 ? -EINVAL
                                                           : 0;
    if (result == 0) {
        img->len = (size_t)st.st_size;
        img->bytes = mmap(NULL, img->len, PROT_READ, MAP_PRIVATE, fd, 0);
        if (img->bytes == MAP_FAILED) {
            img->bytes = NULL;
            result = -errno;
        }
    }
    (void)close(fd);
    return result;
}

int image_open(const char *path, struct image *ret, char *err, size_t err_size)
{
    struct image img = { 0 };
    const int failed = map_file(path, &img);
    if (failed != 0) {
        (void)snprintf(err, err_size, "%s: %s", path, strerror(-failed));
        return -1;
    }
    (void)snprintf(img.path, sizeof img.path, "%s", path);
    const char *bad = parse(&img);
    if (bad != NULL) {
        (void)snprintf(err, err_size, "%s: %s", path, bad);
        image_close(&img);
        return -1;
    }
    *ret = img;
    return 0;
}

void image_close(struct image *img)
{
    free(img->symbol);
    free(img->info);
    if (img->bytes != NULL)
        (void)munmap(img->bytes, img->len);
    *img = (struct image){ 0 };
}

bool image_find(const struct image *img, const char *name, uint64_t *ret_address)
{
    for (uint32_t i = 0; i < img->symbol_count; i++) {
        if (strcmp(img->symbol[i].name, name) == 0) {
            *ret_address = img->symbol[i].address;
            return true;
        }
    }
    return false;
}

bool image_info(const struct image *img, const char *key, uint64_t *ret_value)
{
    for (uint32_t i = 0; i < img->info_count; i++) {
        if (strcmp(img->info[i].key, key) == 0) {
            *ret_value = img->info[i].value;
            return true;
        }
    }
    return false;
}

const struct image_symbol *image_function(const struct image *img, uint64_t address,
                                          uint64_t *ret_offset)
{
    uint32_t low = 0, high = img->symbol_count;
    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;
        if (img->symbol[mid].address <= address)
            low = mid + 1;
        else
            high = mid;
    }
    /* Labels and objects may stand between a function's start and the address: the nearest function
     * below decides. */
    while (low > 0 && !img->symbol[low - 1].function)
        low--;
    if (low == 0)
        return NULL;
    const struct image_symbol *s = &img->symbol[low - 1];
    if (address - s->address >= (s->size > 0 ? s->size : 1))
        return NULL;
    *ret_offset = address - s->address;
    return s;
}

const struct image_symbol *image_caller(const struct image *img, uint64_t address,
                                        uint64_t *ret_offset)
{
    const struct image_symbol *s =
        address > 0 ? image_function(img, address - 1, ret_offset) : NULL;
    if (s != NULL)
        *ret_offset += 1;
    return s;
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
