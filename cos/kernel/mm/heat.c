/* heat.c - see heat.h.
 *
 *     user: a process with classes --- class: range, rate, absent pages --- area (of files only)
 *     area: a range of a file that processes use at one rate; how many of them rest, and how long
 *           they have rested in all
 *
 * What grows while processes rest is time, one number per process and one per area; heat is that
 * times a rate, worked out for the page that is looked at. Processes of the same program share
 * areas, so a page of a file has as many as there are programs with classes there. */
#include "cos/kernel/mm/heat.h"

#include "cos/kernel/mm/heat_math.h"
#include "cos/kernel/mm/pagetable.h"
#include "cos/kernel/mm/swap.h"
#include "cos/kernel/mm/v24/lru.h"

typedef unsigned __int128 u128;

#define USERS_MAX 4096u
#define AREAS_MAX 8192u
#define BUCKETS 1024u
#define RATE_SHIFT 56u /* rates: uses per ns, so many bits behind the point; budgets alike */
#define HEAT_SHIFT 24u
#define ROUNDS_KEPT 8u /* more of them, all without a use, bring no page from age 15 to 0 */

struct area {
    kptr file;
    uint32_t next;       /* of its bucket; 0 = none */
    uint32_t first, end; /* pages of the file */
    uint32_t every;
    uint32_t first_address;      /* of the page `first`: its place among the runs */
    uint32_t resting, recounted; /* the latter by heat_check() */
    uint64_t rate;
    uint64_t rested_ns, since_ns; /* as of since_ns, all together */
};
struct class
{
    uint32_t start, end;
    uint64_t rate;
    uint32_t absent; /* pages that are not present */
    uint32_t area;   /* 0 = of anonymous memory */
    uint32_t write, every;
};
struct user {
    kptr mm;
    uint32_t next; /* of its bucket, or free */
    uint32_t count;
    uint32_t resting;
    uint32_t due;   /* a use of an absent page is to be carried out */
    uint32_t still; /* it has not rested since a walk found that all its private pages were looked
                       at */
    uint64_t rested_ns, since_ns;
    uint64_t hazard; /* sum of absent * rate */
    uint64_t budget; /* what of it has to pass until the next use of an absent page */
    uint64_t root, draws;
    struct ktimer timer;
    struct class class[HEAT_CLASSES];
};
/* Rounds of kscand over one kind of pages of a zone. */
struct rounds {
    uint32_t count;             /* so far */
    uint32_t bias[ROUNDS_KEPT]; /* of the lists at round n: [n % ROUNDS_KEPT] */
};
struct heat_memory {
    uint32_t users;                  /* with classes; first: heat_any() */
    uint32_t users_made, users_free; /* records made; list of free records */
    uint64_t root;
    uint32_t areas;
    uint32_t user_of[BUCKETS], area_of[BUCKETS];
    struct user user[USERS_MAX + 1]; /* 0 is none */
    struct area area[AREAS_MAX + 1];
    struct rounds rounds[ZONES][2]; /* anonymous, file */
    struct look {
        uint64_t seen;                               /* heat */
        uint64_t round;                              /* of kscand */
    } look[MACHINE_RAM_MB_MAX << (20 - PAGE_SHIFT)]; /* by frame: the last one */
};
_Static_assert(sizeof(struct heat_memory) <= SCRATCH_HEAT_SIZE, "scratch memory");
#define heat PTR(struct heat_memory, SCRATCH_HEAT_VA)

INLINE_FN uint32_t bucket_of(kptr k)
{
    return k * 2654435761u >> 22;
}

static uint64_t random_root(void)
{
    if (heat->root == 0)
        heat->root = cos_random("heat");
    return heat->root;
}

/* ---- users and areas ------------------------------------------------------------------------- */
INLINE_FN struct user *user_of(kptr mm)
{
    if (mm == 0 || !heat_any())
        return NULL;
    uint32_t i = heat->user_of[bucket_of(mm)];
    while (i != 0 && heat->user[i].mm != mm)
        i = heat->user[i].next;
    return i != 0 ? &heat->user[i] : NULL;
}

