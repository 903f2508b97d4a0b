/* store.c - a program that keeps a share of the machine's RAM or swap in use, by a closed loop
 * (pressure.h): FAULT_PRESSURE.
 *
 * RAM is taken as a driver's buffers are: pages of the kernel, which stay where they are and count
 * in no process's size. Swap is taken as the files of a tmpfs are: a page gets a slot, is written
 * there and forgotten; what is left is the slot. So the OOM killer, which looks at the virtual size
 * of processes, has no reason to choose the program first. When it may be chosen, the memory is
 * the program's heap instead.
 *
 * It measures before it acts, and tells the worst that it found: at each hundredth of a ramp, every
 * ten minutes of the hold, and sooner when it is more than half a percent off. The end of a program
 * gives megabytes back at once, so it looks then, too. */
#include "cos/kernel/mm/v24/lru.h"
#include "cos/kernel/mm/swap.h"
#include "cos/programs/faults.h"
#include "cos/programs/pressure.h"
#include "shared/units.h"

#define SLOTS_PER_PAGE (PAGE_SIZE / sizeof(uint32_t) - 1)
#define NOTES_PER_RAMP 100u
#define NOTE_HOLD_NS (10 * NS_PER_MIN)
#define NOTE_OFF_NS (10 * NS_PER_S) /* at most so often when it is off */
#define OFF_PPM 5000u
#define HEAP_CHUNK 256u /* pages that the heap grows by at once */

/* ---- RAM ------------------------------------------------------------------------------------- */
static KERNEL_SIDE bool alloc_kiovec(struct program *p)
{
    struct page *page = alloc_pages(GFP_HIGHUSER, 0);
    if (page == NULL)
        return false;
    list_add(&page->list, &p->held_pages);
    p->held++;
    return true;
}

static KERNEL_SIDE void free_kiovec(struct program *p)
{
    struct page *page = list_entry(p->held_pages.next, struct page, list);
    list_del(&page->list);
    free_pages(page, 0);
    p->held--;
}

static bool take_heap(struct program *p)
{
    const struct mm_struct *mm = PTR(const struct mm_struct, current->mm);
    const uint32_t at = p->heap_start + (p->data_pages + p->held) * PAGE_SIZE;
    if (at >= mm->brk && sys(sys_brk, at + HEAP_CHUNK * PAGE_SIZE) != 0)
        return false;
    ASSERT(user_account(program_byte(at), true));
    p->held++;
    return true;
}

static void give_heap(struct program *p, uint32_t pages)
{
    p->held -= pages;
    ASSERT(sys(sys_brk, p->heap_start + (p->data_pages + p->held) * PAGE_SIZE) == 0);
}

/* ---- swap ------------------------------------------------------------------------------------ */
/* The slots are on pages of the kernel, the last one filled first: word 0 links to the page
 * before. */
INLINE_FN uint32_t *slot_place(struct program *p)
{
    const uint32_t i = p->held % SLOTS_PER_PAGE;
    if (i == 0) {
        const kptr table = get_free_pages(GFP_KERNEL, 0);
        if (table == 0)
            return NULL;
        *PTR(uint32_t, table) = p->held_slots;
        p->held_slots = table;
    }
    return PTR(uint32_t, p->held_slots) + 1 + i;
}

static KERNEL_SIDE bool shmem_file_write(struct program *p)
{
    if (nr_swap_pages == 0)
        return false;
    uint32_t *place = slot_place(p);
    struct page *page = place != NULL ? alloc_pages(GFP_HIGHUSER, 0) : NULL;
    if (page == NULL || !add_to_swap(page)) {
        if (page != NULL)
            put_page(page);
        return false;
    }
    *place = page->index;
    p->held++;
    swap_duplicate(page->index); /* the file's reference, beside that of the swap cache */
    lru_cache_add(page);
    deactivate_page(page); /* nobody will look at it: reclaim writes it out when it wants room */
    put_page(page);
    return true;
}

static KERNEL_SIDE void shmem_truncate(struct program *p)
{
    p->held--;
    const uint32_t i = p->held % SLOTS_PER_PAGE;
    const kptr table = p->held_slots;
    free_swap_and_cache(PTR(const uint32_t, table)[1 + i]);
    if (i == 0) {
        p->held_slots = *PTR(const uint32_t, table);
        free_pages_at(table, 0);
    }
}

/* ---- the end of others ----------------------------------------------------------------------- */
static struct wait_queue store_wait;

