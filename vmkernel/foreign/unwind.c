/* unwind.c - see unwind.h.
 *
 * dwarf_search_unwind_table() is exported by libunwind though no header declares it; debuggers that
 * unwind from a dump (perf among them) use it with UNW_INFO_FORMAT_REMOTE_TABLE, which reads the
 * table through the accessors: the one way in which no live process is needed. */
#include "vmkernel/foreign/unwind.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <libunwind.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define dwarf_search_unwind_table UNW_OBJ(dwarf_search_unwind_table)
extern int dwarf_search_unwind_table(unw_addr_space_t as, unw_word_t ip, unw_dyn_info_t *di,
                                     unw_proc_info_t *pi, int need_unwind_info, void *arg);

struct target { /* the `arg` of all accessors */
    const struct cosmem *mem;
    const struct cos_frame *regs;
};

/* .eh_frame_hdr: version, three encodings, then for the usual encodings pcrel sdata4 eh_frame_ptr,
 * udata4 count, and the sorted table of (function, FDE) pairs, 8 bytes each, relative to the
 * header. */
#define HDR_TABLE 12u
#define HDR_ENTRY 8u

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi,
                          int need_unwind_info, void *arg)
{
    const struct target *t = arg;
    const struct image *img = t->mem->image;
    const struct image_segment *seg = image_segment_at(img, ip);
    unsigned char hdr[HDR_TABLE];
    if (seg == NULL || !seg->executable || img->eh_frame_hdr_len < HDR_TABLE ||
        !cosmem_read(t->mem, img->eh_frame_hdr, hdr, sizeof hdr))
        return -UNW_ENOINFO;
    static const unsigned char usual[4] = { 1, 0x1b, 0x03, 0x3b };
    if (memcmp(hdr, usual, sizeof usual) != 0)
        return -UNW_ENOINFO;
    uint32_t count;
    memcpy(&count, hdr + 8, sizeof count);
    if (count > (img->eh_frame_hdr_len - HDR_TABLE) / HDR_ENTRY)
        return -UNW_ENOINFO;
    unw_dyn_info_t di = {
        .format = UNW_INFO_FORMAT_REMOTE_TABLE,
        .start_ip = seg->start,
        .end_ip = seg->end,
        .u.rti = { .segbase = img->eh_frame_hdr,
                   .table_data = img->eh_frame_hdr + HDR_TABLE,
                   .table_len = count * HDR_ENTRY / sizeof(unw_word_t) },
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
    (void)as;
    const struct target *t = arg;
    return !write && cosmem_read(t->mem, address, value, sizeof *value) ? 0 : -UNW_EINVAL;
}

static const uint64_t *frame_register(const struct cos_frame *f, unw_regnum_t reg)
{
    switch (reg) {
    case UNW_X86_64_RAX:
        return &f->rax;
    case UNW_X86_64_RDX:
        return &f->rdx;
    case UNW_X86_64_RCX:
        return &f->rcx;
    case UNW_X86_64_RBX:
        return &f->rbx;
    case UNW_X86_64_RSI:
        return &f->rsi;
    case UNW_X86_64_RDI:
        return &f->rdi;
    case UNW_X86_64_RBP:
        return &f->rbp;
    case UNW_X86_64_RSP:
        return &f->rsp;
    case UNW_X86_64_R8:
        return &f->r8;
    case UNW_X86_64_R9:
        return &f->r9;
    case UNW_X86_64_R10:
        return &f->r10;
    case UNW_X86_64_R11:
        return &f->r11;
    case UNW_X86_64_R12:
        return &f->r12;
    case UNW_X86_64_R13:
        return &f->r13;
    case UNW_X86_64_R14:
        return &f->r14;
    case UNW_X86_64_R15:
        return &f->r15;
    case UNW_X86_64_RIP:
        return &f->rip;
    default:
        return NULL;
    }
}

static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
                      void *arg)
{
    (void)as;
    const struct target *t = arg;
    const uint64_t *from = frame_register(t->regs, reg);
    if (write || from == NULL)
        return -UNW_EBADREG;
    *value = *from;
    return 0;
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

static void unwind_task(unw_addr_space_t as, struct target *t, struct unwind_trace *ret)
{
    unw_cursor_t cursor;
    ret->end = UNWIND_BROKEN;
    if (unw_init_remote(&cursor, as, t) != 0)
        return;
    for (;;) {
        unw_word_t ip, sp;
        if (unw_get_reg(&cursor, UNW_REG_IP, &ip) != 0 ||
            unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0)
            return;
        /* A frame outside the text is where libunwind began to guess by rbp: it stands for nothing.
         */
        const struct image_segment *seg = image_segment_at(t->mem->image, ip);
        if (ret->count > 0 && (seg == NULL || !seg->executable))
            return;
        ret->frame[ret->count++] = (struct unwind_frame){ .ip = ip, .sp = sp };
        if (ret->count == UNWIND_FRAMES_MAX) {
            ret->end = UNWIND_CUT;
            return;
        }
        const int step = unw_step(&cursor);
        if (step <= 0) {
            ret->end = step == 0 ? UNWIND_WHOLE : UNWIND_BROKEN;
            return;
        }
    }
}

static void write_all(int fd, const void *bytes, size_t len)
{
    for (const char *at = bytes; len > 0;) {
        const ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(1);
        at += n;
        len -= (size_t)n;
    }
}

/* The child. SIGALRM's default action is the deadline. */
static void __attribute__((noreturn))
helper(const struct cosmem *m, const struct cos_tasks *tasks, int fd)
{
    sigset_t none;
    const struct rlimit no_core = { 0, 0 };
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)signal(SIGALRM, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)alarm(UNWIND_SECONDS);

    unw_addr_space_t as = unw_create_addr_space(&accessors, 0);
    if (as == NULL)
        _exit(1);
    unw_set_caching_policy(as, UNW_CACHE_GLOBAL);
    for (uint32_t i = 0; i < tasks->count; i++) {
        struct unwind_trace trace;
        memset(&trace, 0, sizeof trace);
        struct target target = { .mem = m, .regs = &tasks->task[i].regs };
        trace.end = UNWIND_NONE;
        if (tasks->task[i].has_regs)
            unwind_task(as, &target, &trace);
        write_all(fd, &trace, sizeof trace);
    }
    _exit(0);
}