static struct user *user_new(struct mm_struct *mm)
{
    uint32_t i = heat->users_free;
    if (i != 0)
        heat->users_free = heat->user[i].next;
    else if (heat->users_made < USERS_MAX)
        i = ++heat->users_made;
    else
        return NULL;
    struct user *u = &heat->user[i];
    uint32_t *bucket = &heat->user_of[bucket_of(kptr_of(mm))];
    *u = (struct user){ .mm = kptr_of(mm), .next = *bucket };
    *bucket = i;
    heat->users++;
    return u;
}

static struct area *area_new(const struct area *want)
{
    uint32_t *bucket = &heat->area_of[bucket_of(want->file)];
    for (uint32_t i = *bucket; i != 0; i = heat->area[i].next) {
        struct area *a = &heat->area[i];
        if (a->file == want->file && a->first == want->first && a->end == want->end &&
            a->rate == want->rate && a->every == want->every)
            return a;
    }
    if (heat->areas == AREAS_MAX)
        return NULL;
    struct area *a = &heat->area[++heat->areas];
    *a = *want;
    a->next = *bucket;
    *bucket = heat->areas;
    return a;
}

INLINE_FN struct class *class_of(struct user *u, uint32_t address)
{
    for (struct class *c = u->class; c < u->class + u->count; c++)
        if (address >= c->start && address < c->end && heat_in_run(address, c->every != 0))
            return c;
    return NULL;
}

/* ---- heat ------------------------------------------------------------------------------------ */
INLINE_FN uint64_t heat_of(uint64_t rested_ns, uint64_t rate)
{
    return (uint64_t)((u128)rested_ns * rate >> (RATE_SHIFT - HEAT_SHIFT));
}

INLINE_FN uint64_t user_rested(const struct user *u)
{
    return u->rested_ns + (u->resting ? cos_clock.now_ns - u->since_ns : 0);
}

static uint64_t area_rested(const struct area *a)
{
    return a->rested_ns + a->resting * (cos_clock.now_ns - a->since_ns);
}

static void area_rests(struct area *a, uint32_t n)
{
    a->rested_ns = area_rested(a);
    a->since_ns = cos_clock.now_ns;
    a->resting += n;
}

static bool area_covers(const struct area *a, const struct page *page)
{
    return a->file == page->mapping && page->index >= a->first && page->index < a->end &&
           heat_in_run(a->first_address + (page->index - a->first) * PAGE_SIZE, a->every != 0);
}

static uint64_t file_heat(const struct page *page)
{
    uint64_t sum = 0;
    for (uint32_t i = heat->area_of[bucket_of(page->mapping)]; i != 0; i = heat->area[i].next) {
        const struct area *a = &heat->area[i];
        if (area_covers(a, page))
            sum += heat_of(area_rested(a), a->rate);
    }
    return sum;
}

static bool of_file(const struct page *page)
{
    return page->mapping != 0 && !(page->flags & PG_swapcache);
}

INLINE_FN uint64_t *pte_of(const struct page *page)
{
    return phys_to_virt(page->pte[0]);
}

INLINE_FN uint32_t address_of(const uint64_t *ptep)
{
    const uint32_t place = virt_to_phys(ptep) % PAGE_SIZE / (uint32_t)sizeof *ptep;
    return virt_to_page(ptep)->index + place * PAGE_SIZE;
}

/* Whose class an anonymous page is in; NULL: in none. Copies of pages of files are in none. */
INLINE_FN const struct class *private_class(const struct page *page, struct user **ret)
{
    if (!(page->flags & PG_direct))
        return NULL;
    *ret = user_of(virt_to_page(pte_of(page))->mapping);
    const struct class *c = *ret != NULL ? class_of(*ret, address_of(pte_of(page))) : NULL;
    return c != NULL && c->area == 0 ? c : NULL;
}

