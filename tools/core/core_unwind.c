/* core_unwind.c - see core_unwind.h.
 *
 * dwarf_search_unwind_table() is exported by libunwind though no header declares it; debuggers that
 * unwind from a dump (perf among them) use it with UNW_INFO_FORMAT_REMOTE_TABLE, which reads the
 * table through the accessors. */
#include "tools/core/core_unwind.h"

#include <elf.h>
#include <libunwind.h>
#include <stdlib.h>
#include <string.h>

#define dwarf_search_unwind_table UNW_OBJ(dwarf_search_unwind_table)
extern int dwarf_search_unwind_table(unw_addr_space_t as, unw_word_t ip, unw_dyn_info_t *di,
                                     unw_proc_info_t *pi, int need_unwind_info, void *arg);

/* .eh_frame_hdr: version, three encodings, then for the usual encodings pcrel sdata4 eh_frame_ptr,
 * udata4 count, and the sorted table of (function, FDE) pairs, 8 bytes each, relative to the
 * header. */
#define HDR_TABLE 12u
#define HDR_ENTRY 8u
#define PHDRS_MAX 64u

struct core_unwinder {
    struct core *core;
    unw_addr_space_t as;
    uint64_t hdr; /* .eh_frame_hdr, 0 = not found */
    uint32_t entries;
    const struct cos_frame *regs; /* of the task that is being unwound */
    uint32_t reads;
};

/* ---- where the tables are -------------------------------------------------------------------- */

/* Without NT_AUXV: an ELF header at the start of an executable segment. */
static void find_phdrs(const struct core *c, uint64_t *ret_va, uint32_t *ret_count)
{
    *ret_va = c->phdr_va;
    *ret_count = c->phdr_count;
    for (uint32_t i = 0; i < c->segment_count && *ret_count == 0; i++) {
        Elf64_Ehdr eh;
        if (c->segments[i].executable && core_read(c, c->segments[i].va, &eh, sizeof eh) &&
            memcmp(eh.e_ident, ELFMAG, SELFMAG) == 0) {
            *ret_va = c->segments[i].va + eh.e_phoff;
            *ret_count = eh.e_phnum;
        }
    }
    if (*ret_count > PHDRS_MAX)
        *ret_count = PHDRS_MAX;
}

static bool find_header(const struct core *c, uint64_t *ret, uint64_t *ret_len)
{
    uint64_t at;
    uint32_t count;
    find_phdrs(c, &at, &count);
    for (uint32_t i = 0; i < count; i++) {
        Elf64_Phdr ph;
        if (!core_read(c, at + i * sizeof ph, &ph, sizeof ph))
            return false;
        if (ph.p_type == PT_GNU_EH_FRAME) {
            *ret = ph.p_vaddr;
            *ret_len = ph.p_memsz;
            return true;
        }
    }
    return false;
}

static void find_table(struct core_unwinder *u)
{
    static const unsigned char usual[4] = { 1, 0x1b, 0x03, 0x3b };
    unsigned char hdr[HDR_TABLE];
    uint64_t at = 0, len = 0;
    uint32_t count;
    if (!find_header(u->core, &at, &len) || len < HDR_TABLE ||
        !core_read(u->core, at, hdr, sizeof hdr)) {
        core_note_problem(u->core, "stacks: the image's unwind tables are not in the core; a trace "
                                   "has one frame");
        return;
    }
    memcpy(&count, hdr + 8, sizeof count);
    if (memcmp(hdr, usual, sizeof usual) != 0 || count > (len - HDR_TABLE) / HDR_ENTRY) {
        core_note_problem(u->core,
                          "stacks: the image's unwind table makes no sense (%u entries in "
                          "%llu bytes)",
                          count, (unsigned long long)len);
        return;
    }
    u->hdr = at;
    u->entries = count;
}

/* ---- what libunwind asks for ----------------------------------------------------------------- */

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi,
                          int need_unwind_info, void *arg)
{
    const struct core_unwinder *u = arg;
    const struct core_segment *seg = core_segment_of(u->core, ip);
    if (u->hdr == 0 || seg == NULL || !seg->executable)
        return -UNW_ENOINFO;
    unw_dyn_info_t di = {
        .format = UNW_INFO_FORMAT_REMOTE_TABLE,
        .start_ip = seg->va,
        .end_ip = seg->end,
        .u.rti = { .segbase = u->hdr,
                   .table_len = u->entries * HDR_ENTRY / sizeof(unw_word_t),
                   .table_data = u->hdr + HDR_TABLE },
    };
    return dwarf_search_unwind_table(as, ip, &di, pi, need_unwind_info, arg);
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
    (void)as;
    (void)pi;
    (void)arg;
}

static int get_dyn_info_list_addr(unw_addr_space_t as, unw_word_t *ret, void *arg)
{
    (void)as;
    (void)ret;
    (void)arg;
    return -UNW_ENOINFO;
}

static int access_mem(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write,
                      void *arg)
{
    struct core_unwinder *u = arg;
    (void)as;
    if (write || u->reads++ > CORE_READS_MAX || !core_read(u->core, address, value, sizeof *value))
        return -UNW_EINVAL;
    return 0;
}

