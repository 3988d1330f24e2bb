/* Where the sampler sits: between CPython and its allocators, below tracemalloc's own hooks.
 *
 * tracemalloc, when it stops, puts back what it found when it started, whatever was hooked on top
 * of it meanwhile (Modules/_tracemalloc.c). So ours always go beneath it: then it may come and go
 * as it likes. It keeps what it found where its context points to, which is how its hooks are
 * recognised.
 */
#include "sampler/hooks.h"

#include "sampler/sampler.h"

#define LIKELY(x) __builtin_expect((x) != 0, 1)

typedef struct {
    PyMemAllocatorDomain domain;
    PyMemAllocatorEx below;
} HvHook;

static HvHook hooks[] = {{.domain = PYMEM_DOMAIN_MEM}, {.domain = PYMEM_DOMAIN_OBJ}};
#define HOOKS (sizeof hooks / sizeof *hooks)

/* What all blocks pass through: a subtraction, a comparison, and on to the allocator below, by a
 * jump rather than a call. The rest is done by functions of their own, so that nothing is saved for
 * it. */

/* Whether the block of that size is no sample. Not an atomic subtraction: only an interpreter with
 * another lock could come in between, and then a few bytes are miscounted. */
static inline int
passes(size_t size)
{
    int64_t left = __atomic_load_n(&hv_countdown, __ATOMIC_RELAXED) - (int64_t)size;
    __atomic_store_n(&hv_countdown, left, __ATOMIC_RELAXED);
    return LIKELY(left >= 0);
}

static void *__attribute__((noinline))
sampled_malloc(HvHook *hook, size_t size)
{
    void *block = hook->below.malloc(hook->below.ctx, size);
    hv_take_sample(block, size);
    return block;
}

static void *
hook_malloc(void *context, size_t size)
{
    HvHook *hook = context;
    if (passes(size))
        return hook->below.malloc(hook->below.ctx, size);
    return sampled_malloc(hook, size);
}

static void *__attribute__((noinline))
sampled_calloc(HvHook *hook, size_t number, size_t size)
{
    void *block = hook->below.calloc(hook->below.ctx, number, size);
    hv_take_sample(block, number * size);
    return block;
}

static void *
hook_calloc(void *context, size_t number, size_t size)
{
    HvHook *hook = context;
    if (passes(number * size))
        return hook->below.calloc(hook->below.ctx, number, size);
    return sampled_calloc(hook, number, size);
}

static void *__attribute__((noinline))
sampled_realloc(HvHook *hook, void *block, size_t size)
{
    void *moved = hook->below.realloc(hook->below.ctx, block, size);
    if (moved == NULL)
        return NULL; /* the old one is still there */
    hv_forget(block);
    if (hv_countdown < 0)
        hv_take_sample(moved, size);
    return moved;
}

/* A block that is made larger or smaller is a new one, allocated where that was asked for. */
static void *
hook_realloc(void *context, void *block, size_t size)
{
    HvHook *hook = context;
    int sampled = hv_maybe_sampled(block);
    if (passes(size) && LIKELY(!sampled))
        return hook->below.realloc(hook->below.ctx, block, size);
    return sampled_realloc(hook, block, size);
}

static void __attribute__((noinline))
sampled_free(HvHook *hook, void *block)
{
    hv_forget(block);
    hook->below.free(hook->below.ctx, block);
}

static void
hook_free(void *context, void *block)
{
    HvHook *hook = context;
    if (LIKELY(!hv_maybe_sampled(block)))
        hook->below.free(hook->below.ctx, block);
    else
        sampled_free(hook, block);
}

static int
is_ours(const PyMemAllocatorEx *found)
{
    return found->malloc == hook_malloc;
}

/* Where tracemalloc keeps what it found in a domain; NULL when its hooks are not the topmost ones.
 */
static PyMemAllocatorEx *
below_tracemalloc(PyMemAllocatorDomain domain)
{
    PyMemAllocatorEx raw, mem, object;
    if (!hv_tracemalloc_is_on())
        return NULL;
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &raw);
    PyMem_GetAllocator(PYMEM_DOMAIN_MEM, &mem);
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &object);
    PyMemAllocatorEx *first = mem.ctx; /* it keeps them side by side: mem, raw, object */
    if (first == NULL || raw.ctx != (void *)(first + 1) || object.ctx != (void *)(first + 2))
        return NULL;
    return domain == PYMEM_DOMAIN_MEM ? mem.ctx : object.ctx;
}

/* Whether blocks of that domain come by: another tool may have been put on top. Meanwhile the
 * countdown is too long for a sample, after which it could be what it was before: a hook that is
 * put upon itself never returns. */
static int
is_passed(const HvHook *hook)
{
    const int64_t probe = INT64_MAX / 2;
    int64_t before = __atomic_exchange_n(&hv_countdown, probe, __ATOMIC_RELAXED);
    void *block = hook->domain == PYMEM_DOMAIN_MEM ? PyMem_Malloc(1) : PyObject_Malloc(1);
    int passed = __atomic_exchange_n(&hv_countdown, before, __ATOMIC_RELAXED) != probe;
    if (hook->domain == PYMEM_DOMAIN_MEM)
        PyMem_Free(block);
    else
        PyObject_Free(block);
    return passed;
}

static void
hook_in(HvHook *hook)
{
    PyMemAllocatorEx ours = {hook, hook_malloc, hook_calloc, hook_realloc, hook_free};
    PyMemAllocatorEx *under = below_tracemalloc(hook->domain);
    if (under != NULL) {
        hook->below = *under;
        *under = ours;
        return;
    }
    PyMem_GetAllocator(hook->domain, &hook->below);
    PyMem_SetAllocator(hook->domain, &ours);
}

int
hv_hooks_in(void)
{
    int all = 1;
    for (size_t i = 0; i < HOOKS; i++) {
        if (is_passed(&hooks[i]))
            continue;
        hook_in(&hooks[i]);
        all = 0;
    }
    return all;
}

void
hv_hooks_out(void)
{
    for (size_t i = 0; i < HOOKS; i++) {
        PyMemAllocatorEx top, *under = below_tracemalloc(hooks[i].domain);
        PyMem_GetAllocator(hooks[i].domain, &top);
        if (is_ours(&top))
            PyMem_SetAllocator(hooks[i].domain, &hooks[i].below);
        else if (under != NULL && is_ours(under))
            *under = hooks[i].below;
        /* else they stay under whatever is on top, and only pass on */
    }
}