INLINE_FN uint64_t page_heat(const struct page *page, const struct class **ret)
{
    struct user *u;
    *ret = NULL;
    if (of_file(page))
        return file_heat(page);
    const struct class *c = private_class(page, &u);
    *ret = c;
    return c != NULL ? heat_of(user_rested(u), c->rate) : 0;
}

INLINE_FN struct rounds *rounds_of(const struct page *page)
{
    return &heat->rounds[page_zone(page) - zone_table][!page_anon(page)];
}

static void look_taken(const struct page *page, uint64_t now)
{
    heat->look[page_to_pfn(page)] = (struct look){ now, rounds_of(page)->count };
}

void heat_prefetch(const struct page *page)
{
    if (heat_any())
        __builtin_prefetch(&heat->look[page_to_pfn(page)], 1);
}

void heat_seen(const struct page *page)
{
    const struct class *c;
    if (!heat_any())
        return;
    inert_settle(); /* from now on it may be found used */
    look_taken(page, page_heat(page, &c));
}

/* A drawn use wrote: the pte shows it, and a copy in swap is good no longer. Where a write would
 * have to fault first, for a page that others see too, it is left out. */
static void written(const struct page *page)
{
    uint64_t *ptep = pte_of(page);
    if (!(page->flags & PG_swapcache) || swap_slot_users(page->index) == 1)
        *ptep |= PTE_RW | PTE_DIRTY;
}

/* Depends on what is looked at, not on who looks. */
static uint64_t look_bits(const struct page *page, uint64_t seen, uint64_t now)
{
    return rng_hash(random_root() + page_to_pfn(page), seen ^ now * 0x9e3779b97f4a7c15u);
}

bool heat_touched(struct page *page)
{
    if (!heat_any() || !page_mapped(page))
        return false;
    const struct class *c;
    const uint64_t now = page_heat(page, &c), seen = heat->look[page_to_pfn(page)].seen;
    if (now <= seen)
        return false; /* not even a look: whoever counts pages does not look at these (skip/) */
    look_taken(page, now);
    const uint64_t bits = look_bits(page, seen, now);
    if (bits >> 32 >= heat_used_probability(now - seen))
        return false;
    if (c != NULL && c->write && (bits & 1))
        written(page);
    return true;
}

/* ---- for those who compute what reclaim does ------------------------------------------------- */
bool heat_stirs(const struct page *page)
{
    struct user *u;
    const struct class *c = heat_any() ? private_class(page, &u) : NULL;
    return c != NULL &&
           (u->resting || heat_of(user_rested(u), c->rate) != heat->look[page_to_pfn(page)].seen);
}

static uint32_t stirring_of(struct user *u, void (*fn)(struct page *), uint32_t max)
{
    uint32_t n = 0;
    for (const struct class *c = u->class; c < u->class + u->count; c++)
        for (uint32_t a = c->start; c->area == 0 && a < c->end && n <= max; a += PAGE_SIZE) {
            const uint64_t *ptep = pte_lookup(PTR(const struct mm_struct, u->mm), a);
            if (ptep == NULL || !(*ptep & PTE_PRESENT) || class_of(u, a) != c)
                continue;
            struct page *page = pte_page(*ptep);
            if ((page->flags & PG_reserved) || of_file(page) || !heat_stirs(page))
                continue;
            n++;
            if (fn != NULL)
                fn(page);
        }
    return n;
}

uint32_t heat_for_each_stirring(void (*fn)(struct page *), uint32_t max)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i <= heat->users_made && heat_any() && n <= max; i++) {
        struct user *u = &heat->user[i];
        if (u->mm == 0 || u->still)
            continue;
        const uint32_t of_it = stirring_of(u, fn, max - n);
        u->still = of_it == 0 && !u->resting;
        n += of_it;
    }
    return n;
}