static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
                      void *arg)
{
    const struct core_unwinder *u = arg;
    const struct cos_frame *f = u->regs;
    const struct {
        unw_regnum_t reg;
        const uint64_t *at;
    } all[] = {
        { UNW_X86_64_RAX, &f->rax }, { UNW_X86_64_RDX, &f->rdx }, { UNW_X86_64_RCX, &f->rcx },
        { UNW_X86_64_RBX, &f->rbx }, { UNW_X86_64_RSI, &f->rsi }, { UNW_X86_64_RDI, &f->rdi },
        { UNW_X86_64_RBP, &f->rbp }, { UNW_X86_64_RSP, &f->rsp }, { UNW_X86_64_R8, &f->r8 },
        { UNW_X86_64_R9, &f->r9 },   { UNW_X86_64_R10, &f->r10 }, { UNW_X86_64_R11, &f->r11 },
        { UNW_X86_64_R12, &f->r12 }, { UNW_X86_64_R13, &f->r13 }, { UNW_X86_64_R14, &f->r14 },
        { UNW_X86_64_R15, &f->r15 }, { UNW_X86_64_RIP, &f->rip }
    };
    (void)as;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && !write; i++) {
        if (all[i].reg == reg) {
            *value = *all[i].at;
            return 0;
        }
    }
    return -UNW_EBADREG;
}

static int access_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write,
                        void *arg)
{
    (void)as;
    (void)reg;
    (void)value;
    (void)write;
    (void)arg;
    return -UNW_EBADREG;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
    (void)as;
    (void)cursor;
    (void)arg;
    return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t as, unw_word_t address, char *name, size_t len,
                         unw_word_t *offset, void *arg)
{
    (void)as;
    (void)address;
    (void)name;
    (void)len;
    (void)offset;
    (void)arg;
    return -UNW_ENOINFO;
}

static unw_accessors_t accessors = {
    .find_proc_info = find_proc_info,
    .put_unwind_info = put_unwind_info,
    .get_dyn_info_list_addr = get_dyn_info_list_addr,
    .access_mem = access_mem,
    .access_reg = access_reg,
    .access_fpreg = access_fpreg,
    .resume = resume,
    .get_proc_name = get_proc_name,
};

/* ---- unwinding ------------------------------------------------------------------------------- */

struct core_unwinder *core_unwinder_create(struct core *c)
{
    struct core_unwinder *u = calloc(1, sizeof *u);
    if (u == NULL)
        return NULL;
    u->core = c;
    u->as = unw_create_addr_space(&accessors, 0);
    if (u->as == NULL) {
        free(u);
        return NULL;
    }
    (void)unw_set_caching_policy(u->as, UNW_CACHE_GLOBAL);
    find_table(u);
    return u;
}

void core_unwinder_destroy(struct core_unwinder *u)
{
    if (u == NULL)
        return;
    unw_destroy_addr_space(u->as);
    free(u);
}

/* A return address behind the last instruction of a function that never returns belongs to the
 * call before it. */
static void name_frame(const struct core *c, struct core_frame *f, bool innermost)
{
    const uint64_t back = innermost ? 0 : 1;
    f->function = core_symbol_of(c, f->ip - back, &f->offset);
    f->offset += back;
}

static enum core_trace_end walk(struct core_unwinder *u, struct core_trace *ret)
{
    unw_cursor_t cursor;
    if (unw_init_remote(&cursor, u->as, u) != 0)
        return CORE_TRACE_BROKEN;
    for (;;) {
        unw_word_t ip, sp;
        if (unw_get_reg(&cursor, UNW_REG_IP, &ip) != 0 ||
            unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0)
            return CORE_TRACE_BROKEN;
        /* A frame outside the text is where libunwind began to guess by rbp: it stands for
         * nothing. */
        const struct core_segment *seg = core_segment_of(u->core, ip);
        if (ret->count > 0 && (seg == NULL || !seg->executable))
            return CORE_TRACE_BROKEN;
        struct core_frame *f = &ret->frame[ret->count++];
        f->ip = ip;
        f->sp = sp;
        name_frame(u->core, f, ret->count == 1);
        if (ret->count == CORE_FRAMES_MAX)
            return CORE_TRACE_CUT;
        const int step = unw_step(&cursor);
        if (step <= 0)
            return step == 0 ? CORE_TRACE_WHOLE : CORE_TRACE_BROKEN;
    }
}

void core_unwind(struct core_unwinder *u, const struct core_task *t, struct core_trace *ret)
{
    memset(ret, 0, sizeof *ret);
    if (!t->has_regs) {
        ret->end = CORE_TRACE_NONE;
        return;
    }
    u->regs = &t->regs;
    u->reads = 0;
    ret->end = walk(u, ret);
    if (u->reads > CORE_READS_MAX)
        core_note_problem(u->core, "stack of pid %u: given up after %u words", t->pid,
                          CORE_READS_MAX);
}

const char *core_trace_end_name(enum core_trace_end end)
{
    static const char *const names[] = { "whole", "cut after 64 frames", "broken", "never ran" };
    return (unsigned)end < sizeof names / sizeof names[0] ? names[end] : "?";
}

bool core_trace_has(const struct core_trace *t, const char *function)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->frame[i].function != NULL && strcmp(t->frame[i].function, function) == 0)
            return true;
    }
    return false;
}