KERNEL_SIDE void store_look(void)
{
    if (store_wait.sleepers.next != 0)
        wake_up(&store_wait);
}

/* Until it is time to look again, or somebody ended and gave memory back. */
static KERNEL_SIDE void sys_poll(uint64_t period_ns)
{
    if (store_wait.sleepers.next == 0)
        wait_queue_init(&store_wait);
    (void)sleep_on_timeout(&store_wait, TASK_INTERRUPTIBLE,
                           (uint32_t)((period_ns + NS_PER_JIFFY - 1) / NS_PER_JIFFY));
}

/* ---- the loop -------------------------------------------------------------------------------- */
INLINE_FN bool in_heap(const struct program *p)
{
    const struct fault *f = fault_of(p);
    return (f->flags & FAULT_FLAG_OOM_FIRST) != 0 && f->resource == FAULT_RESOURCE_RAM;
}

static bool take(struct program *p)
{
    if (in_heap(p))
        return take_heap(p);
    return fault_of(p)->resource == FAULT_RESOURCE_SWAP ? sys(shmem_file_write, p)
                                                        : sys(alloc_kiovec, p);
}

/* Give `pages` of what is held back. */
static KERNEL_SIDE void give(struct program *p, uint32_t pages)
{
    for (; pages > 0; pages--)
        (fault_of(p)->resource == FAULT_RESOURCE_SWAP ? shmem_truncate : free_kiovec)(p);
}

KERNEL_SIDE void program_release(struct program *p)
{
    if (p->held > 0 && !in_heap(p)) /* a heap goes with its address space */
        give(p, p->held);
}

static void change_by(struct program *p, int32_t pages)
{
    for (; pages > 0 && take(p); pages--)
        program_give_way(p);
    if (pages >= 0)
        return;
    if (in_heap(p))
        give_heap(p, (uint32_t)-pages);
    else
        sys(give, p, (uint32_t)-pages);
}

static void make_plan(const struct fault *f, struct pressure *ret)
{
    struct mem_info info;
    sys(mem_info, &info);
    *ret = (struct pressure){
        .from_ppm = sys(fault_resource_ppm, f->resource),
        .level_ppm = (uint32_t)f->level_ppm,
        .step = f->shape == FAULT_SHAPE_STEP,
        .within_ns = f->within_ns,
        .total =
            f->resource == FAULT_RESOURCE_SWAP ? info.swap_total : info.total - info.out_of_reach,
    };
}

static uint32_t distance(uint64_t a, uint64_t b)
{
    return (uint32_t)(a > b ? a - b : b - a);
}

/* Tell, when it is time to, the worst that was found since the last time. number[]: when that was,
 * what was ordered and reached at the worst instant since, and whether there is one. */
static void tell(struct program *p, const struct pressure *plan, uint64_t lasts_ns,
                 uint32_t ordered, uint32_t reached)
{
    uint64_t pause = lasts_ns <= plan->within_ns ? plan->within_ns / NOTES_PER_RAMP : NOTE_HOLD_NS;
    const uint32_t off = distance(ordered, reached);
    if (p->number[3] == 0 || off > distance(p->number[1], p->number[2])) {
        p->number[1] = ordered;
        p->number[2] = reached;
        p->number[3] = 1;
    }
    if (off > OFF_PPM && pause > NOTE_OFF_NS)
        pause = NOTE_OFF_NS;
    if (p->number[0] != 0 && cos_clock.now_ns < p->number[0] + pause)
        return;
    sys(fault_note, p->fault - 1, FAULT_NOTE_LEVEL, p->number[1], p->number[2]);
    p->number[0] = cos_clock.now_ns;
    p->number[3] = 0;
}

int prog_store(struct program *p)
{
    const struct fault *f = fault_of(p);
    const uint32_t index = p->fault - 1;
    struct pressure plan;

    program_touch(p, p->spec.touch_pages);
    make_plan(f, &plan);
    while (fault_goes_on(index)) {
        const uint64_t lasts = fault_lasts_ns(index);
        const uint32_t ordered = pressure_ordered_ppm(&plan, lasts);
        const uint32_t reached = sys(fault_resource_ppm, f->resource);
        tell(p, &plan, lasts, ordered, reached);
        change_by(p, pressure_step(&plan, ordered, reached, p->held));
        sys(sys_poll, pressure_period_ns(&plan, lasts));
        program_give_way(p);
    }
    sys(program_release, p);
    return 0;
}
