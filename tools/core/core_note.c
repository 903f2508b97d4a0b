/* core_note.c - the notes of a core: registers by thread, where the image's program headers lie,
 * and the LOSTBEAT note for the view; see core.h. */
#include <elf.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "tools/core/core_internal.h"

/* x86-64's user_regs order (sys/user.h), as pr_reg has it; its first 15 are those of a frame. */
static struct cos_frame frame_of(const uint64_t r[ELF_NGREG])
{
    struct cos_frame f = { .rip = r[16],
                           .rflags = r[18],
                           .rsp = r[19],
                           .ds = r[23],
                           .es = r[24],
                           .cs = r[17],
                           .ss = r[20] };
    _Static_assert(offsetof(struct cos_frame, rip) == 15 * sizeof r[0], "r15 to rdi");
    memcpy(&f, r, offsetof(struct cos_frame, rip));
    return f;
}

static int add_thread(struct core *c, const unsigned char *desc, uint64_t len)
{
    struct elf_prstatus status;
    uint64_t regs[ELF_NGREG];
    if (len != sizeof status) {
        problems_add(&c->problems, "an NT_PRSTATUS of %" PRIu64 " bytes, not %zu", len,
                     sizeof status);
        return 0;
    }
    if (c->thread_count == CORE_THREADS_MAX) {
        problems_add(&c->problems, "more than %u threads; the rest is left out", CORE_THREADS_MAX);
        return 0;
    }
    if ((c->thread_count & (c->thread_count - 1)) == 0) { /* room doubles at powers of two */
        const size_t room = c->thread_count == 0 ? 1 : c->thread_count * 2u;
        struct core_thread *more = realloc(c->threads, room * sizeof *more);
        if (more == NULL)
            return -1;
        c->threads = more;
    }
    memcpy(&status, desc, sizeof status);
    memcpy(regs, &status.pr_reg, sizeof regs);
    struct core_thread *t = &c->threads[c->thread_count++];
    memset(t, 0, sizeof *t);
    t->pid = (uint32_t)status.pr_pid == CORE_THREAD_SWAPPER ? 0 : (uint32_t)status.pr_pid;
    t->regs = frame_of(regs);
    t->ran = t->regs.rip != 0;
    return 0;
}

static void take_auxv(struct core *c, const unsigned char *desc, uint64_t len)
{
    for (uint64_t at = 0; len - at >= sizeof(Elf64_auxv_t); at += sizeof(Elf64_auxv_t)) {
        Elf64_auxv_t a;
        memcpy(&a, desc + at, sizeof a);
        if (a.a_type == AT_NULL)
            return;
        if (a.a_type == AT_PHDR)
            c->phdr_va = a.a_un.a_val;
        if (a.a_type == AT_PHNUM)
            c->phdr_count = a.a_un.a_val < 64 ? (uint32_t)a.a_un.a_val : 0;
    }
}

static int take_note(struct core *c, const char *name, uint32_t type, const unsigned char *desc,
                     uint64_t len)
{
    if (strcmp(name, COSINFO_NOTE_NAME) == 0 && type == COSINFO_NOTE_TYPE)
        return cosview_take_note(&c->view, (const char *)desc, (size_t)len);
    if (strcmp(name, "CORE") == 0 && type == NT_PRSTATUS)
        return add_thread(c, desc, len);
    if (strcmp(name, "CORE") == 0 && type == NT_AUXV)
        take_auxv(c, desc, len);
    return 0;
}

int core_notes_parse(struct core *c, uint64_t offset, uint64_t len)
{
    const unsigned char *at = c->bytes + (len > 0 ? offset : 0);
    while (len >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr nh;
        char name[16] = { 0 };
        memcpy(&nh, at, sizeof nh);
        const uint64_t name_room = ((uint64_t)nh.n_namesz + 3) & ~3ull;
        const uint64_t desc_room = ((uint64_t)nh.n_descsz + 3) & ~3ull;
        at += sizeof nh;
        len -= sizeof nh;
        if (name_room > len) {
            problems_add(&c->problems,
                         "a note at byte %td has a name of %u bytes, more than is left",
                         at - c->bytes, nh.n_namesz);
            return 0;
        }
        memcpy(name, at, nh.n_namesz < sizeof name ? nh.n_namesz : sizeof name - 1);
        at += name_room;
        len -= name_room;
        const uint64_t have = nh.n_descsz < len ? nh.n_descsz : len;
        if (have < nh.n_descsz)
            problems_add(&c->problems, "the note %s at byte %td has %" PRIu64 " of its %u bytes",
                         name, at - c->bytes, have, nh.n_descsz);
        if (take_note(c, name, nh.n_type, at, have) != 0)
            return -1;
        if (desc_room > len)
            return 0;
        at += desc_room;
        len -= desc_room;
    }
    return 0;
}
