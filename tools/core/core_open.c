/* core_open.c - from a file to segments and notes; see core.h.
 *
 * A plain core is mapped and only what is looked at is read. The headers are read by hand, with
 * each number checked against the file's length: <elf.h> has the layout, and a reader that must
 * also take cut and damaged files would have to check libelf's answers all the same. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "shared/io.h"
#include "tools/core/core_internal.h"

#define GZIP_0 0x1fu
#define GZIP_1 0x8bu

/* ---- ELF ------------------------------------------------------------------------------------- */

static int check_header(const struct core *c, Elf64_Ehdr *ret, struct err *err)
{
    if (c->size < sizeof *ret)
        return err_set(err, ERR_SYNTAX,
                       "%s: byte %" PRIu64
                       ": the file ends within the ELF header of 64 bytes; a core "
                       "cannot be read from it",
                       c->path, c->size);
    memcpy(ret, c->bytes, sizeof *ret);
    if (memcmp(ret->e_ident, ELFMAG, SELFMAG) != 0)
        return err_set(err, ERR_SYNTAX,
                       "%s: byte 0: neither an ELF file nor a gzip one; give the cos-core itself",
                       c->path);
    if (ret->e_ident[EI_CLASS] != ELFCLASS64 || ret->e_ident[EI_DATA] != ELFDATA2LSB ||
        ret->e_machine != EM_X86_64)
        return err_set(err, ERR_SYNTAX,
                       "%s: bytes 4 to 19: an ELF file, but not of a 64-bit x86 machine (class %u, "
                       "data %u, machine %u)",
                       c->path, ret->e_ident[EI_CLASS], ret->e_ident[EI_DATA], ret->e_machine);
    if (ret->e_type != ET_CORE)
        return err_set(
            err, ERR_SYNTAX, "%s: byte 16: ELF type %u is no core (4)%s", c->path, ret->e_type,
            ret->e_type == ET_EXEC ? "; the executable is given with -e, the core alone" : "");
    if (ret->e_phentsize != sizeof(Elf64_Phdr))
        return err_set(err, ERR_SYNTAX, "%s: byte 54: program headers of %u bytes, not 56", c->path,
                       ret->e_phentsize);
    return 0;
}

/* Bytes of [offset, offset + len) that the file has. */
static uint64_t in_file(const struct core *c, uint64_t offset, uint64_t len)
{
    if (offset >= c->size)
        return 0;
    return len < c->size - offset ? len : c->size - offset;
}

static void expect(struct core *c, uint64_t offset, uint64_t len)
{
    if (len <= UINT64_MAX - offset && offset + len > c->expected)
        c->expected = offset + len;
}

static void add_load(struct core *c, uint32_t index, const Elf64_Phdr *ph)
{
    if (ph->p_memsz == 0)
        return;
    if (ph->p_vaddr > UINT64_MAX - ph->p_memsz || ph->p_filesz > ph->p_memsz) {
        problems_add(&c->problems,
                     "program header %u: %" PRIx64 " bytes at %" PRIx64 " of which %" PRIx64
                     " are in the file make no sense; left out",
                     index, ph->p_memsz, ph->p_vaddr, ph->p_filesz);
        return;
    }
    for (uint32_t i = 0; i < c->segment_count; i++) {
        if (ph->p_vaddr < c->segments[i].end && c->segments[i].va < ph->p_vaddr + ph->p_memsz) {
            problems_add(&c->problems,
                         "program header %u: overlaps another segment at %" PRIx64 "; left out",
                         index, c->segments[i].va);
            return;
        }
    }
    if (c->segment_count == CORE_SEGMENTS_MAX) {
        problems_add(&c->problems, "more than %u segments; the rest is left out",
                     CORE_SEGMENTS_MAX);
        return;
    }
    const uint64_t have = in_file(c, ph->p_offset, ph->p_filesz);
    expect(c, ph->p_offset, ph->p_filesz);
    c->segments[c->segment_count++] =
        (struct core_segment){ .va = ph->p_vaddr,
                               .end = ph->p_vaddr + ph->p_memsz,
                               .offset = have > 0 ? ph->p_offset : 0,
                               .have = have,
                               .writable = (ph->p_flags & PF_W) != 0,
                               .executable = (ph->p_flags & PF_X) != 0 };
}

static int take_notes(struct core *c, const Elf64_Phdr *ph, struct err *err)
{
    expect(c, ph->p_offset, ph->p_filesz);
    uint64_t len = in_file(c, ph->p_offset, ph->p_filesz);
    if (len < ph->p_filesz)
        problems_add(&c->problems,
                     "the file ends within the notes: %" PRIu64 " of %" PRIu64 " bytes are there",
                     len, ph->p_filesz);
    if (len > CORE_NOTE_MAX) {
        problems_add(&c->problems,
                     "the notes have %" PRIu64 " bytes; the first %" PRIu64 " are read", len,
                     CORE_NOTE_MAX);
        len = CORE_NOTE_MAX;
    }
    return core_notes_parse(c, ph->p_offset, len) == 0
               ? 0
               : err_set(err, -ENOMEM, "%s: out of memory", c->path);
}