/* ---- kscand ---------------------------------------------------------------------------------- */
void heat_round(const struct age_lists *lists)
{
    for_each_zone (zone) {
        if (lists != &zone->anon && lists != &zone->cache)
            continue;
        struct rounds *r = &heat->rounds[zone - zone_table][lists == &zone->cache];
        r->bias[++r->count % ROUNDS_KEPT] = lists->bias;
    }
}

static uint32_t younger(uint32_t age, uint32_t by)
{
    return age > by ? age - by : 0;
}

struct last_rounds {
    uint32_t n;
    uint64_t p, bits; /* each saw a use with a probability of p (32 bits), drawn from `bits` */
    bool referenced;  /* the last saw another reference */
};

static uint32_t age_after(const struct page *page, uint32_t age, const struct last_rounds *last,
                          bool *ret_used)
{
    const struct rounds *r = rounds_of(page);
    const struct zone *zone = page_zone(page);
    const uint32_t end = page_anon(page) ? zone->anon.bias : zone->cache.bias;
    uint32_t bias = r->bias[(r->count - last->n + 1) % ROUNDS_KEPT];
    age += end - bias;
    age = age < MAX_AGE ? age : MAX_AGE;
    for (uint32_t n = last->n; n > 0; n--) {
        const uint32_t then = r->bias[(r->count - n + 1) % ROUNDS_KEPT];
        const bool used = rng_hash(last->bits, n) >> 32 < last->p;
        age = younger(age, then - bias);
        bias = then;
        *ret_used |= used;
        if (used || (n == 1 && last->referenced))
            age = age + AGE_UP < MAX_AGE ? age + AGE_UP : MAX_AGE;
    }
    return younger(age, end - bias);
}

uint32_t heat_age(struct page *page, uint32_t age, bool referenced)
{
    const struct look *l = &heat->look[page_to_pfn(page)];
    const struct class *c = NULL;
    const uint64_t seen = l->seen, rounds = rounds_of(page)->count - l->round;
    const uint64_t now = rounds != 0 && heat_any() && page_mapped(page) ? page_heat(page, &c) : 0;
    bool used = false;

    if (now <= seen) {
        age += referenced ? AGE_UP : 0;
        return age < MAX_AGE ? age : MAX_AGE;
    }
    const uint64_t p = heat_used_probability((now - seen) / rounds);
    const uint64_t bits = look_bits(page, seen, now);
    const uint32_t n = rounds < ROUNDS_KEPT ? (uint32_t)rounds : ROUNDS_KEPT;
    const struct last_rounds last = { n, p, bits, referenced };
    age = age_after(page, age, &last, &used);
    look_taken(page, now);
    if (used && c != NULL && c->write && (bits & 1))
        written(page);
    return age;
}

/* ---- absent pages ---------------------------------------------------------------------------- */
static void pass(struct user *u)
{
    if (!u->resting)
        return;
    const uint64_t now = cos_clock.now_ns;
    const u128 used = (u128)u->hazard * (now - u->since_ns);
    u->budget = used < u->budget ? u->budget - (uint64_t)used : 0;
    u->rested_ns += now - u->since_ns;
    u->since_ns = now;
}

static uint64_t draw(struct user *u)
{
    return rng_hash(u->root, u->draws++);
}

static void fault_timer(kptr arg);

/* An earlier instant than needed does no harm: fault_timer() looks again. */
static void arm(struct user *u)
{
    if (!u->resting || u->due || u->hazard == 0)
        return;
    const uint64_t at = u->since_ns + u->budget / u->hazard + 1;
    if (u->timer.slot == 0 || at < u->timer.at_ns)
        ktimer_add(&u->timer, at, fault_timer, kptr_of(u));
}

static void fault_timer(kptr arg)
{
    struct user *u = PTR(struct user, arg);
    pass(u);
    if (!u->resting || u->hazard == 0)
        return;
    if (u->budget > 0) {
        arm(u);
        return;
    }
    u->due = 1;
    struct task_struct *t = PTR(struct task_struct, PTR(struct mm_struct, u->mm)->owner);
    if (t->state == TASK_INTERRUPTIBLE)
        wake_up_process(t);
}