/* Read whole traces until the helper closes its end. @return how many came */
static uint32_t collect(int fd, struct unwind_trace *traces, uint32_t count)
{
    size_t used = 0;
    const size_t size = count * sizeof *traces;
    while (used < size) {
        const ssize_t n = read(fd, (char *)traces + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    return (uint32_t)(used / sizeof *traces);
}

/* What the helper says is checked like everything else: it worked on hostile data. */
static void check(struct unwind_trace *t)
{
    if ((unsigned)t->end > UNWIND_NO_HELPER || t->count > UNWIND_FRAMES_MAX)
        *t = (struct unwind_trace){ .end = UNWIND_NO_HELPER };
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

struct unwind_trace *unwind_tasks(const struct cosmem *m, const struct cos_tasks *tasks,
                                  struct notes *notes)
{
    struct unwind_trace *traces = calloc(tasks->count + 1u, sizeof *traces);
    if (traces == NULL)
        return NULL;
    int ends[2];
    uint32_t done = 0;
    pid_t pid = -1;
    if (pipe(ends) == 0) {
        pid = fork();
        if (pid == 0) {
            (void)close(ends[0]);
            helper(m, tasks, ends[1]);
        }
        (void)close(ends[1]);
        if (pid > 0) {
            done = collect(ends[0], traces, tasks->count);
            reap(pid);
        }
        (void)close(ends[0]);
    }
    for (uint32_t i = 0; i < tasks->count; i++) {
        if (i >= done)
            traces[i] = (struct unwind_trace){ .end = UNWIND_NO_HELPER };
        check(&traces[i]);
    }
    if (done < tasks->count)
        notes_add(notes, "unwinding: the helper %s after %" PRIu32 " of %" PRIu32 " tasks",
                  pid > 0 ? "died" : "could not be started", done, tasks->count);
    return traces;
}

const char *unwind_end_name(enum unwind_end end)
{
    static const char *const names[] = { "whole", "cut", "broken", "no registers", "helper died" };
    assert((unsigned)end < sizeof names / sizeof names[0]);
    return names[end];
}
