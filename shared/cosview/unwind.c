/* unwind.c - see unwind.h.
 *
 * dwarf_search_unwind_table() is exported by libunwind though no header declares it; debuggers that
 * unwind from a dump (perf among them) use it with UNW_INFO_FORMAT_REMOTE_TABLE, which reads the
 * table through the accessors: the one way in which no live process is needed. */
#include "shared/cosview/unwind.h"

#include <assert.h>
#include <elf.h>
#include <inttypes.h>
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
#define PHDRS_MAX 64u /* program headers that are looked at; ours has 6. OUR CHOICE */

struct cosview_unwinder {
    const struct cosview *view;
    unw_addr_space_t as;
    uint64_t hdr; /* .eh_frame_hdr, 0 = not found */
    uint32_t entries;
    const struct cos_frame *regs; /* of the task that is being unwound */
    uint32_t reads;
};

/* ---- where the tables are -------------------------------------------------------------------- */

static bool find_header(const struct cosview *v, uint64_t phdr_va, uint32_t phdr_count,
                        uint64_t *ret, uint64_t *ret_len)
{
    for (uint32_t i = 0; i < phdr_count && i < PHDRS_MAX; i++) {
        Elf64_Phdr ph;
        if (!cosview_read(v, phdr_va + i * sizeof ph, &ph, sizeof ph))
            return false;
        if (ph.p_type == PT_GNU_EH_FRAME) {
            *ret = ph.p_vaddr;
            *ret_len = ph.p_memsz;
            return true;
        }
    }
    return false;
}

static void find_table(struct cosview_unwinder *u, uint64_t phdr_va, uint32_t phdr_count)
{
    static const unsigned char usual[4] = { 1, 0x1b, 0x03, 0x3b };
    unsigned char hdr[HDR_TABLE];
    uint64_t at = 0, len = 0;
    uint32_t count;
    if (!find_header(u->view, phdr_va, phdr_count, &at, &len) || len < HDR_TABLE ||
        !cosview_read(u->view, at, hdr, sizeof hdr)) {
        problems_add(u->view->problems,
                     "stacks: the image's unwind tables are out of reach; a trace has one frame");
        return;
    }
    memcpy(&count, hdr + 8, sizeof count);
    if (memcmp(hdr, usual, sizeof usual) != 0 || count > (len - HDR_TABLE) / HDR_ENTRY) {
        problems_add(u->view->problems,
                     "stacks: the image's unwind table makes no sense (%" PRIu32
                     " entries in %" PRIu64 " bytes)",
                     count, len);
        return;
    }
    u->hdr = at;
    u->entries = count;
}

/* ---- what libunwind asks for ----------------------------------------------------------------- */

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi,
                          int need_unwind_info, void *arg)
{
    const struct cosview_unwinder *u = arg;
    const struct cosview_source *from = &u->view->from;
    uint64_t start, end;
    if (u->hdr == 0 || !from->text(from->ctx, ip, &start, &end))
        return -UNW_ENOINFO;
    unw_dyn_info_t di = {
        .format = UNW_INFO_FORMAT_REMOTE_TABLE,
        .start_ip = start,
        .end_ip = end,
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
    struct cosview_unwinder *u = arg;
    (void)as;
    if (write || u->reads++ > COS_READS_MAX ||
        !cosview_read(u->view, address, value, sizeof *value))
        return -UNW_EINVAL;
    return 0;
}

static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
                      void *arg)
{
    const struct cosview_unwinder *u = arg;
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

/* resume and get_proc_name are for who asks for them by name; we do not. */
static unw_accessors_t accessors = {
    .find_proc_info = find_proc_info,
    .put_unwind_info = put_unwind_info,
    .get_dyn_info_list_addr = get_dyn_info_list_addr,
    .access_mem = access_mem,
    .access_reg = access_reg,
    .access_fpreg = access_fpreg,
};

/* ---- unwinding ------------------------------------------------------------------------------- */

struct cosview_unwinder *cosview_unwinder_create(const struct cosview *v, uint64_t phdr_va,
                                                 uint32_t phdr_count)
{
    struct cosview_unwinder *u = calloc(1, sizeof *u);
    if (u == NULL)
        return NULL;
    u->view = v;
    u->as = unw_create_addr_space(&accessors, 0);
    if (u->as == NULL) {
        free(u);
        return NULL;
    }
    (void)unw_set_caching_policy(u->as, UNW_CACHE_GLOBAL);
    find_table(u, phdr_va, phdr_count);
    return u;
}

void cosview_unwinder_destroy(struct cosview_unwinder *u)
{
    if (u == NULL)
        return;
    unw_destroy_addr_space(u->as);
    free(u);
}

static enum cos_trace_end walk(struct cosview_unwinder *u, struct cos_trace *ret)
{
    const struct cosview_source *from = &u->view->from;
    unw_cursor_t cursor;
    if (unw_init_remote(&cursor, u->as, u) != 0)
        return COS_TRACE_BROKEN;
    for (;;) {
        unw_word_t ip, sp;
        uint64_t start, end;
        if (unw_get_reg(&cursor, UNW_REG_IP, &ip) != 0 ||
            unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0)
            return COS_TRACE_BROKEN;
        /* A frame outside the text is where libunwind began to guess by rbp: it stands for
         * nothing. */
        if (ret->count > 0 && !from->text(from->ctx, ip, &start, &end))
            return COS_TRACE_BROKEN;
        assert(ret->count < COS_FRAMES_MAX);
        ret->frame[ret->count].ip = ip;
        ret->frame[ret->count++].sp = sp;
        if (ret->count == COS_FRAMES_MAX)
            return COS_TRACE_CUT;
        const int step = unw_step(&cursor);
        if (step <= 0)
            return step == 0 ? COS_TRACE_WHOLE : COS_TRACE_BROKEN;
    }
}

void cosview_unwind(struct cosview_unwinder *u, const struct cos_task *t, struct cos_trace *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->end = COS_TRACE_NONE;
    if (!t->has_regs)
        return;
    if (cos_frame_is_user(&t->regs)) { /* its stack is not the kernel's */
        ret->frame[0].ip = t->regs.rip;
        ret->frame[0].sp = t->regs.rsp;
        ret->count = 1;
        ret->end = COS_TRACE_WHOLE;
        return;
    }
    u->regs = &t->regs;
    u->reads = 0;
    ret->end = walk(u, ret);
    if (u->reads > COS_READS_MAX)
        problems_add(u->view->problems, "stack of pid %" PRIu32 ": given up after %u words", t->pid,
                     COS_READS_MAX);
}

const char *cos_trace_function(const struct cosview *v, const struct cos_trace *t, uint32_t i,
                               uint64_t *ret_offset)
{
    uint64_t offset;
    const char *name = i == 0 ? cosview_function(v, t->frame[i].ip, &offset)
                              : cosview_caller(v, t->frame[i].ip, &offset);
    if (name != NULL && ret_offset != NULL)
        *ret_offset = offset;
    return name;
}

bool cos_trace_has(const struct cosview *v, const struct cos_trace *t, const char *function)
{
    for (uint32_t i = 0; i < t->count; i++) {
        const char *name = cos_trace_function(v, t, i, NULL);
        if (name != NULL && strcmp(name, function) == 0)
            return true;
    }
    return false;
}

const char *cos_trace_end_name(enum cos_trace_end end)
{
    static const char *const names[] = { "whole", "cut", "broken", "no registers", "helper died" };
    return (unsigned)end < sizeof names / sizeof names[0] ? names[end] : "?";
}