void heat_absent(const uint64_t *ptep, int n)
{
    if (!heat_any())
        return;
    struct user *u = user_of(virt_to_page(ptep)->mapping);
    struct class *c = u != NULL ? class_of(u, address_of(ptep)) : NULL;
    if (c == NULL)
        return;
    pass(u);
    c->absent += (uint32_t)n;
    u->hazard += n > 0 ? c->rate : -c->rate;
    if (n > 0)
        arm(u);
}

static bool is_absent(const struct mm_struct *mm, uint32_t address)
{
    const uint64_t *ptep = pte_lookup(mm, address);
    return ptep == NULL || !(*ptep & PTE_PRESENT);
}

static uint32_t count_absent(struct user *u, const struct class *c)
{
    uint32_t n = 0;
    for (uint32_t a = c->start; a < c->end; a += PAGE_SIZE)
        n += class_of(u, a) == c && is_absent(PTR(const struct mm_struct, u->mm), a);
    return n;
}

/* One of the absent pages of a class, which has some: the first from a random place on. */
static uint32_t pick_absent(struct user *u, const struct class *c)
{
    const uint32_t pages = (c->end - c->start) / PAGE_SIZE;
    uint32_t i = (uint32_t)((draw(u) >> 32) * pages >> 32);
    for (uint32_t n = 0; n < pages; n++, i = i + 1 < pages ? i + 1 : 0) {
        const uint32_t address = c->start + i * PAGE_SIZE;
        if (class_of(u, address) == c && is_absent(PTR(const struct mm_struct, u->mm), address))
            return address;
    }
    ASSERT(!"as many pages are absent as were counted");
    return 0;
}

/* Which class the next use of an absent page is of, by their parts of the hazard. */
static const struct class *pick_class(struct user *u)
{
    uint64_t at = (uint64_t)((u128)draw(u) * u->hazard >> 64);
    const struct class *c = u->class;
    while (at >= c->absent * c->rate) {
        at -= c->absent * c->rate;
        c++;
    }
    ASSERT(c < u->class + u->count);
    return c;
}

bool heat_fault_due(uint32_t *ret_address, bool *ret_write)
{
    struct user *u = user_of(current->mm);
    if (u == NULL || !u->due)
        return false;
    heat_stop();
    u->due = 0;
    u->budget = heat_exponential(draw(u));
    if (u->hazard == 0) /* they were all brought back since */
        return false;
    const struct class *c = pick_class(u);
    *ret_address = pick_absent(u, c);
    const uint64_t bits = draw(u);
    *ret_address += (uint32_t)(bits % PAGE_SIZE & ~3u);
    *ret_write = c->write && bits >> 63 != 0;
    return true;
}

/* ---- resting --------------------------------------------------------------------------------- */
static void rest(struct user *u, bool rests)
{
    pass(u);
    u->resting = rests;
    u->since_ns = cos_clock.now_ns;
    for (const struct class *c = u->class; c < u->class + u->count; c++)
        if (c->area != 0)
            area_rests(&heat->area[c->area], rests ? 1u : ~0u);
}

void heat_run(void)
{
    struct user *u = user_of(current->mm);
    if (u == NULL || u->resting)
        return;
    inert_settle();
    u->still = 0;
    rest(u, true);
    arm(u);
}

void heat_stop(void)
{
    struct user *u = user_of(current->mm);
    if (u != NULL && u->resting)
        rest(u, false);
}

bool heat_sleep_until(uint64_t at_ns)
{
    const struct user *u = user_of(current->mm);
    if (u == NULL || !u->due)
        sleep_once_until(at_ns);
    return u != NULL && u->due;
}