static int read_headers(struct core *c, struct err *err)
{
    Elf64_Ehdr eh = { .e_phnum = 0 };
    int status = check_header(c, &eh, err);
    if (status != 0)
        return status;
    expect(c, eh.e_phoff, (uint64_t)eh.e_phnum * sizeof(Elf64_Phdr));
    for (uint32_t i = 0; i < eh.e_phnum; i++) {
        Elf64_Phdr ph;
        const uint64_t at = (uint64_t)i * sizeof ph;
        if (eh.e_phoff > c->size || c->size - eh.e_phoff < at + sizeof ph) {
            problems_add(&c->problems, "the file has %u of %u program headers", i, eh.e_phnum);
            break;
        }
        memcpy(&ph, c->bytes + eh.e_phoff + at, sizeof ph);
        if (ph.p_type == PT_LOAD)
            add_load(c, i, &ph);
        else if (ph.p_type == PT_NOTE && (status = take_notes(c, &ph, err)) != 0)
            return status;
    }
    if (c->view.note == NULL)
        return err_set(err, ERR_SYNTAX,
                       "%s: byte %" PRIu64 ": there is no LOSTBEAT note%s, so nothing says where "
                       "things are; gdb may still help",
                       c->path, c->size < eh.e_phoff ? c->size : eh.e_phoff,
                       c->size < c->expected ? " in what is left of the file" : "");
    return 0;
}

/* Without NT_AUXV: an ELF header at the start of an executable segment leads to them. */
static void find_program_headers(struct core *c)
{
    for (uint32_t i = 0; i < c->segment_count && c->phdr_count == 0; i++) {
        Elf64_Ehdr eh;
        if (c->segments[i].executable &&
            cosview_read(&c->view, c->segments[i].va, &eh, sizeof eh) &&
            memcmp(eh.e_ident, ELFMAG, SELFMAG) == 0) {
            c->phdr_va = c->segments[i].va + eh.e_phoff;
            c->phdr_count = eh.e_phnum;
        }
    }
}

static uint64_t plain(const struct core *c, const char *name, uint64_t otherwise)
{
    const struct cosview_key *k = cosview_key(&c->view, COSVIEW_PLAIN, name);
    return k != NULL ? k->value : otherwise;
}

static void take_globals(struct core *c)
{
    const struct cosview_key *release = cosview_key(&c->view, COSVIEW_PLAIN, "OSRELEASE");
    c->release = release != NULL ? release->text : "unknown";
    c->page_offset = plain(c, "PAGE_OFFSET", 0);
    c->stunned = plain(c, "STUNNED", 0) != 0;
    c->time_ns = plain(c, "TIME", 0);
    c->current = plain(c, "CURRENT", 0);
    if (plain(c, "PAGESIZE", CORE_PAGE) != CORE_PAGE)
        problems_add(&c->problems,
                     "the note speaks of pages of %" PRIu64 " bytes; 4096 are assumed",
                     plain(c, "PAGESIZE", CORE_PAGE));
}

/* ---- opening --------------------------------------------------------------------------------- */

static struct core *allocate(const char *path, struct err *err)
{
    struct core *c = calloc(1, sizeof *c);
    char *name = c != NULL ? strdup(path) : NULL;
    if (name == NULL) {
        free(c);
        (void)err_set(err, -ENOMEM, "%s: out of memory", path);
        return NULL;
    }
    c->path = name;
    c->view.from = core_view_source(c);
    c->view.problems = &c->problems;
    return c;
}

/* Read what the bytes say. Takes the core over: it is freed when that fails. */
static int finish(struct core *c, struct core **ret, struct err *err)
{
    const int status = read_headers(c, err);
    if (status != 0) {
        core_close(c);
        return status;
    }
    take_globals(c);
    find_program_headers(c);
    if (c->size < c->expected)
        problems_add(&c->problems,
                     "the file is cut: %" PRIu64 " of %" PRIu64 " bytes are there, %" PRIu64
                     " kB of the console's memory are not",
                     c->size, c->expected, core_missing(c) / 1024);
    *ret = c;
    return 0;
}

int core_from_bytes(const char *path, const void *bytes, uint64_t size, struct core **ret,
                    struct err *err)
{
    struct core *c = allocate(path, err);
    if (c == NULL)
        return -1;
    c->bytes = bytes;
    c->size = size;
    if (size >= 2 && c->bytes[0] == GZIP_0 && c->bytes[1] == GZIP_1 &&
        core_inflate(c, bytes, size, err) != 0) {
        core_close(c);
        return -1;
    }
    return finish(c, ret, err);
}

int core_open(const char *path, struct core **ret, struct err *err)
{
    const unsigned char *map = NULL;
    size_t size = 0;
    struct core *c = NULL;
    const int failed = io_map(path, &map, &size);
    if (failed != 0)
        return err_set(err, failed, "%s: %s", path,
                       failed == -EISDIR    ? "a directory; give the cos-core in it"
                       : failed == -ENODATA ? "byte 0: the file is empty"
                       : failed == -EINVAL  ? "not a regular file"
                                            : err_text(failed));
    const int status = core_from_bytes(path, map, size, &c, err);
    if (status != 0 || c->compressed) {
        (void)munmap((void *)(uintptr_t)map, size);
    } else {
        c->mapping = (void *)(uintptr_t)map;
        c->mapping_size = size;
    }
    if (status == 0)
        *ret = c;
    return status;
}

void core_close(struct core *c)
{
    if (c == NULL)
        return;
    if (c->mapping != NULL)
        (void)munmap(c->mapping, (size_t)c->mapping_size);
    free(c->threads);
    cosview_close(&c->view);
    free((char *)(uintptr_t)c->path);
    free(c);
}
