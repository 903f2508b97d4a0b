/* core_source.c - see core_source.h. */
#include "tools/core/core_source.h"

#include <elf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUILD_ID_MAX 64u

struct core_source {
    Dwfl *dwfl;
    Dwfl_Module *module;
};

/* The build id that lies in the image's note segment, which its program headers name. @return its
 * length, 0 = none found */
static size_t core_build_id(const struct core *c, unsigned char to[BUILD_ID_MAX])
{
    for (uint32_t i = 0; i < c->phdr_count; i++) {
        Elf64_Phdr ph;
        Elf64_Nhdr nh;
        if (!cosview_read(&c->view, c->phdr_va + i * sizeof ph, &ph, sizeof ph))
            return 0;
        if (ph.p_type != PT_NOTE || !cosview_read(&c->view, ph.p_vaddr, &nh, sizeof nh))
            continue;
        if (nh.n_type == NT_GNU_BUILD_ID && nh.n_namesz == 4 && nh.n_descsz <= BUILD_ID_MAX &&
            cosview_read(&c->view, ph.p_vaddr + sizeof nh + 4, to, nh.n_descsz))
            return nh.n_descsz;
    }
    return 0;
}

static int check_build_id(struct core *c, Dwfl_Module *m, const char *path, struct err *err)
{
    unsigned char ours[BUILD_ID_MAX];
    const unsigned char *theirs;
    GElf_Addr at;
    const size_t len = core_build_id(c, ours);
    const int has = dwfl_module_build_id(m, &theirs, &at);
    if (len == 0 || has <= 0) {
        problems_add(&c->problems,
                     "%s: no build id to compare; lines of source may be another build's", path);
        return 0;
    }
    if ((size_t)has == len && memcmp(ours, theirs, len) == 0)
        return 0;
    return err_set(
        err, ERR_BAD,
        "%s: build id %02x%02x%02x%02x... is not that of the core (%02x%02x%02x%02x...); "
        "give the executable that made it, or none",
        path, theirs[0], theirs[1], theirs[2], theirs[3], ours[0], ours[1], ours[2], ours[3]);
}

/* The executable alone: no search through folders or servers for its debugging information. */
static int find_no_debuginfo(Dwfl_Module *m, void **user, const char *name, Dwarf_Addr base,
                             const char *file, const char *link, GElf_Word crc, char **ret)
{
    (void)m;
    (void)user;
    (void)name;
    (void)base;
    (void)file;
    (void)link;
    (void)crc;
    (void)ret;
    return -1;
}

int core_source_open(struct core *c, const char *path, struct core_source **ret, struct err *err)
{
    static const Dwfl_Callbacks callbacks = { .find_elf = dwfl_build_id_find_elf,
                                              .find_debuginfo = find_no_debuginfo,
                                              .section_address = dwfl_offline_section_address };
    struct core_source *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->dwfl = dwfl_begin(&callbacks);
    if (s == NULL || s->dwfl == NULL) {
        free(s);
        return err_set(err, -ENOMEM, "%s: out of memory", path);
    }
    s->module = dwfl_report_offline(s->dwfl, "cos", path, -1);
    if (s->module == NULL || dwfl_report_end(s->dwfl, NULL, NULL) != 0) {
        (void)err_set(err, ERR_SYNTAX, "%s: %s", path, dwfl_errmsg(-1));
        core_source_close(s);
        return ERR_SYNTAX;
    }
    const int status = check_build_id(c, s->module, path, err);
    if (status != 0) {
        core_source_close(s);
        return status;
    }
    *ret = s;
    return 0;
}

void core_source_close(struct core_source *s)
{
    if (s == NULL)
        return;
    dwfl_end(s->dwfl);
    free(s);
}

bool core_source_line(struct core_source *s, uint64_t ip, const char **ret_file, int *ret_line)
{
    Dwfl_Line *line = dwfl_module_getsrc(s->module, ip);
    int number = 0;
    const char *file = line != NULL ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
    if (file == NULL)
        return false;
    *ret_file = file;
    *ret_line = number;
    return true;
}
