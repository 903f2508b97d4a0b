/* mmap.c - address spaces: which user addresses mean what. Sources: docs/sources.md [RHEL3MM
 * 1.7]. */
#include "cos/kernel/arch/cost.h"
#include "cos/kernel/errno.h"
#include "cos/kernel/mm/dcache.h"
#include "cos/kernel/mm/heat.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/mm/slab.h"
#include "cos/kernel/mm/swap.h"
#include "cos/kernel/mm/v24/zone.h"

uint32_t vm_committed;
static struct kmem_cache *mm_cache, *vma_cache;
struct list mmlist;

#define TEXT_END 0x40000000u /* programs below, shared libraries above, as on i386 */
#define INODE_DENTRY_BYTES 640u

struct mm_struct *mm_create(struct task_struct *owner)
{
    if (mm_cache == NULL) {
        mm_cache = kmem_cache_create("mm_struct", sizeof(struct mm_struct));
        vma_cache = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct));
        list_init(&mmlist);
    }
    struct mm_struct *mm = kmem_cache_alloc(mm_cache, GFP_KERNEL);
    if (mm == NULL)
        return NULL;
    struct page *pgd = alloc_zeroed_page(GFP_KERNEL);
    if (pgd == NULL) {
        kmem_cache_free(mm_cache, mm);
        return NULL;
    }
    memset(mm, 0, sizeof *mm);
    pgd->flags |= PG_table;
    pgd->mapping = kptr_of(mm);
    nr_page_tables++;
    mm->pgd = page_phys(pgd);
    mm->owner = kptr_of(owner);
    mm->users = 1;
    list_add_tail(&mm->mmlist, &mmlist);
    return mm;
}

struct vm_area_struct *find_vma(const struct mm_struct *mm, uint32_t address)
{
    for (kptr k = mm->mmap; k != 0; k = PTR(struct vm_area_struct, k)->next) {
        struct vm_area_struct *vma = PTR(struct vm_area_struct, k);
        if (address < vma->start)
            return NULL;
        if (address < vma->end)
            return vma;
    }
    return NULL;
}

/* Mode 0: does the machine look as if it had that much? */
bool vm_enough_memory(uint32_t pages)
{
    const uint64_t unused =
        (uint64_t)(nr_unused_dentries + nr_unused_inodes) * INODE_DENTRY_BYTES / PAGE_SIZE;
    const uint64_t have =
        (uint64_t)nr_free_pages() + nr_page_cache + nr_swap_pages + swapper_space.nrpages + unused;
    return have > pages;
}

/* Where a vma that covers [addr, end) belongs: the link to be changed. NULL = something is
 * there. */
static kptr *vma_place(struct mm_struct *mm, uint32_t addr, uint32_t end)
{
    kptr *link = &mm->mmap;
    while (*link != 0 && PTR(struct vm_area_struct, *link)->end <= addr)
        link = &PTR(struct vm_area_struct, *link)->next;
    return *link == 0 || PTR(struct vm_area_struct, *link)->start >= end ? link : NULL;
}

static uint32_t *size_field(struct mm_struct *mm, const struct vm_area_struct *vma)
{
    if (vma->flags & VM_SHARED)
        return &mm->shared_pages;
    if (vma->flags & VM_STACK)
        return &mm->stack_pages;
    if (vma->file == 0)
        return &mm->data_pages;
    return vma->start < TEXT_END ? &mm->text_pages : &mm->lib_pages;
}

