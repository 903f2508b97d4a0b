/* cosmem.c - see cosmem.h. */
#include "vmkernel/foreign/cosmem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"

#define TASKS_LIMIT 65536u /* above threads-max of 800 MB (12,800) and any pid */
#define LOG_LIMIT MB       /* a 2.4 log buffer is 16 to 128 kB */
#define THREAD_SIZE_MAX (1u << 16)

static bool read_page_part(const struct cosmem *m, uint64_t address, void *to, size_t len)
{
    const struct image_segment *seg = image_segment_at(m->image, address);
    if (seg != NULL && !seg->writable) {
        if (to != NULL)
            image_read(m->image, seg, address, to, len);
        return true;
    }
    if (address < m->image->page_offset || address - m->image->page_offset >= m->ram_bytes)
        return false;
    if (to != NULL)
        memcpy(to, m->ram + (address - m->image->page_offset), len);
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

bool cosmem_read(const struct cosmem *m, uint64_t address, void *to, size_t len)
{
    if (!read_range(m, address, NULL, len))
        return false;
    return read_range(m, address, to, len);
}

bool cosmem_read32(const struct cosmem *m, uint64_t address, uint32_t *ret)
{
    return cosmem_read(m, address, ret, sizeof *ret);
}

bool cosmem_variable(const struct cosmem *m, const char *name, void *to, size_t len)
{
    uint64_t address;
    return image_find(m->image, name, &address) && cosmem_read(m, address, to, len);
}

/* image_open() has made sure that the required keys are there. */
static uint64_t info(const struct cosmem *m, const char *key)
{
    uint64_t value = 0;
    const bool found = image_info(m->image, key, &value);
    assert(found);
    return value;
}

static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

static void read_frame(const struct cosmem *m, struct cos_task *t, struct notes *notes)
{
    if (t->frame == 0)
        return;
    const uint64_t thread_size = info(m, "NUMBER(thread_size)");
    const uint64_t top =
        t->address + (thread_size < THREAD_SIZE_MAX ? thread_size : THREAD_SIZE_MAX);
    if (t->frame % 4 != 0 || !cosmem_read(m, t->frame, &t->regs, sizeof t->regs)) {
        notes_add(notes,
                  "pid %" PRIu32 " (%s): its register frame at 0x%" PRIx32 " is out of reach",
                  t->pid, t->comm, t->frame);
        return;
    }
    t->has_regs = true;
    if (t->frame < t->address || t->frame + sizeof t->regs > top)
        notes_add(notes,
                  "pid %" PRIu32 " (%s): its register frame at 0x%" PRIx32 " is not on its stack",
                  t->pid, t->comm, t->frame);
}

bool cosmem_task(const struct cosmem *m, uint64_t address, struct cos_task *ret,
                 struct notes *notes)
{
    const uint64_t size = info(m, "SIZE(task_struct)");
    if (address % 4 != 0 || address > UINT32_MAX || size > THREAD_SIZE_MAX ||
        !cosmem_read(m, address, &(char[1]){ 0 }, 1))
        return false;
    struct cos_task t = { .address = (uint32_t)address };
    const bool whole =
        cosmem_read32(m, address + info(m, "OFFSET(task_struct.pid)"), &t.pid) &&
        cosmem_read32(m, address + info(m, "OFFSET(task_struct.ppid)"), &t.ppid) &&
        cosmem_read32(m, address + info(m, "OFFSET(task_struct.state)"), &t.state) &&
        cosmem_read32(m, address + info(m, "OFFSET(task_struct.frame)"), &t.frame) &&
        cosmem_read(m, address + info(m, "OFFSET(task_struct.comm)"), t.comm, sizeof t.comm);
    if (!whole)
        return false;
    t.comm[COSMEM_COMM - 1] = '\0';
    make_printable(t.comm);
    read_frame(m, &t, notes);
    *ret = t;
    return true;
}

/* One bit per page of RAM: no two tasks share a page, so a page met twice is a circle that does not
 * close at its head. */
static bool met_before(const struct cosmem *m, unsigned char *seen, uint32_t address)
{
    const uint64_t page = (address - m->image->page_offset) / IMAGE_PAGE;
    if (address < m->image->page_offset || page >= m->ram_bytes / IMAGE_PAGE)
        return true;
    const unsigned char bit = (unsigned char)(1u << page % 8);
    const bool met = (seen[page / 8] & bit) != 0;
    seen[page / 8] |= bit;
    return met;
}

static bool append(struct cos_tasks *list, const struct cos_task *t)
{
    if ((list->count & (list->count - 1)) == 0) { /* room for the next power of two */
        const size_t room = list->count == 0 ? 1 : 2 * (size_t)list->count;
        struct cos_task *more = realloc(list->task, room * sizeof *more);
        if (more == NULL)
            return false;
        list->task = more;
    }
    list->task[list->count++] = *t;
    return true;
}

static void walk(const struct cosmem *m, uint64_t head, unsigned char *seen, struct cos_tasks *ret,
                 struct notes *notes)
{
    const uint64_t next_offset = info(m, "OFFSET(task_struct.next_task)");
    uint64_t at = head;
    do {
        struct cos_task t;
        uint32_t next;
        if (met_before(m, seen, (uint32_t)at)) {
            notes_add(notes,
                      "task list: 0x%" PRIx64 " is met twice or is no address of RAM; %" PRIu32
                      " tasks before it",
                      at, ret->count);
            return;
        }
        if (!cosmem_task(m, at, &t, notes) || !cosmem_read32(m, at + next_offset, &next)) {
            notes_add(notes, "task list: no task at 0x%" PRIx64 "; %" PRIu32 " tasks before it", at,
                      ret->count);
            return;
        }
        if (ret->count == TASKS_LIMIT || !append(ret, &t)) {
            notes_add(notes, "task list: cut after %" PRIu32 " tasks", ret->count);
            return;
        }
        at = next;
    } while (at != head);
}

static void find_current(const struct cosmem *m, struct cos_tasks *ret, struct notes *notes)
{
    uint32_t address;
    ret->current = ret->count;
    if (!cosmem_variable(m, "current_task", &address, sizeof address)) {
        notes_add(notes, "current_task is out of reach");
        return;
    }
    for (uint32_t i = 0; i < ret->count; i++) {
        if (ret->task[i].address == address) {
            ret->current = i;
            return;
        }
    }
    struct cos_task t;
    if (!cosmem_task(m, address, &t, notes) || !append(ret, &t)) {
        notes_add(notes, "current_task 0x%" PRIx32 " is no task", address);
        return;
    }
    notes_add(notes, "current task 0x%" PRIx32 " (pid %" PRIu32 ") is not in the task list",
              address, t.pid);
    ret->current = ret->count - 1;
}

void cosmem_tasks(const struct cosmem *m, struct cos_tasks *ret, struct notes *notes)
{
    uint64_t head;
    *ret = (struct cos_tasks){ 0 };
    unsigned char *seen = calloc(1, m->ram_bytes / IMAGE_PAGE / 8 + 1);
    if (seen == NULL || !image_find(m->image, "init_task_union", &head))
        notes_add(notes, "task list: %s",
                  seen == NULL ? "not enough memory" : "no symbol init_task_union");
    else
        walk(m, head, seen, ret, notes);
    free(seen);
    find_current(m, ret, notes);
}

void cosmem_tasks_free(struct cos_tasks *tasks)
{
    free(tasks->task);
    *tasks = (struct cos_tasks){ 0 };
}

char *cosmem_log(const struct cosmem *m, size_t *ret_len, struct notes *notes)
{
    uint64_t buf, size;
    uint32_t start, end;
    if (!image_find(m->image, "log_buf", &buf) ||
        !image_info(m->image, "NUMBER(log_buf_len)", &size) || size == 0 || size > LOG_LIMIT ||
        !cosmem_variable(m, "log_start", &start, sizeof start) ||
        !cosmem_variable(m, "log_end", &end, sizeof end)) {
        notes_add(notes, "the COS's kernel log cannot be found");
        return NULL;
    }
    if (end - start > size) {
        notes_add(notes,
                  "COS kernel log: %" PRIu32 " bytes between start and end, more than it has",
                  end - start);
        start = end - (uint32_t)size;
    }
    char *ring = malloc(size), *text = malloc(size + 1);
    if (ring == NULL || text == NULL || !cosmem_read(m, buf, ring, size)) {
        notes_add(notes, "the COS's kernel log is out of reach");
        free(ring);
        free(text);
        return NULL;
    }
    for (uint32_t i = 0; i < end - start; i++)
        text[i] = ring[(start + i) % size];
    *ret_len = end - start;
    text[*ret_len] = '\0';
    free(ring);
    return text;
}

char cosmem_state_letter(uint32_t state)
{
    switch (state) { /* values of 2.4 */
    case 0:
        return 'R';
    case 1:
        return 'S';
    case 2:
        return 'D';
    case 4:
        return 'T';
    case 8:
        return 'Z';
    case 16:
        return 'X';
    default:
        return '?';
    }
}
