/* cosmem.c - see cosmem.h. */
#include "vmkernel/foreign/cosmem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/machine.h"

#define THREAD_SIZE_MAX (1u << 16)

/* ---- bytes ----------------------------------------------------------------------------------- */

static bool read_page_part(const struct cosmem *m, uint64_t address, void *to, size_t len)
{
    const struct image_segment *seg = image_segment_at(&m->image, address);
    if (seg != NULL && !seg->writable) {
        if (to != NULL)
            image_read(&m->image, seg, address, to, len);
        return true;
    }
    if (address < m->page_offset || address - m->page_offset >= m->ram_bytes)
        return false;
    if (to != NULL)
        memcpy(to, m->ram + (address - m->page_offset), len);
    return true;
}

/* Visit the range page by page: a page has one source. `to` NULL only checks. */
static bool read_range(const struct cosmem *m, uint64_t address, void *to, size_t len)
{
    while (len > 0) {
        size_t n = IMAGE_PAGE - (size_t)(address % IMAGE_PAGE);
        if (n > len)
            n = len;
        if (!read_page_part(m, address, to, n))
            return false;
        address += n;
        to = to != NULL ? (char *)to + n : NULL;
        len -= n;
    }
    return true;
}

static bool read_memory(const void *ctx, uint64_t address, void *to, size_t len)
{
    return read_range(ctx, address, NULL, len) && read_range(ctx, address, to, len);
}

static bool find_text(const void *ctx, uint64_t address, uint64_t *ret_start, uint64_t *ret_end)
{
    const struct cosmem *m = ctx;
    const struct image_segment *seg = image_segment_at(&m->image, address);
    if (seg == NULL || !seg->executable)
        return false;
    *ret_start = seg->start;
    *ret_end = seg->end;
    return true;
}

int cosmem_open(struct cosmem *m, const char *path, const unsigned char *ram, uint64_t ram_bytes,
                struct problems *problems, struct err *err)
{
    *m = (struct cosmem){ .ram = ram, .ram_bytes = ram_bytes };
    const int error = image_open(path, &m->image, err);
    if (error != 0)
        return error;
    m->view.from = (struct cosview_source){ .ctx = m, .read = read_memory, .text = find_text };
    m->view.problems = problems;
    const int noted = cosview_take_note(&m->view, m->image.note, m->image.note_len);
    const uint64_t start = m->image.segment[0].start;
    m->page_offset =
        cosview_number(&m->view, "PAGE_OFFSET", start - MACHINE_IMAGE_OFFSET, UINT32_MAX);
    if (noted == 0 && m->page_offset % IMAGE_PAGE == 0 && m->page_offset <= start)
        return 0;
    cosmem_close(m);
    return noted != 0 ? err_file(err, -ENOMEM, path)
                      : err_set(err, ERR_SYNTAX, "%s: bad PAGE_OFFSET", path);
}

void cosmem_close(struct cosmem *m)
{
    cosview_close(&m->view);
    image_close(&m->image);
}

/* ---- tasks ----------------------------------------------------------------------------------- */

/* What is odd about where a task's registers lie. */
static void check_frame(const struct cosmem *m, const struct cos_task *t)
{
    const uint64_t size = cosview_number(&m->view, "thread_size", 0, THREAD_SIZE_MAX);
    const char *bad = NULL;
    if (t->frame == 0)
        return;
    if (!t->has_regs)
        bad = "out of reach";
    else if (t->frame < t->address || t->frame + sizeof t->regs > t->address + size)
        bad = "not on its stack";
    if (bad != NULL)
        problems_add(m->view.problems,
                     "pid %" PRIu32 " (%s): its register frame at 0x%" PRIx32 " is %s", t->pid,
                     t->comm, t->frame, bad);
}

/* The task that the COS says is running and its list does not have. */
static void append_current(const struct cosmem *m, uint32_t address, struct cos_tasks *tasks)
{
    struct cos_task *t = cos_tasks_append(&m->view, address, tasks);
    if (t == NULL) {
        problems_add(m->view.problems, "current_task 0x%" PRIx32 " is no task", address);
        return;
    }
    t->current = true;
    problems_add(m->view.problems,
                 "current task 0x%" PRIx32 " (pid %" PRIu32 ") is not in the task list", address,
                 t->pid);
}

void cosmem_tasks(const struct cosmem *m, struct cos_tasks *ret)
{
    uint32_t address = 0;
    const bool known = cosview_variable(&m->view, "current_task", &address, sizeof address);
    *ret = (struct cos_tasks){ .count = 0 };
    if (!known)
        problems_add(m->view.problems, "current_task is out of reach");
    if (cos_tasks_read(&m->view, address, ret) != 0)
        problems_add(m->view.problems, "task list: not enough memory");
    if (known && cos_task_current(ret) == NULL)
        append_current(m, address, ret);
    for (uint32_t i = 0; i < ret->count; i++)
        check_frame(m, &ret->task[i]);
}