/* What a vma commits: memory that can be written. A segment was committed when it was made. */
static bool commits(uint32_t flags)
{
    return (flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
}

/* Book `pages` more (or fewer) of a vma. */
static void vma_account(struct mm_struct *mm, const struct vm_area_struct *vma, int32_t pages)
{
    mm->total_vm += (uint32_t)pages;
    *size_field(mm, vma) += (uint32_t)pages;
    if (commits(vma->flags))
        vm_committed += (uint32_t)pages;
}

int do_mmap(struct mm_struct *mm, uint32_t addr, uint32_t len, uint32_t flags,
            struct address_space *file, uint32_t pgoff)
{
    len = (len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (len == 0 || (addr & (PAGE_SIZE - 1)) != 0 || addr + len < addr || addr + len > 0xc0000000u)
        return -EINVAL;
    if (commits(flags) && !vm_enough_memory(len >> PAGE_SHIFT))
        return -ENOMEM;
    struct vm_area_struct *vma = kmem_cache_alloc(vma_cache, GFP_KERNEL);
    if (vma == NULL)
        return -ENOMEM;
    kptr *link = vma_place(mm, addr, addr + len);
    if (link == NULL) {
        kmem_cache_free(vma_cache, vma);
        return -EINVAL;
    }
    *vma = (struct vm_area_struct){ .start = addr,
                                    .end = addr + len,
                                    .flags = flags | (file != NULL ? VM_FILE : 0),
                                    .file = kptr_of(file),
                                    .pgoff = pgoff,
                                    .next = *link,
                                    .mm = kptr_of(mm) };
    *link = kptr_of(vma);
    vma_account(mm, vma, (int32_t)(len >> PAGE_SHIFT));
    return 0;
}

static void vma_free(struct mm_struct *mm, kptr *link)
{
    struct vm_area_struct *vma = PTR(struct vm_area_struct, *link);
    zap_page_range(mm, vma->start, vma->end);
    vma_account(mm, vma, -(int32_t)((vma->end - vma->start) >> PAGE_SHIFT));
    *link = vma->next;
    kmem_cache_free(vma_cache, vma);
}

static int dup_mmap(struct mm_struct *mm, struct mm_struct *from)
{
    for (kptr k = from->mmap; k != 0; k = PTR(struct vm_area_struct, k)->next) {
        const struct vm_area_struct *vma = PTR(const struct vm_area_struct, k);
        int error = do_mmap(mm, vma->start, vma->end - vma->start, vma->flags,
                            PTR(struct address_space, vma->file), vma->pgoff);
        if (error == 0)
            error = copy_page_range(mm, from, vma);
        if (error != 0)
            return error;
    }
    return 0;
}

struct mm_struct *dup_mm(void)
{
    struct mm_struct *from = PTR(struct mm_struct, current->mm);
    struct mm_struct *mm = mm_create(NULL);
    if (mm == NULL)
        return NULL;
    mm->brk = from->brk;
    mm->start_brk = from->start_brk;
    mm->stack_top = from->stack_top;
    if (dup_mmap(mm, from) == 0)
        return mm;
    exit_mmap(mm);
    return NULL;
}

int do_munmap(struct mm_struct *mm, uint32_t addr)
{
    for (kptr *link = &mm->mmap; *link != 0; link = &PTR(struct vm_area_struct, *link)->next) {
        if (PTR(struct vm_area_struct, *link)->start == addr) {
            vma_free(mm, link);
            return 0;
        }
    }
    return -EINVAL;
}

/* Make the heap end at `end` (page-aligned), or make one that starts at start_brk. */
static int heap_resize(struct mm_struct *mm, struct vm_area_struct *heap, uint32_t end)
{
    if (heap == NULL)
        return do_mmap(mm, mm->start_brk, end - mm->start_brk, VM_READ | VM_WRITE | VM_HEAP, NULL,
                       0);
    if (end < heap->end)
        zap_page_range(mm, end, heap->end);
    else if (!vm_enough_memory((end - heap->end) >> PAGE_SHIFT))
        return -ENOMEM;
    else if (heap->next != 0 && PTR(struct vm_area_struct, heap->next)->start < end)
        return -ENOMEM;
    vma_account(mm, heap, ((int32_t)end - (int32_t)heap->end) / (int32_t)PAGE_SIZE);
    heap->end = end;
    return 0;
}

int do_brk(uint32_t brk)
{
    struct mm_struct *mm = PTR(struct mm_struct, current->mm);
    const uint32_t end = (brk + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    struct vm_area_struct *heap = find_vma(mm, mm->start_brk);

    cpu_charge(COST_SYSCALL);
    if (brk < mm->start_brk)
        return -EINVAL;
    if (heap != NULL && end <= heap->start)
        return do_munmap(mm, heap->start);
    if ((heap != NULL && end != heap->end) || (heap == NULL && end != mm->start_brk)) {
        const int ret = heap_resize(mm, heap, end);
        if (ret != 0)
            return ret;
    }
    mm->brk = brk;
    return 0;
}

void exit_mmap(struct mm_struct *mm)
{
    ASSERT(mm->users > 0);
    if (--mm->users > 0)
        return;
    heat_release(mm);
    while (mm->mmap != 0)
        vma_free(mm, &mm->mmap);
    ASSERT(mm->rss == 0 && mm->total_vm == 0);
    clear_page_tables(mm);
    struct page *pgd = pfn_to_page(mm->pgd >> PAGE_SHIFT);
    pgd->flags &= ~PG_table;
    pgd->mapping = 0;
    nr_page_tables--;
    put_page(pgd);
    list_del(&mm->mmlist);
    kmem_cache_free(mm_cache, mm);
}

/* ---- system calls ---------------------------------------------------------------------------- */
KERNEL_FN int old_mmap(uint32_t addr, uint32_t len)
{
    return do_mmap(PTR(struct mm_struct, current->mm), addr, len, VM_READ | VM_WRITE, NULL, 0);
}

KERNEL_FN int sys_munmap(uint32_t addr)
{
    return do_munmap(PTR(struct mm_struct, current->mm), addr);
}

KERNEL_FN int sys_brk(uint32_t brk)
{
    return do_brk(brk);
}