/* ---- classes --------------------------------------------------------------------------------- */
static bool class_set(struct user *u, struct class *c, const struct heat_class *from)
{
    const struct vm_area_struct *vma = find_vma(PTR(struct mm_struct, u->mm), from->start);
    ASSERT(from->start < from->end && from->gap_ns > 0 && vma != NULL && from->end <= vma->end);
    *c = (struct class){ .start = from->start,
                         .end = from->end,
                         .rate = (1ull << RATE_SHIFT) / from->gap_ns,
                         .write = from->write,
                         .every = from->every };
    if (vma->file == 0)
        return true;
    const uint32_t first = vma->pgoff + (from->start - vma->start) / PAGE_SIZE;
    const struct area *a =
        area_new(&(struct area){ .file = vma->file,
                                 .first = first,
                                 .end = first + (from->end - from->start) / PAGE_SIZE,
                                 .every = from->every,
                                 .first_address = from->start,
                                 .rate = c->rate });
    c->area = a != NULL ? (uint32_t)(a - heat->area) : 0;
    return a != NULL;
}

/* What was mapped before counts from now on. */
static void see_all(const struct user *u)
{
    for (const struct class *c = u->class; c < u->class + u->count; c++)
        for (uint32_t a = c->start; a < c->end; a += PAGE_SIZE) {
            const uint64_t *ptep = pte_lookup(PTR(const struct mm_struct, u->mm), a);
            if (ptep != NULL && (*ptep & PTE_PRESENT) && c->area == 0)
                heat_seen(pte_page(*ptep));
        }
}

bool heat_set(struct mm_struct *mm, const struct heat_class *c, uint32_t n)
{
    ASSERT(user_of(kptr_of(mm)) == NULL);
    struct user *u = n <= HEAT_CLASSES ? user_new(mm) : NULL;
    if (u == NULL)
        return false;
    for (u->count = 0; u->count < n; u->count++)
        if (!class_set(u, &u->class[u->count], &c[u->count])) {
            heat_release(mm);
            return false;
        }
    for (struct class *k = u->class; k < u->class + n; k++) {
        k->absent = count_absent(u, k);
        u->hazard += k->absent * k->rate;
    }
    u->root = rng_hash(rng_hash(random_root(), PTR(struct task_struct, mm->owner)->pid),
                       cos_clock.now_ns);
    u->budget = heat_exponential(draw(u));
    see_all(u);
    return true;
}

void heat_release(struct mm_struct *mm)
{
    struct user *u = user_of(kptr_of(mm));
    if (u == NULL)
        return;
    if (u->resting)
        rest(u, false);
    ktimer_del(&u->timer);
    const uint32_t i = (uint32_t)(u - heat->user);
    uint32_t *link = &heat->user_of[bucket_of(u->mm)];
    while (*link != i)
        link = &heat->user[*link].next;
    *link = u->next;
    u->mm = 0;
    u->next = heat->users_free;
    heat->users_free = i;
    heat->users--;
}

/* ---- the slow check -------------------------------------------------------------------------- */
static void check_user(struct user *u)
{
    uint64_t hazard = 0;
    for (const struct class *c = u->class; c < u->class + u->count; c++) {
        ASSERT(c->absent == count_absent(u, c));
        hazard += c->absent * c->rate;
    }
    ASSERT(u->hazard == hazard);
    ASSERT(!u->resting || u->due || hazard == 0 || u->timer.slot != 0);
}

void heat_check(void)
{
    for (uint32_t i = 1; i <= heat->areas; i++)
        heat->area[i].recounted = 0;
    for (uint32_t i = 1; i <= heat->users_made; i++) {
        struct user *u = &heat->user[i];
        if (u->mm == 0)
            continue;
        check_user(u);
        for (const struct class *c = u->class; c < u->class + u->count; c++)
            heat->area[c->area].recounted += u->resting;
    }
    for (uint32_t i = 1; i <= heat->areas; i++)
        ASSERT(heat->area[i].resting == heat->area[i].recounted);
}
